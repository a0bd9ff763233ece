using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Kubeflow.Orleans.ApiServer.Discovery;

/// <summary>A document that stays the same for the life of the process: its bytes, hash and compressed form are made once.</summary>
internal sealed class PublishedDocument(byte[] body, string contentType)
{
    private readonly Lazy<byte[]> compressed = new(() => Compress(body));

    /// <summary>Upper-case hexadecimal SHA-512 of the body.</summary>
    public string Hash { get; } = Convert.ToHexString(SHA512.HashData(body));

    public static PublishedDocument Json(JsonObject document, string contentType = "application/json") =>
        new(System.Text.Encoding.UTF8.GetBytes(document.ToJsonString(Document.SerializerOptions)), contentType);

    /// <summary>How Kubernetes answers a path that leads nowhere: in plain text.</summary>
    public static Task AnswerMissingAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync("404 page not found\n", context.RequestAborted);
    }

    /// <summary>Answers with the document, or with 304 when the client has it.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        var (request, headers) = (context.Request.Headers, context.Response.Headers);
        headers.ETag = $"\"{Hash}\"";
        headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        if (request.IfNoneMatch.Any(tags => tags?.Contains(Hash, StringComparison.Ordinal) == true))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var bytes = body;
        if (request.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase))
        {
            bytes = compressed.Value;
            headers.ContentEncoding = "gzip";
            headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
        }

        context.Response.ContentType = contentType;
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private static byte[] Compress(byte[] body)
    {
        using var result = new MemoryStream();
        using (var gzip = new GZipStream(result, CompressionLevel.Optimal))
        {
            gzip.Write(body);
        }

        return result.ToArray();
    }
}
