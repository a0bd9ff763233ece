using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.ApiServer.Views;

/// <summary>The table <c>kubectl get</c> prints, cells and all; kubectl shows them as they come.</summary>
internal sealed class TableView(ResourceKind kind, string version, string includeObject, TimeProvider time) : IObjectView
{
    private const string NameDescription = "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to " +
        "request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. " +
        "More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";

    private const string AgeDescription = "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in " +
        "happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. " +
        "Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

    private static readonly ImmutableArray<PrinterColumn> JustAge = [new("Age", "date", JsonPath.Parse(".metadata.creationTimestamp"), Description: AgeDescription)];

    private readonly ImmutableArray<PrinterColumn> columns = kind.Versions.First(served => served.Name == version).Columns is { IsDefaultOrEmpty: false } own ? own : JustAge;
    private readonly PartialMetadataView partial = new();
    private bool defined;

    public void WriteItem(Utf8JsonWriter writer, Document document) =>
        Write(writer, () => WriteVersion(writer, document), () => WriteRow(writer, document, Cells(document), (kind as ITableRows)?.Conditions(document)));

    public void WriteBookmark(Utf8JsonWriter writer, Document bookmark) => Write(
        writer, () => WriteVersion(writer, bookmark), () => WriteRow(writer, bookmark, new JsonNode?[columns.Length], null));

    public void WriteList(Utf8JsonWriter writer, ObjectList list) => Write(
        writer,
        () => ObjectView.WriteListMetadata(writer, list, alwaysContinue: false),
        () =>
        {
            foreach (var document in list.Items)
            {
                WriteRow(writer, document, Cells(document), (kind as ITableRows)?.Conditions(document));
            }
        });

    private static void WriteVersion(Utf8JsonWriter writer, Document document)
    {
        writer.WriteStartObject();
        writer.WriteString("resourceVersion", document.Metadata.ResourceVersion.ToString(CultureInfo.InvariantCulture));
        writer.WriteEndObject();
    }

    private void Write(Utf8JsonWriter writer, Action metadata, Action rows)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", "Table");
        writer.WriteString("apiVersion", PartialMetadataView.ApiVersion);
        writer.WritePropertyName("metadata");
        metadata();
        writer.WritePropertyName("columnDefinitions");
        WriteColumns(writer);
        writer.WriteStartArray("rows");
        rows();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>The events of a watch after the first leave the columns out.</summary>
    private void WriteColumns(Utf8JsonWriter writer)
    {
        if (defined)
        {
            writer.WriteNullValue();
            return;
        }

        defined = true;
        writer.WriteStartArray();
        WriteColumn(writer, "Name", "string", "name", NameDescription, 0);
        foreach (var column in columns)
        {
            var description = column.Description.Length > 0 ? column.Description : $"Custom resource definition column (in JSONPath format): {column.Path}";
            WriteColumn(writer, column.Name, column.Type, column.Format, description, column.Priority);
        }

        writer.WriteEndArray();
    }

    private static void WriteColumn(Utf8JsonWriter writer, string name, string type, string format, string description, int priority)
    {
        writer.WriteStartObject();
        writer.WriteString("name", name);
        writer.WriteString("type", type);
        writer.WriteString("format", format);
        writer.WriteString("description", description);
        writer.WriteNumber("priority", priority);
        writer.WriteEndObject();
    }

    private void WriteRow(Utf8JsonWriter writer, Document document, IReadOnlyList<JsonNode?> cells, JsonArray? conditions)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("cells");
        writer.WriteStringValue(document.Metadata.Name);
        foreach (var cell in cells)
        {
            WriteNode(writer, cell);
        }

        writer.WriteEndArray();
        if (conditions is { Count: > 0 })
        {
            writer.WritePropertyName("conditions");
            WriteNode(writer, conditions);
        }

        writer.WritePropertyName("object");
        WriteObject(writer, document);
        writer.WriteEndObject();
    }

    private void WriteObject(Utf8JsonWriter writer, Document document)
    {
        switch (includeObject)
        {
            case "None":
                writer.WriteNullValue();
                break;
            case "Object":
                new ObjectView(kind, version).WriteItem(writer, document);
                break;
            default:
                partial.WriteItem(writer, document);
                break;
        }
    }

    private IReadOnlyList<JsonNode?> Cells(Document document) =>
        kind is ITableRows rows ? rows.Cells(document, time.GetUtcNow()) : [.. columns.Select(column => Cell(column, document))];

    private JsonNode? Cell(PrinterColumn column, Document document)
    {
        var value = column.Path.First(document.Root);
        return (column.Type, value.ValueKind) switch
        {
            (_, JsonValueKind.Undefined) => null,
            ("date", JsonValueKind.String) => Age(value.GetString()!),
            ("integer", JsonValueKind.Number) when value.TryGetInt64(out var integer) => integer,
            ("integer", JsonValueKind.Number) => (long)value.GetDouble(),
            ("number", JsonValueKind.Number) => value.GetDouble(),
            ("boolean", JsonValueKind.True or JsonValueKind.False) => value.GetBoolean(),
            ("string", JsonValueKind.True or JsonValueKind.False) => value.GetRawText(),
            ("string", JsonValueKind.Null) => "<nil>",
            ("string", _) => value.ToString(),
            _ => null,
        };
    }

    private string Age(string timestamp) => DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var then)
        ? HumanDuration.Of(time.GetUtcNow() - then)
        : "<invalid>";

    private static void WriteNode(Utf8JsonWriter writer, JsonNode? node)
    {
        if (node is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            node.WriteTo(writer, Document.SerializerOptions);
        }
    }
}
