using System.Text.Json;

namespace Kubeflow.Orleans.ApiServer.Tests.Golden;

/// <summary>One recorded request and its answer.</summary>
internal sealed record GoldenExchange(int Number, string Case, string Method, string Path, IReadOnlyDictionary<string, string> Headers, string? Body, GoldenAnswer Answer)
{
    public static IReadOnlyList<GoldenExchange> ReadAll(string path) => [.. File.ReadLines(path).Select(line => Read(JsonDocument.Parse(line).RootElement))];

    public override string ToString() => $"{Number} {Case}: {Method} {Path}";

    private static GoldenExchange Read(JsonElement line)
    {
        var request = line.GetProperty("req");
        var answer = line.GetProperty("resp");
        var body = request.TryGetProperty("body", out var sent) && sent.ValueKind != JsonValueKind.Null ? sent.ValueKind == JsonValueKind.String ? sent.GetString() : sent.GetRawText() : null;
        var text = answer.TryGetProperty("text", out var plain) ? plain.GetString()! : answer.GetProperty("json").GetRawText();
        return new GoldenExchange(
            line.GetProperty("n").GetInt32(),
            line.GetProperty("case").GetString()!,
            request.GetProperty("method").GetString()!,
            request.GetProperty("path").GetString()!,
            HeadersOf(request),
            body,
            new GoldenAnswer(answer.GetProperty("code").GetInt32(), HeadersOf(answer), text));
    }

    private static Dictionary<string, string> HeadersOf(JsonElement message) =>
        message.GetProperty("headers").EnumerateObject().ToDictionary(header => header.Name, header => header.Value.GetString()!, StringComparer.OrdinalIgnoreCase);
}

internal sealed record GoldenAnswer(int Code, IReadOnlyDictionary<string, string> Headers, string Text);
