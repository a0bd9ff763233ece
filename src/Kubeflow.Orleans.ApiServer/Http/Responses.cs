using System.Buffers;
using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Reading;
using Kubeflow.Orleans.Core.Resources;
using Microsoft.AspNetCore.Http;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>Writes answers: JSON or YAML, compact or pretty, compressed when it is worth it.</summary>
internal static class Responses
{
    /// <summary>Below this compressing costs more than sending.</summary>
    private const int CompressedFrom = 128 * 1024;

    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private static readonly JsonWriterOptions Indented = Compact with { Indented = true, NewLine = "\n" };

    public static Utf8JsonWriter Writer(IBufferWriter<byte> buffer) => new(buffer, Compact);

    public static Task WriteAsync(HttpContext context, int code, Representation representation, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var writer = Writer(buffer))
        {
            write(writer);
        }

        var (contentType, body) = representation switch
        {
            { Yaml: true } => (MediaTypes.Yaml, Encoding.UTF8.GetBytes(YamlWriter.Write(new Document(buffer.WrittenMemory).Root))),
            { Pretty: true } => (MediaTypes.Json, Indent(buffer.WrittenMemory)),
            _ => (MediaTypes.Json, WithNewline(buffer)),
        };
        return SendAsync(context, code, contentType, body);
    }

    public static Task WriteStatusAsync(HttpContext context, ApiStatus status)
    {
        if (status.Details is { RetryAfterSeconds: > 0 and var seconds })
        {
            context.Response.Headers.RetryAfter = $"{seconds}";
        }

        var code = status.Code == 0 ? 200 : status.Code;
        return Representation.AcceptsOnlyProtobuf(context.Request)
            ? SendAsync(context, code, MediaTypes.Protobuf, ProtobufStatus.Encode(status))
            : WriteAsync(context, code, StatusRepresentation(context.Request), writer => status.ToNode().WriteTo(writer, Document.SerializerOptions));
    }

    public static Task WriteTextAsync(HttpContext context, int code, string text)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return SendAsync(context, code, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));
    }

    private static async Task SendAsync(HttpContext context, int code, string contentType, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        response.StatusCode = code;
        response.ContentType = contentType;
        context.Features.Get<RequestWarnings>()?.AddTo(response.Headers);
        if (body.Length > CompressedFrom && context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase))
        {
            response.Headers.ContentEncoding = "gzip";
            response.Headers.Vary = "Accept-Encoding";
            body = Compress(body.Span);
        }

        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    /// <summary>A refusal is shown as it is, whatever the objects would have been shown as.</summary>
    private static Representation StatusRepresentation(HttpRequest request)
    {
        try
        {
            return Representation.Negotiate(request) with { As = ShownAs.Object };
        }
        catch (StatusException)
        {
            return Representation.Default;
        }
    }

    private static ReadOnlyMemory<byte> WithNewline(ArrayBufferWriter<byte> buffer)
    {
        buffer.Write("\n"u8);
        return buffer.WrittenMemory;
    }

    private static ReadOnlyMemory<byte> Indent(ReadOnlyMemory<byte> json)
    {
        var buffer = new ArrayBufferWriter<byte>(json.Length * 2);
        using (var writer = new Utf8JsonWriter(buffer, Indented))
        {
            new Document(json).Root.WriteTo(writer);
        }

        return WithNewline(buffer);
    }

    private static byte[] Compress(ReadOnlySpan<byte> body)
    {
        using var compressed = new MemoryStream(body.Length / 4);
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(body);
        }

        return compressed.ToArray();
    }
}
