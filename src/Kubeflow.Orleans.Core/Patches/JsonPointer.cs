using System.Globalization;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Core.Patches;

/// <summary>A JSON pointer, RFC 6901, over a mutable document.</summary>
internal sealed class JsonPointer
{
    private readonly string text;
    private readonly string[] segments;

    private JsonPointer(string text)
    {
        this.text = text;
        segments = [.. text.Split('/').Skip(1).Select(segment => segment.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
    }

    public bool IsRoot => segments.Length == 0;

    public static JsonPointer Parse(string text) => text.Length == 0 || text[0] == '/' ? new JsonPointer(text) : throw Fail($"invalid path '{text}'");

    public bool IsInside(JsonPointer other) => segments.Length > other.segments.Length && segments.AsSpan().StartsWith(other.segments);

    /// <summary>Finds the value; false where the path leads nowhere.</summary>
    public bool TryGet(JsonNode? root, out JsonNode? value)
    {
        value = root;
        foreach (var segment in segments)
        {
            switch (value)
            {
                case JsonObject fields when fields.TryGetPropertyValue(segment, out var field):
                    value = field;
                    break;
                case JsonArray items when Index(segment, items.Count) is { } index:
                    value = items[index];
                    break;
                default:
                    value = null;
                    return false;
            }
        }

        return true;
    }

    public void Add(JsonNode root, JsonNode? value)
    {
        switch (Parent(root))
        {
            case JsonObject fields:
                fields[segments[^1]] = value;
                break;
            case JsonArray items when segments[^1] == "-":
                items.Add(value);
                break;
            case JsonArray items when Index(segments[^1], items.Count + 1) is { } index:
                items.Insert(index, value);
                break;
            default:
                throw Missing();
        }
    }

    public void Replace(JsonNode root, JsonNode? value)
    {
        switch (Parent(root))
        {
            case JsonObject fields when fields.ContainsKey(segments[^1]):
                fields[segments[^1]] = value;
                break;
            case JsonArray items when Index(segments[^1], items.Count) is { } index:
                items[index] = value;
                break;
            default:
                throw Missing();
        }
    }

    /// <summary>Takes the value out; it is free to be put elsewhere.</summary>
    public JsonNode? Remove(JsonNode root)
    {
        switch (Parent(root))
        {
            case JsonObject fields when fields.TryGetPropertyValue(segments[^1], out var field):
                fields.Remove(segments[^1]);
                return field;
            case JsonArray items when Index(segments[^1], items.Count) is { } index:
                var item = items[index];
                items.RemoveAt(index);
                return item;
            default:
                throw Missing();
        }
    }

    public PatchException Missing() => Fail($"path '{text}' does not exist");

    public override string ToString() => text;

    private JsonNode? Parent(JsonNode root) => new JsonPointer(text[..text.LastIndexOf('/')]).TryGet(root, out var parent) ? parent : null;

    /// <summary>An array index below <paramref name="end"/>: digits without leading zeros; null when it is none.</summary>
    private static int? Index(string segment, int end) =>
        int.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < end && (segment.Length == 1 || segment[0] != '0') ? index : null;

    private static PatchException Fail(string message) => new(PatchFailure.Unprocessable, message);
}
