using System.Text;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Store.Crasher;

/// <summary>Documents the size of a real training job.</summary>
internal static class SampleDocument
{
    public static Document Create(ResourceKey key, int round, int bytes) => Document.FromNode(new JsonObject
    {
        ["apiVersion"] = "kubeflow.org/v1",
        ["kind"] = "TFJob",
        ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace, ["uid"] = $"uid-{key.Name}", ["generation"] = round },
        ["spec"] = new JsonObject { ["padding"] = Padding(key, bytes) },
    });

    private static string Padding(ResourceKey key, int bytes)
    {
        var text = new StringBuilder(bytes);
        while (text.Length < bytes)
        {
            text.Append(key.Name).Append(' ');
        }

        return text.ToString(0, bytes);
    }
}
