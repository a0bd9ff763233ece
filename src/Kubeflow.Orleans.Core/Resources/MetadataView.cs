using System.Globalization;
using System.Text.Json;

namespace Kubeflow.Orleans.Core.Resources;

/// <summary>A read-only view over a document's <c>metadata</c>; each property is read when asked for.</summary>
public readonly struct MetadataView(JsonElement document)
{
    private readonly JsonElement metadata = document.ValueKind == JsonValueKind.Object && document.TryGetProperty("metadata", out var value) ? value : default;

    public string Name => Text("name");

    public string Namespace => Text("namespace");

    public string Uid => Text("uid");

    /// <summary>The position of the write that produced this document; 0 before it is stored.</summary>
    public long ResourceVersion => long.TryParse(Text("resourceVersion"), CultureInfo.InvariantCulture, out var version) ? version : 0;

    public long Generation => Get("generation") is { ValueKind: JsonValueKind.Number } value ? value.GetInt64() : 0;

    public DateTimeOffset? CreationTimestamp => Time("creationTimestamp");

    public DateTimeOffset? DeletionTimestamp => Time("deletionTimestamp");

    public IReadOnlyDictionary<string, string> Labels => Map("labels");

    public IReadOnlyDictionary<string, string> Annotations => Map("annotations");

    public IReadOnlyList<string> Finalizers => [.. Items("finalizers").Select(item => item.GetString() ?? "")];

    public IReadOnlyList<OwnerReference> OwnerReferences => [.. Items("ownerReferences").Select(OwnerReference.Read)];

    /// <summary>The one owner reference with <c>controller: true</c>, if there is one.</summary>
    public OwnerReference? Controller => OwnerReferences.FirstOrDefault(owner => owner.Controller);

    private JsonElement Get(string name) =>
        metadata.ValueKind == JsonValueKind.Object && metadata.TryGetProperty(name, out var value) ? value : default;

    private string Text(string name) => Get(name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : "";

    private DateTimeOffset? Time(string name) =>
        DateTimeOffset.TryParse(Text(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private Dictionary<string, string> Map(string name) => Get(name) is { ValueKind: JsonValueKind.Object } value
        ? value.EnumerateObject().Where(entry => entry.Value.ValueKind == JsonValueKind.String).ToDictionary(entry => entry.Name, entry => entry.Value.GetString()!, StringComparer.Ordinal)
        : [];

    private IEnumerable<JsonElement> Items(string name) => Get(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : [];
}

/// <summary>An entry of <c>metadata.ownerReferences</c>.</summary>
public sealed record OwnerReference(string ApiVersion, string Kind, string Name, string Uid, bool Controller, bool BlockOwnerDeletion)
{
    internal static OwnerReference Read(JsonElement element) => new(
        Text(element, "apiVersion"), Text(element, "kind"), Text(element, "name"), Text(element, "uid"), Flag(element, "controller"), Flag(element, "blockOwnerDeletion"));

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static bool Flag(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
}
