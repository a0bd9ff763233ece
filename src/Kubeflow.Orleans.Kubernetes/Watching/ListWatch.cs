using System.Net;
using System.Text.Json;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Kubernetes.Connection;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.Kubernetes.Watching;

/// <summary>What a list+watch reports to. Called from one loop, in order.</summary>
internal interface IListWatchTarget
{
    /// <summary>The complete current state: what is not in it is gone.</summary>
    void Replace(IReadOnlyList<JsonElement> items);

    void Set(JsonElement item);

    void Remove(JsonElement item);

    /// <summary>There is no such list, or not for us; what is known stays until there is.</summary>
    void Refuse(string message);
}

/// <summary>
/// Keeps a target in step with one resource of a cluster: list once, then watch from there. A watch that ends is resumed from the
/// last version seen; only an expired version lists again. Errors back off with jitter; a silent connection is given up. Whatever comes
/// from the cluster, the loop goes on.
/// </summary>
internal sealed partial class ListWatch(ClusterTransport transport, string path, string labelSelector, IListWatchTarget target, TimeProvider clock, ILogger logger)
{
    private const int PageSize = 500;
    private static readonly TimeSpan WatchTime = TimeSpan.FromMinutes(8);
    private static readonly TimeSpan SilenceLimit = WatchTime + TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestWatch = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WorthTelling = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(30);

    private string version = "";
    private TimeSpan backoff = FirstBackoff;
    private bool pageByPage = true;

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (version.Length == 0)
                {
                    await ListAsync(cancellationToken);
                }

                await WatchAsync(cancellationToken);
                backoff = FirstBackoff;
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                // Whatever broke while we are ending is no failure any more.
            }
            catch (Exception failure)
            {
                if (failure is ExpiredVersionException)
                {
                    // While listing it was a page that expired: the whole list at once does not.
                    pageByPage = version.Length > 0;
                    version = "";
                }

                // One lost connection is daily business, a cluster that stays away is not.
                Log(logger, backoff < WorthTelling || failure is NotServedException ? LogLevel.Debug : LogLevel.Warning, path, failure.Message, backoff);
                await Task.Delay(Jittered(backoff), clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                backoff = backoff * 2 < LongestBackoff ? backoff * 2 : LongestBackoff;
            }
        }
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var items = new List<JsonElement>();
        var next = "";
        string listed;
        do
        {
            var query = $"{path}?limit={(pageByPage ? PageSize : 0)}{Selector("&")}{(next.Length == 0 ? "" : $"&continue={Uri.EscapeDataString(next)}")}";
            var response = await transport.SendAsync(HttpMethod.Get, query, null, cancellationToken);
            if (response.Code == HttpStatusCode.NotFound)
            {
                // An extension that is not installed, for now.
                target.Replace([]);
                target.Refuse($"the cluster does not serve {path}");
                backoff = LongestBackoff;
                throw new NotServedException();
            }

            if (response.Code == HttpStatusCode.Forbidden)
            {
                target.Refuse(response.Message);
            }

            ThrowUnlessOk(response.Code, response.Message, response.RetryAfter);
            var json = response.Json;
            items.AddRange(Member(json, "items", JsonValueKind.Array).EnumerateArray());
            var metadata = Member(json, "metadata", JsonValueKind.Object);
            listed = Member(metadata, "resourceVersion", JsonValueKind.String).GetString()!;
            next = metadata.TryGetProperty("continue", out var token) ? token.GetString() ?? "" : "";
        }
        while (next.Length > 0);

        target.Replace(items);
        version = listed;
        pageByPage = true;
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var query = $"{path}?watch=true&allowWatchBookmarks=true&timeoutSeconds={(int)WatchTime.TotalSeconds}&resourceVersion={version}{Selector("&")}";
        using var response = await transport.OpenAsync(query, cancellationToken);
        ThrowUnlessOk(response.StatusCode, $"watch answered {(int)response.StatusCode}", response.Headers.RetryAfter?.Delta);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var lines = new JsonLines(stream);
        var opened = clock.GetTimestamp();
        var received = false;
        while (true)
        {
            silence.CancelAfter(SilenceLimit);
            if (await lines.ReadAsync(silence.Token) is not { } line)
            {
                break;
            }

            Apply(line);
            received = true;
        }

        if (!received && clock.GetElapsedTime(opened) < ShortestWatch)
        {
            throw new IOException("the watch ended as soon as it was opened");
        }
    }

    private void Apply(JsonElement line)
    {
        var item = Member(line, "object", JsonValueKind.Object);
        var type = Member(line, "type", JsonValueKind.String).GetString();
        if (type == "ERROR")
        {
            var code = item.TryGetProperty("code", out var number) ? number.GetInt32() : 0;
            var message = item.TryGetProperty("message", out var text) ? text.GetString() : "watch failed";
            throw code == (int)HttpStatusCode.Gone ? new ExpiredVersionException() : new IOException(message);
        }

        // First, so that an event nothing can be made of is not met again and again.
        version = Member(Member(item, "metadata", JsonValueKind.Object), "resourceVersion", JsonValueKind.String).GetString()!;
        backoff = FirstBackoff;
        if (type == "DELETED")
        {
            target.Remove(item);
        }
        else if (type != "BOOKMARK")
        {
            target.Set(item);
        }
    }

    /// <exception cref="JsonException">What came is no Kubernetes list or event.</exception>
    private static JsonElement Member(JsonElement parent, string name, JsonValueKind kind) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var member) && member.ValueKind == kind
            ? member
            : throw new JsonException($"the cluster sent something without '{name}'");

    private string Selector(string prefix) => labelSelector.Length == 0 ? "" : $"{prefix}labelSelector={Uri.EscapeDataString(labelSelector)}";

    private void ThrowUnlessOk(HttpStatusCode code, string message, TimeSpan? retryAfter)
    {
        if (code == HttpStatusCode.Gone)
        {
            throw new ExpiredVersionException();
        }

        if (code != HttpStatusCode.OK)
        {
            backoff = retryAfter is { } wait && wait > backoff ? wait : backoff;
            throw new IOException(message);
        }
    }

    /// <summary>Between half and the whole of it, so that many watchers do not come back at the same instant.</summary>
    private static TimeSpan Jittered(TimeSpan wait) => wait * (0.5 + (Random.Shared.NextDouble() / 2));

    [LoggerMessage(Message = "Watching {Path} failed: {Failure}. Trying again in about {Backoff}.")]
    private static partial void Log(ILogger logger, LogLevel level, string path, string failure, TimeSpan backoff);

    private sealed class NotServedException() : Exception("the cluster does not serve this kind");

    private sealed class ExpiredVersionException() : Exception("the version to go on from has expired");
}
