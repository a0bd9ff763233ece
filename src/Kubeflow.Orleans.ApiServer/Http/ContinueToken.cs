using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>
/// Where the next page of a list starts: base64url of <c>{"v":"meta.k8s.io/v1","rv":2909,"start":"/a\u0000"}</c>, as upstream
/// writes it. Opaque to clients.
/// </summary>
/// <param name="Position">The position all pages show; -1 continues at the newest state, which need not fit the pages before.</param>
internal sealed record ContinueToken(long Position, ResourceKey After)
{
    private const string Format = "meta.k8s.io/v1";

    public const long Inconsistent = -1;

    public static ContinueToken Parse(string text, string resource, string @namespace)
    {
        var token = Decode(text);
        if (token["v"]?.ToString() is var encoding && encoding != Format)
        {
            throw Invalid($"server does not recognize this encoded version {GoText.Quote(encoding ?? "")}");
        }

        if (token["rv"] is not JsonValue value || !value.TryGetValue(out long position) || position is 0 or < Inconsistent)
        {
            throw Invalid($"incorrect encoded start resourceVersion (version {Format})");
        }

        var start = token["start"]?.ToString().TrimEnd('\0') ?? "";
        var slash = start.IndexOf('/');
        if (slash < 0)
        {
            throw Invalid($"encoded start key empty (version {Format})");
        }

        return new ContinueToken(position, new ResourceKey(resource, @namespace.Length > 0 ? @namespace : start[..slash], start[(slash + 1)..]));
    }

    /// <param name="namespace">The namespace that was listed; empty for all.</param>
    public string Text(string @namespace)
    {
        var start = $"{(@namespace.Length > 0 ? "" : After.Namespace)}/{After.Name}\0";
        var json = new JsonObject { ["v"] = Format, ["rv"] = Position, ["start"] = start };
        return Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
    }

    private static JsonObject Decode(string text)
    {
        byte[] bytes;
        try
        {
            // As lenient as upstream about left-over bits, which Base64Url refuses.
            bytes = Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) / 4 * 4, '='));
        }
        catch (FormatException)
        {
            throw Invalid("illegal base64 data");
        }

        try
        {
            return JsonNode.Parse(bytes) as JsonObject ?? throw Invalid("it is no object");
        }
        catch (JsonException)
        {
            throw Invalid(bytes.Length == 0 ? "unexpected end of JSON input" : $"invalid character '{(char)bytes[0]}' looking for beginning of value");
        }
    }

    private static StatusException Invalid(string why) => StatusErrors.BadRequest($"invalid continue token: continue key is not valid: {why}");
}
