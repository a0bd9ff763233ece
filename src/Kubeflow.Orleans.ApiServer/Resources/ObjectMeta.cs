using System.Globalization;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>The metadata of a document that is being changed. Reading tolerates any JSON; what has the wrong type reads as absent.</summary>
internal readonly struct ObjectMeta
{
    private readonly JsonObject node;

    private ObjectMeta(JsonObject node) => this.node = node;

    public string Name
    {
        get => Text("name");
        set => SetText("name", value);
    }

    public string GenerateName => Text("generateName");

    public string Namespace
    {
        get => Text("namespace");
        set => SetText("namespace", value);
    }

    public string Uid
    {
        get => Text("uid");
        set => SetText("uid", value);
    }

    public string ResourceVersion
    {
        get => Text("resourceVersion");
        set => SetText("resourceVersion", value);
    }

    public long Generation
    {
        get => Number("generation") ?? 0;
        set => node["generation"] = value;
    }

    public DateTimeOffset? DeletionTimestamp
    {
        get => Time("deletionTimestamp");
        set => SetText("deletionTimestamp", value is { } time ? Format(time) : "");
    }

    public long? DeletionGracePeriodSeconds
    {
        get => Number("deletionGracePeriodSeconds");
        set => node["deletionGracePeriodSeconds"] = value;
    }

    public DateTimeOffset CreationTimestamp
    {
        set => SetText("creationTimestamp", Format(value));
    }

    public IReadOnlyList<string> Finalizers
    {
        get => node["finalizers"] is JsonArray items ? [.. items.Select(item => item?.ToString() ?? "")] : [];
        set
        {
            node.Remove("finalizers");
            if (value.Count > 0)
            {
                node["finalizers"] = new JsonArray([.. value.Select(item => (JsonNode)item)]);
            }
        }
    }

    /// <summary>Gives the document a metadata object when it has none.</summary>
    public static ObjectMeta Of(JsonObject document)
    {
        if (document["metadata"] is not JsonObject metadata)
        {
            document["metadata"] = metadata = [];
        }

        return new ObjectMeta(metadata);
    }

    public static string Format(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public JsonNode? this[string name] => node[name];

    public void Remove(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            node.Remove(name);
        }
    }

    /// <summary>Takes a member over as it stands in <paramref name="source"/>, absent included.</summary>
    public void Copy(string name, ObjectMeta source)
    {
        node.Remove(name);
        if (source.node[name] is { } value)
        {
            node[name] = value.DeepClone();
        }
    }

    private string Text(string name) => node[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    private long? Number(string name) => node[name] is JsonValue value && value.TryGetValue(out long number) ? number : null;

    private DateTimeOffset? Time(string name) =>
        DateTimeOffset.TryParse(Text(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private void SetText(string name, string value)
    {
        if (value.Length == 0)
        {
            node.Remove(name);
        }
        else
        {
            node[name] = value;
        }
    }
}
