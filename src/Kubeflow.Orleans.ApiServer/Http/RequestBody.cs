using System.Buffers;
using Kubeflow.Orleans.ApiServer.Resources;
using Microsoft.AspNetCore.Http;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>Reads request bodies whole, up to the limit every Kubernetes client knows.</summary>
internal static class RequestBody
{
    public const long Limit = 3 * 1024 * 1024;

    /// <exception cref="Core.Errors.StatusException">413: it is longer.</exception>
    public static async ValueTask<ReadOnlyMemory<byte>> ReadAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.ContentLength > Limit)
        {
            throw StatusErrors.BodyTooLarge(Limit);
        }

        while (true)
        {
            var read = await request.BodyReader.ReadAsync(context.RequestAborted);
            if (read.Buffer.Length > Limit)
            {
                request.BodyReader.AdvanceTo(read.Buffer.End);
                throw StatusErrors.BodyTooLarge(Limit);
            }

            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return body;
            }

            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
