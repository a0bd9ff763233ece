using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Core.Resources;

/// <summary>
/// One immutable Kubernetes-style object as UTF-8 JSON. Parsed at most once, on demand; safe to share between threads.
/// Changes are made on the mutable copy <see cref="ToNode"/> gives and come back through <see cref="FromNode"/>, so fields nobody
/// here knows survive.
/// </summary>
public sealed class Document
{
    /// <summary>How documents are written everywhere: compact, and without escaping what JSON does not demand.</summary>
    public static JsonSerializerOptions SerializerOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 512 };

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private Parsed? parsed;

    public Document(ReadOnlyMemory<byte> utf8) => Utf8 = utf8;

    public ReadOnlyMemory<byte> Utf8 { get; }

    /// <summary>Two threads that ask first at once both parse; that is cheaper than a lock for every document.</summary>
    public JsonElement Root => (parsed ??= new Parsed(Parse(Utf8.Span))).Root;

    public MetadataView Metadata => new(Root);

    public string ApiVersion => Root.TryGetProperty("apiVersion", out var value) ? value.GetString() ?? "" : "";

    public string Kind => Root.TryGetProperty("kind", out var value) ? value.GetString() ?? "" : "";

    public static Document FromNode(JsonObject node)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            node.WriteTo(writer, SerializerOptions);
        }

        return new Document(buffer.WrittenMemory.ToArray());
    }

    /// <summary>A fresh mutable copy; the caller owns it.</summary>
    public JsonObject ToNode() => JsonNode.Parse(Utf8.Span, documentOptions: new JsonDocumentOptions { MaxDepth = 512 })!.AsObject();

    /// <summary>
    /// The same document carrying <paramref name="position"/> as its <c>metadata.resourceVersion</c>. The store calls this at commit,
    /// when the position is known: the bytes before and after the value are copied, nothing is parsed into a tree.
    /// </summary>
    public Document WithResourceVersion(long position)
    {
        var (start, length, found) = FindResourceVersion(Utf8.Span);
        var value = position.ToString(CultureInfo.InvariantCulture);
        var inserted = Encoding.UTF8.GetBytes(found ? $"\"{value}\"" : $"\"resourceVersion\":\"{value}\"{(length == 0 ? "," : "")}");
        var removed = found ? length : 0;
        var bytes = new byte[Utf8.Length - removed + inserted.Length];
        Utf8.Span[..start].CopyTo(bytes);
        inserted.CopyTo(bytes.AsSpan(start));
        Utf8.Span[(start + removed)..].CopyTo(bytes.AsSpan(start + inserted.Length));
        return new Document(bytes);
    }

    public override string ToString() => Encoding.UTF8.GetString(Utf8.Span);

    /// <summary>
    /// Where the value of metadata.resourceVersion stands, or, when there is none, where to insert it: just behind metadata's
    /// opening brace (length 1 then marks an empty metadata, which needs no comma).
    /// </summary>
    private static (int Start, int Length, bool Found) FindResourceVersion(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 512 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!reader.ValueTextEquals("metadata"u8))
            {
                reader.Skip();
                continue;
            }

            reader.Read();
            var open = (int)reader.BytesConsumed;
            var empty = true;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                empty = false;
                var wanted = reader.ValueTextEquals("resourceVersion"u8);
                reader.Read();
                if (wanted)
                {
                    var start = (int)reader.TokenStartIndex;
                    return (start, (int)reader.BytesConsumed - start, true);
                }

                reader.Skip();
            }

            return (open, empty ? 1 : 0, false);
        }

        throw new InvalidOperationException("A document without metadata cannot be stored.");
    }

    private static JsonElement Parse(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 512 });
        return JsonElement.ParseValue(ref reader);
    }

    private sealed record Parsed(JsonElement Root);
}
