using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>The key-value data that config maps and secrets share. Pure.</summary>
internal static class DataMap
{
    private const int MaximumBytes = 1024 * 1024;

    private const string KeyRule =
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

    public static IEnumerable<FieldError> Check(JsonObject document, string map)
    {
        var size = 0L;
        foreach (var (key, value) in document.Object(map) ?? [])
        {
            size += value is JsonValue text && text.TryGetValue<string>(out var content) ? System.Text.Encoding.UTF8.GetByteCount(content) : 0;
            if (key.Length is 0 or > 253 || key.Any(character => !char.IsAsciiLetterOrDigit(character) && character is not ('-' or '_' or '.')))
            {
                yield return FieldError.Invalid($"{map}[{key}]", Names.Quote(key), KeyRule);
            }
        }

        if (size > MaximumBytes)
        {
            yield return FieldError.TooLong("", $"may not be more than {MaximumBytes} bytes");
        }
    }

    /// <summary>Once marked immutable, neither the mark nor the data may change.</summary>
    public static IEnumerable<FieldError> Immutable(JsonObject document, JsonObject? old, params string[] maps)
    {
        if (old?.Flag("immutable") != true)
        {
            yield break;
        }

        if (!document.Flag("immutable"))
        {
            yield return FieldError.Forbidden("immutable", "field is immutable when `immutable` is set");
        }

        foreach (var map in maps.Where(map => !JsonNode.DeepEquals(document[map], old[map])))
        {
            yield return FieldError.Forbidden(map, "field is immutable when `immutable` is set");
        }
    }
}
