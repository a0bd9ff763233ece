using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Http;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Kubeflow.Orleans.ApiServer.Progress;

/// <summary>
/// <c>POST .../progress</c> with <c>{"trainerStatus": {...}}</c>: a program says how far it is. Answered with what was sent; the status
/// may show it a few seconds later.
/// </summary>
internal sealed class ProgressSubresource(string resource, ProgressReports reports, TimeProvider time) : ISubresource
{
    public const string Subresource = "progress";

    private const int Limit = 64 * 1024;
    private const string Field = "trainerStatus";

    public string Resource => resource;

    public string Name => Subresource;

    public string Kind => "TrainerStatus";

    public ImmutableArray<string> Verbs => ["create"];

    public async Task HandleAsync(HttpContext context, ResourceKind kind, string @namespace, string name)
    {
        var body = await RequestBody.ReadAsync(context);
        if (body.Length > Limit)
        {
            throw StatusErrors.BodyTooLarge(Limit);
        }

        var report = Parse(body);
        if (report[Field] is JsonObject status)
        {
            status = status.DeepClone().AsObject();
            status["lastUpdatedTime"] ??= time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
            await AcceptAsync(kind, context.Features.GetRequiredFeature<RequestInfo>(), status, context.RequestAborted);
        }
        else if (report.Count > 0)
        {
            throw Invalid();
        }

        context.Response.ContentType = MediaTypes.Json;
        await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>Apply answers 500 to a value of another type than the schema's, as Kubernetes does; a program that reports has sent something invalid.</summary>
    private async Task AcceptAsync(ResourceKind kind, RequestInfo request, JsonObject status, CancellationToken cancellationToken)
    {
        try
        {
            await reports.AcceptAsync(kind, request.Version, request.Namespace, request.Name, status, cancellationToken);
        }
        catch (StatusException refusal) when (refusal.Status.Code == StatusCodes.Status500InternalServerError)
        {
            throw Invalid(refusal.Status.Message);
        }
    }

    private static JsonObject Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonNode.Parse(body.Span) as JsonObject ?? throw Invalid();
        }
        catch (JsonException)
        {
            throw Invalid();
        }
    }

    private static StatusException Invalid(string message = "Invalid payload") => new(new ApiStatus(StatusCodes.Status422UnprocessableEntity, "Invalid", message));
}
