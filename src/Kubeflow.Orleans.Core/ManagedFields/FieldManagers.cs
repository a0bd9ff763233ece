using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Core.ManagedFields;

/// <summary>Who wrote: the name a client gives itself, how it wrote, in which version, and through which subresource.</summary>
/// <param name="ApiVersion">The version its fields are named in.</param>
public sealed record FieldManager(string Name, bool IsApplier, string ApiVersion, string Subresource = "")
{
    /// <summary>An applier stays the same one in whatever version it applies; who updates in two versions is two.</summary>
    internal bool IsSameAs(FieldManager other) =>
        Name == other.Name && IsApplier == other.IsApplier && Subresource == other.Subresource && (IsApplier || ApiVersion == other.ApiVersion);
}

/// <summary>One entry of managedFields.</summary>
/// <param name="Time">When the manager's fields last changed; null where upstream records none.</param>
public sealed record ManagedFieldsEntry(FieldManager Manager, FieldSet Fields, DateTimeOffset? Time);

/// <summary>The managers of an object, read from and written as <c>metadata.managedFields</c>. Immutable.</summary>
public sealed class FieldManagers
{
    private static readonly Comparer<ManagedFieldsEntry> InListedOrder = Comparer<ManagedFieldsEntry>.Create((left, right) => Rank(left).CompareTo(Rank(right)) switch
    {
        0 => string.CompareOrdinal(Name(left), Name(right)),
        var order => order,
    });

    private readonly ImmutableArray<ManagedFieldsEntry> entries;

    private FieldManagers(ImmutableArray<ManagedFieldsEntry> entries) => this.entries = entries;

    public static FieldManagers None { get; } = new([]);

    public IReadOnlyList<ManagedFieldsEntry> Entries => entries;

    public bool IsEmpty => entries.IsEmpty;

    /// <param name="entries">Those that own nothing are left out; the others come in the order they are listed in.</param>
    public static FieldManagers Of(IEnumerable<ManagedFieldsEntry> entries) => new([.. entries.Where(entry => !entry.Fields.IsEmpty).Order(InListedOrder)]);

    /// <summary>Null when an entry makes no sense: then none of it is believed.</summary>
    public static FieldManagers? Read(JsonNode? node)
    {
        if (node is not JsonArray items)
        {
            return node is null ? None : null;
        }

        var read = items.Select(ReadEntry).ToArray();
        return read.All(entry => entry is not null) ? Of(read!) : null;
    }

    /// <summary>A list of one empty entry: how a client asks for a fresh start.</summary>
    public static bool IsReset(JsonNode? node) => node is JsonArray { Count: 1 } items && items[0] is JsonObject { Count: 0 };

    public ManagedFieldsEntry? Find(FieldManager manager) => entries.FirstOrDefault(entry => entry.Manager.IsSameAs(manager));

    /// <summary>Null when there are none.</summary>
    public JsonNode? ToNode()
    {
        if (IsEmpty)
        {
            return null;
        }

        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = Document.SerializerOptions.Encoder, SkipValidation = true, MaxDepth = 512 }))
        {
            writer.WriteStartArray();
            foreach (var entry in entries)
            {
                Write(writer, entry);
            }

            writer.WriteEndArray();
        }

        return JsonNode.Parse(buffer.GetBuffer().AsSpan(0, (int)buffer.Length), documentOptions: new JsonDocumentOptions { MaxDepth = 512 });
    }

    /// <summary>The same managers with the same fields, whenever they took them.</summary>
    public bool SameFieldsAs(FieldManagers other) =>
        WithoutTimes().ToNode()?.ToJsonString() == other.WithoutTimes().ToNode()?.ToJsonString();

    private static (bool IsUpdater, long Second) Rank(ManagedFieldsEntry entry) => (!entry.Manager.IsApplier, entry.Time?.ToUnixTimeSeconds() ?? 0);

    private static string Name(ManagedFieldsEntry entry) => $"{entry.Manager.Name}\0{entry.Manager.ApiVersion}\0{entry.Manager.Subresource}";

    private FieldManagers WithoutTimes() => Of(entries.Select(entry => entry with { Time = null }));

    private static void Write(Utf8JsonWriter writer, ManagedFieldsEntry entry)
    {
        writer.WriteStartObject();
        writer.WriteString("apiVersion", entry.Manager.ApiVersion);
        writer.WriteString("fieldsType", "FieldsV1");
        writer.WritePropertyName("fieldsV1");
        FieldSetJson.Write(writer, entry.Fields);
        writer.WriteString("manager", entry.Manager.Name);
        writer.WriteString("operation", entry.Manager.IsApplier ? "Apply" : "Update");
        if (entry.Manager.Subresource.Length > 0)
        {
            writer.WriteString("subresource", entry.Manager.Subresource);
        }

        if (entry.Time is { } time)
        {
            writer.WriteString("time", time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        }

        writer.WriteEndObject();
    }

    private static ManagedFieldsEntry? ReadEntry(JsonNode? node)
    {
        var (manager, operation, fieldsType) = (Text(node, "manager"), Text(node, "operation"), Text(node, "fieldsType"));
        if (operation is not ("Apply" or "Update") || fieldsType != "FieldsV1" || FieldSetJson.Read(node!["fieldsV1"]) is not { } fields)
        {
            return null;
        }

        DateTimeOffset? time = DateTimeOffset.TryParse(Text(node, "time"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var parsed) ? parsed : null;
        return new ManagedFieldsEntry(new FieldManager(manager, operation == "Apply", Text(node, "apiVersion"), Text(node, "subresource")), fields, time);
    }

    private static string Text(JsonNode? node, string name) => node is JsonObject fields && fields[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";
}
