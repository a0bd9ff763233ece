using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Reading;
using Microsoft.AspNetCore.Http;

namespace Kubeflow.Orleans.LocalCluster.Subresources;

/// <summary>The small objects that are sent to subresources, and the Status they are answered with.</summary>
internal static class RequestBodies
{
    private const int Limit = 64 * 1024;

    public static async Task<JsonObject> ReadObjectAsync(this HttpContext context)
    {
        var type = context.Request.ContentType?.Split(';')[0].Trim() ?? "";
        if (type is not ("" or "application/json" or "application/yaml"))
        {
            throw StatusErrors.UnsupportedMediaType(["application/json", "application/yaml"]);
        }

        var buffer = new byte[Limit + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (length > Limit)
        {
            throw StatusErrors.BodyTooLarge(Limit);
        }

        return length == 0 ? [] : ObjectReader.Read(buffer.AsMemory(0, length), type).Document;
    }

    public static Task AnswerCreatedAsync(this HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status201Created;
        var node = new ApiStatus(0, "", "").ToNode();
        node["code"] = StatusCodes.Status201Created;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(node.ToJsonString(), context.RequestAborted);
    }
}
