using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Kubeflow.Orleans.ApiServer.Tests.Golden;

/// <summary>
/// Replaces what must differ between two servers (uids, versions, times, ages, generated names) and leaves all else to be compared
/// to the letter.
/// </summary>
internal static partial class GoldenMask
{
    private static readonly string[] Masked = ["uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "continue"];

    /// <summary>The answer's lines, each as canonical JSON where it is JSON.</summary>
    public static string Of(string text) => Json(text) is { } whole
        ? Canonical(whole)
        : string.Join('\n', text.Split('\n').Select(line => Json(line) is { } one ? Canonical(one) : Words(line)));

    private static JsonNode? Json(string text)
    {
        try
        {
            return text.StartsWith('{') ? JsonNode.Parse(text) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Canonical(JsonNode node) => Sorted(node)!.ToJsonString();

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject fields => new JsonObject(fields
            .OrderBy(field => field.Key, StringComparer.Ordinal)
            .Select(field => KeyValuePair.Create(field.Key, field.Key == "managedFields" ? Managers(field.Value!) : Masked.Contains(field.Key) && field.Value?.ToString() is { Length: > 0 } ? "<masked>" : Sorted(field.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Sorted)]),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => Words(value.GetValue<string>()),
        _ => node?.DeepClone(),
    };

    /// <summary>Entries are listed by the second they were made in; which of two servers' seconds ends when is chance.</summary>
    private static JsonNode? Managers(JsonNode entries) =>
        new JsonArray([.. entries.AsArray().Select(Sorted).OrderBy(entry => $"{entry!["operation"]} {entry["manager"]} {entry["subresource"]}", StringComparer.Ordinal)]);

    private static string Words(string text)
    {
        text = Uid().Replace(text, "<uid>");
        text = Age().Replace(text, "<age>");
        text = GeneratedName().Replace(text, "g-<generated>");
        text = Position().Replace(text, "$1<position>");
        text = Time().Replace(text, "<time>");
        return PatchedObject().Replace(text, "Invalid value: <patched object>: ");
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uid();

    [GeneratedRegex("^[0-9]+s$")]
    private static partial Regex Age();

    [GeneratedRegex("^g-[a-z0-9]{5}$")]
    private static partial Regex GeneratedName();

    [GeneratedRegex("(current: |version in record |ResourceVersion in record \\(|resource version: 1 \\(|resourceVersion: \")[0-9]+")]
    private static partial Regex Position();

    [GeneratedRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")]
    private static partial Regex Time();

    [GeneratedRegex("Invalid value: \"\\{(?:[^\"\\\\]|\\\\.)*\": (?=strict)")]
    private static partial Regex PatchedObject();
}
