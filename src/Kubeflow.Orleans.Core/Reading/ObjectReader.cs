using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace Kubeflow.Orleans.Core.Reading;

/// <summary>An object as it was sent.</summary>
/// <param name="Document">The object; of a field given twice the last one counts.</param>
/// <param name="DuplicateFields">Paths of fields given more than once, for example <c>spec.queue</c>.</param>
public sealed record ReadObject(JsonObject Document, IReadOnlyList<string> DuplicateFields);

/// <summary>
/// Turns request bodies into JSON nodes. All that can be wrong with bytes is found here, so what comes out can be walked without
/// surprises: no duplicate names, no broken text, no nesting deeper than <see cref="MaximumDepth"/>.
/// </summary>
public static class ObjectReader
{
    /// <summary>Deeper nesting than any real object has, and far less than a thread's stack bears.</summary>
    public const int MaximumDepth = 256;

    private const string TypeMeta = """struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }""";

    /// <param name="contentType">A media type; one that names yaml is read as YAML, all others as JSON.</param>
    /// <exception cref="ReadException">It is not well-formed, no object, or apiVersion or kind are no text.</exception>
    public static ReadObject Read(ReadOnlyMemory<byte> body, string contentType)
    {
        var duplicates = new List<string>();
        var document = ReadNode(body, contentType, duplicates) switch
        {
            null => [],
            JsonObject fields => fields,
            var other => throw new ReadException($"json: cannot unmarshal {GoKind(other)} into Go value of type {TypeMeta}"),
        };
        foreach (var name in (string[])["apiVersion", "kind"])
        {
            if (document[name] is { } value && value.GetValueKind() != JsonValueKind.String)
            {
                throw new ReadException($"json: cannot unmarshal {GoKind(value)} into Go struct field .{name} of type string");
            }
        }

        return new ReadObject(document, duplicates);
    }

    /// <summary>Reads any JSON value (a patch may be an array); null for <c>null</c>.</summary>
    /// <param name="duplicateFields">Receives the paths of fields given more than once; null: nobody asks.</param>
    /// <exception cref="ReadException">It is not well-formed.</exception>
    public static JsonNode? ReadNode(ReadOnlyMemory<byte> body, string contentType, ICollection<string>? duplicateFields = null)
    {
        var utf8 = Utf8.IsValid(body.Span) ? body : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body.Span));
        return contentType.Contains("yaml", StringComparison.OrdinalIgnoreCase) && !LooksLikeJson(utf8.Span)
            ? YamlDocuments.ReadOne(Encoding.UTF8.GetString(utf8.Span), duplicateFields)
            : ReadJson(utf8, duplicateFields);
    }

    internal static string GoKind(JsonNode? node) => node?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "null",
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        _ => "bool",
    };

    private static bool LooksLikeJson(ReadOnlySpan<byte> utf8) => utf8.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];

    private static JsonNode? ReadJson(ReadOnlyMemory<byte> utf8, ICollection<string>? duplicateFields)
    {
        var duplicates = new List<string>();
        try
        {
            JsonInspection.Inspect(utf8.Span, duplicates);
            using var parsed = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = MaximumDepth });
            return duplicates.Count == 0 ? ToNode(parsed.RootElement.Clone()) : LastOfEach(parsed.RootElement);
        }
        catch (JsonException exception)
        {
            throw new ReadException(GoJsonError.Describe(utf8.Span, MaximumDepth), (exception.LineNumber ?? -1) + 1, (exception.BytePositionInLine ?? -1) + 1);
        }
        finally
        {
            duplicates.ForEach(path => duplicateFields?.Add(path));
        }
    }

    private static JsonNode? ToNode(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(element),
        JsonValueKind.Array => JsonArray.Create(element),
        JsonValueKind.Null => null,
        _ => JsonValue.Create(element),
    };

    private static JsonNode? LastOfEach(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var fields = new JsonObject();
                foreach (var property in element.EnumerateObject())
                {
                    fields[property.Name] = LastOfEach(property.Value);
                }

                return fields;
            case JsonValueKind.Array:
                return new JsonArray([.. element.EnumerateArray().Select(LastOfEach)]);
            default:
                return ToNode(element.Clone());
        }
    }
}
