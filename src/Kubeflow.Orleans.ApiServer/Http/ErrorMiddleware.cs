using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>
/// Outermost: gives every answer its standard headers and every failure a Status, so that whatever goes wrong within a request, the
/// client is told and the server serves on.
/// </summary>
internal sealed partial class ErrorMiddleware(RequestDelegate next, ILogger<ErrorMiddleware> logger)
{
    private const string AuditId = "Audit-Id";

    private const int LongestAuditId = 64;

    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers[AuditId] = RequestId(context.Request);
        context.Response.Headers.CacheControl = "no-cache, private";
        context.Features.Set(new RequestWarnings());
        var clientGone = context.RequestAborted;
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (clientGone.IsCancellationRequested)
        {
            // Nobody is left to answer.
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            await Responses.WriteStatusAsync(context, Describe(context, exception));
        }
        catch (Exception exception)
        {
            // Half an answer is out: only ending the connection tells the client that the rest is missing.
            Failed(logger, exception, context.Request.Method, context.Request.Path);
            context.Abort();
        }
    }

    private ApiStatus Describe(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case StatusException refusal:
                return refusal.Status;
            case StoreBusyException:
                return StatusErrors.TooManyRequests(exception.Message).Status;
            case StoreUnavailableException:
                return new ApiStatus(503, "ServiceUnavailable", exception.Message, new StatusDetails { RetryAfterSeconds = 1 });
            case PositionExpiredException:
                return StatusErrors.Expired(exception.Message).Status;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return StatusErrors.BodyTooLarge(RequestBody.Limit).Status;
            case BadHttpRequestException bad:
                return StatusErrors.BadRequest(bad.Message).Status;
            case OperationCanceledException:
                return StatusErrors.TimedOut().Status;
            default:
                Failed(logger, exception, context.Request.Method, context.Request.Path);
                return new ApiStatus(500, "InternalError", $"Internal error occurred: the server's log tells more under Audit-Id {context.Response.Headers[AuditId]}");
        }
    }

    private static string RequestId(HttpRequest request) =>
        request.Headers[AuditId] is [{ Length: > 0 and <= LongestAuditId } given] && given.All(character => char.IsAsciiLetterOrDigit(character) || character == '-')
            ? given
            : Guid.NewGuid().ToString();

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    private static partial void Failed(ILogger logger, Exception exception, string method, PathString path);
}
