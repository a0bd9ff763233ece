using System.Buffers;
using System.Globalization;
using Kubeflow.Orleans.ApiServer.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>Reads the request's address once for all, and ends requests that take too long; watches and their like have limits of their own.</summary>
internal sealed class RequestTimeLimit(RequestDelegate next, IOptions<ApiServerOptions> options, SubresourceCatalog subresources, TimeProvider time)
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        var query = new RequestQuery(request.Query);
        var info = RequestInfo.Parse(request.Method, request.Path.Value ?? "", query.Flag("watch"), query.FieldSelector().Name ?? "");
        context.Features.Set(info);
        if (info.Verb is "watch" or "proxy" || subresources.Find(info) is { LongRunning: true })
        {
            await next(context);
            return;
        }

        var limit = info.Verb is "get" or "list" ? options.Value.ReadTimeout : options.Value.WriteTimeout;
        var asked = Duration(query.Text("timeout"));
        using var expiry = new CancellationTokenSource(asked is { } shorter && shorter < limit ? shorter : limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, expiry.Token);
        var clientGone = context.RequestAborted;
        context.RequestAborted = either.Token;
        try
        {
            await next(context);
        }
        finally
        {
            // The refusal of a request that took too long must still reach its client.
            context.RequestAborted = clientGone;
        }
    }

    /// <summary>A duration as Go writes it: <c>32s</c>, <c>1m30s</c>, <c>500ms</c>.</summary>
    private static TimeSpan? Duration(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        var total = TimeSpan.Zero;
        var rest = text.AsSpan();
        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            var unitLength = digits <= 0 ? 0 : rest[digits..].IndexOfAny(Digits);
            var unit = digits <= 0 ? "" : unitLength < 0 ? rest[digits..] : rest[digits..(digits + unitLength)];
            var seconds = unit switch
            {
                "h" => 3600,
                "m" => 60,
                "s" => 1,
                "ms" => 0.001,
                _ => 0.0,
            };
            if (seconds == 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) || count > 1e6)
            {
                throw StatusErrors.BadRequest($"invalid timeout specified in the request URL - time: invalid duration {GoText.Quote(text)}");
            }

            total += TimeSpan.FromSeconds(count * seconds);
            rest = rest[(digits + unit.Length)..];
        }

        return total > TimeSpan.Zero ? total : null;
    }
}
