using System.Globalization;
using System.Text.Json;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Reading manifests: what is absent reads as empty, so nothing a user writes can make the kubelet throw.</summary>
internal static class Json
{
    public static JsonElement Child(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : default;

    public static bool Has(this JsonElement element, string name) => element.Child(name).ValueKind != JsonValueKind.Undefined;

    /// <summary>A string, or a number in its JSON spelling (ports may be either).</summary>
    public static string Text(this JsonElement element, string name, string fallback = "") => element.Child(name) switch
    {
        { ValueKind: JsonValueKind.String } value => value.GetString()!,
        { ValueKind: JsonValueKind.Number } value => value.GetRawText(),
        _ => fallback,
    };

    public static bool Flag(this JsonElement element, string name, bool fallback = false) => element.Child(name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => fallback,
    };

    public static long? Number(this JsonElement element, string name) =>
        element.Child(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : null;

    public static DateTimeOffset? Time(this JsonElement element, string name) =>
        DateTimeOffset.TryParse(element.Text(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.Child(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : [];

    public static IReadOnlyList<string> Texts(this JsonElement element, string name) =>
        [.. element.Items(name).Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : item.GetRawText())];

    public static IReadOnlyDictionary<string, string> Map(this JsonElement element, string name) =>
        element.Child(name) is { ValueKind: JsonValueKind.Object } value
            ? value.EnumerateObject().Where(entry => entry.Value.ValueKind == JsonValueKind.String)
                .ToDictionary(entry => entry.Name, entry => entry.Value.GetString()!, StringComparer.Ordinal)
            : new Dictionary<string, string>();
}
