using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests;

/// <summary>Compares JSON by content; the failure shows both sides.</summary>
internal static class AssertJson
{
    public static void Equal(JsonNode expected, JsonNode actual)
    {
        if (!JsonNode.DeepEquals(expected, actual))
        {
            Assert.Equal(Text(expected), Text(actual));
            Assert.Fail("The same text, but not the same JSON.");
        }
    }

    private static string Text(JsonNode node) => Sorted(node)!.ToJsonString(new JsonSerializerOptions { WriteIndented = true });

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject parent => new JsonObject(parent.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => KeyValuePair.Create(entry.Key, Sorted(entry.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
