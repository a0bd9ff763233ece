using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Running;

/// <summary>Plain HTTP, for what no proper client would send.</summary>
internal sealed class RawClient(HttpClient client) : IDisposable
{
    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, [], "");

    public Task<Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, [], "");

    public Task<Answer> PostAsync(string path, string body, string contentType = "application/json") => SendAsync(HttpMethod.Post, path, Encoding.UTF8.GetBytes(body), contentType);

    public Task<Answer> PatchAsync(string path, string body, string contentType = "application/merge-patch+json") => SendAsync(HttpMethod.Patch, path, Encoding.UTF8.GetBytes(body), contentType);

    public async Task<Answer> SendAsync(HttpMethod method, string path, byte[] body, string contentType)
    {
        using var request = new HttpRequestMessage(method, path);
        if (contentType.Length > 0)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public void Dispose() => client.Dispose();
}

internal sealed record Answer(int Code, string Text)
{
    public JsonNode Body => JsonNode.Parse(Text)!;

    public string Message => (string?)Body["message"] ?? "";

    public IReadOnlyList<JsonNode> Items => [.. Body["items"]!.AsArray().Select(item => item!)];

    public override string ToString() => $"{Code} {Text}";
}
