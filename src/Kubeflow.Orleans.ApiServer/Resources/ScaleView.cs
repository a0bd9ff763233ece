using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>An object seen as an <c>autoscaling/v1 Scale</c>. Pure.</summary>
internal static class ScaleView
{
    public const string ApiVersion = "autoscaling/v1";

    public const string Kind = "Scale";

    /// <summary>For strategic merge patches of a Scale: nothing in it merges otherwise than by JSON merge patch.</summary>
    public static Schema Schema { get; } = Schema.FreeObject;

    private static readonly string[] CopiedMetadata = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"];

    public static JsonObject Of(ScaleSubresource scale, Document document)
    {
        var metadata = new JsonObject();
        var source = document.Root.GetProperty("metadata");
        foreach (var name in CopiedMetadata)
        {
            if (source.TryGetProperty(name, out var value))
            {
                metadata[name] = value.GetString();
            }
        }

        var status = new JsonObject { ["replicas"] = Count(scale.StatusReplicas.First(document.Root)) };
        if (scale.LabelSelector.First(document.Root) is { ValueKind: JsonValueKind.String } selector && selector.GetString() is { Length: > 0 } text)
        {
            status["selector"] = text;
        }

        return new JsonObject
        {
            ["kind"] = Kind,
            ["apiVersion"] = ApiVersion,
            ["metadata"] = metadata,
            ["spec"] = new JsonObject { ["replicas"] = Count(scale.SpecReplicas.First(document.Root)) },
            ["status"] = status,
        };
    }

    /// <summary>The stored object with the replicas and version the Scale asks for.</summary>
    public static JsonObject Apply(ScaleSubresource scale, JsonObject stored, JsonObject sent, string @namespace, string name)
    {
        if (sent["apiVersion"]?.ToString() is { } apiVersion && apiVersion != ApiVersion)
        {
            throw StatusErrors.BadRequest($"the API version in the data ({apiVersion}) does not match the expected API version ({ApiVersion})");
        }

        UpdateStrategy.RequirePlace(@namespace, name, sent);
        var updated = stored.DeepClone().AsObject();
        Set(updated, scale.SpecReplicas, Replicas(sent));
        ObjectMeta.Of(updated).Copy("resourceVersion", ObjectMeta.Of(sent));
        ObjectMeta.Of(updated).Copy("uid", ObjectMeta.Of(sent));
        return updated;
    }

    private static long Replicas(JsonObject sent) => sent["spec"] switch
    {
        null => 0,
        JsonObject spec => spec["replicas"] switch
        {
            null => 0,
            JsonValue value when value.TryGetValue(out int replicas) => replicas,
            var other => throw Unreadable(other, "spec.replicas", "int32"),
        },
        var other => throw Unreadable(other, "spec", "v1.ScaleSpec"),
    };

    private static StatusException Unreadable(JsonNode found, string field, string type) => StatusErrors.BadRequest(
        $"Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal {GoText.KindOf(found)} into Go struct field Scale.{field} of type {type}");

    private static void Set(JsonObject document, JsonPath path, long value)
    {
        var fields = path.Fields() ?? throw new InvalidOperationException($"The scale path {path} is no plain path of fields.");
        var parent = document;
        foreach (var field in fields.Take(fields.Count - 1))
        {
            if (parent[field] is not JsonObject child)
            {
                parent[field] = child = [];
            }

            parent = child;
        }

        parent[fields[^1]] = value;
    }

    private static long Count(JsonElement element) => element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out var count) ? count : 0;
}
