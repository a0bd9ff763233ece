using System.Text;
using Kubeflow.Orleans.ApiServer.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.ApiServer.Health;

/// <summary>Something that must hold before the server takes traffic.</summary>
public interface IReadinessCheck
{
    /// <summary>As listed by <c>/readyz?verbose</c>, for example <c>store</c>.</summary>
    string Name { get; }

    /// <summary>Why not; null when ready. An exception counts as "not ready".</summary>
    ValueTask<string?> CheckAsync(CancellationToken cancellationToken);
}

/// <summary><c>/healthz</c> and <c>/livez</c> say that the process answers, <c>/readyz</c> that it can serve.</summary>
internal sealed partial class HealthEndpoints(IEnumerable<IReadinessCheck> checks, ILogger<HealthEndpoints> logger)
{
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(5);

    public static Task LiveAsync(HttpContext context) => AnswerAsync(context, [("ping", null)]);

    public async Task ReadyAsync(HttpContext context)
    {
        var results = await Task.WhenAll(checks.Select(check => RunAsync(check, context.RequestAborted)));
        await AnswerAsync(context, [("ping", null), .. results]);
    }

    private async Task<(string Name, string? Problem)> RunAsync(IReadinessCheck check, CancellationToken cancellationToken)
    {
        try
        {
            var problem = await check.CheckAsync(cancellationToken).AsTask().WaitAsync(CheckTimeout, cancellationToken);
            if (problem is not null)
            {
                NotReady(logger, check.Name, problem);
            }

            return (check.Name, problem);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            CheckFailed(logger, exception, check.Name);
            return (check.Name, exception.Message);
        }
    }

    /// <summary>Anybody may ask, so nobody is told why: reasons are in the log.</summary>
    private static Task AnswerAsync(HttpContext context, IReadOnlyList<(string Name, string? Problem)> results)
    {
        var endpoint = context.Request.Path.Value?.Trim('/') ?? "";
        var failed = results.Any(result => result.Problem is not null);
        if (!failed && !new RequestQuery(context.Request.Query).Flag("verbose"))
        {
            return Responses.WriteTextAsync(context, StatusCodes.Status200OK, "ok");
        }

        var text = new StringBuilder();
        foreach (var (name, problem) in results)
        {
            text.Append(problem is null ? $"[+]{name} ok\n" : $"[-]{name} failed: reason withheld\n");
        }

        text.Append(failed ? $"{endpoint} check failed\n" : $"{endpoint} check passed\n");
        return Responses.WriteTextAsync(context, failed ? StatusCodes.Status500InternalServerError : StatusCodes.Status200OK, text.ToString());
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not ready: {Check}: {Problem}")]
    private static partial void NotReady(ILogger logger, string check, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The readiness check {Check} failed")]
    private static partial void CheckFailed(ILogger logger, Exception exception, string check);
}
