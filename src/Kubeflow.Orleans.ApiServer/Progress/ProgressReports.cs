using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.ApiServer.Progress;

/// <summary>
/// Writes what programs report into the status of their objects: the first at once, then at most one every few seconds, the newest of
/// those that came meanwhile. A program that reports every step costs no more than one that is patient.
/// </summary>
internal sealed partial class ProgressReports(IResourceService resources, TimeProvider time, ILogger<ProgressReports> logger) : BackgroundService
{
    private static readonly TimeSpan BetweenWrites = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(10);

    private static readonly RequestOptions Options = new() { FieldManager = "trainer-status", Force = true };

    private readonly ConcurrentDictionary<ResourceKey, Reported> reported = new();

    /// <exception cref="StatusException">404: there is no such object; 422: the report says impossible things.</exception>
    public async Task AcceptAsync(ResourceKind kind, string version, string @namespace, string name, JsonObject status, CancellationToken cancellationToken)
    {
        var entry = reported.GetOrAdd(new ResourceKey(kind.Resource, @namespace, name), _ => new Reported(kind, version));
        if (entry.TakeTurn(time.GetUtcNow()))
        {
            await WriteAsync(entry, @namespace, name, status, Options, cancellationToken);
            return;
        }

        // Judged now, so that its author hears of mistakes; written when its time comes.
        await WriteAsync(entry, @namespace, name, status, Options with { DryRun = true }, cancellationToken);
        entry.Keep(status);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Tick, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).AsTask().ContinueWith(tick => tick.IsCompletedSuccessfully && tick.Result, TaskScheduler.Default))
        {
            var now = time.GetUtcNow();
            await FlushAsync(entry => entry.TakeDue(now), stoppingToken);
            foreach (var (key, _) in reported.Where(entry => entry.Value.IsIdle(now)))
            {
                reported.TryRemove(key, out _);
            }
        }
    }

    /// <summary>The last word of a program counts even when the silo goes.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await FlushAsync(entry => entry.TakeKept(), cancellationToken);
    }

    private async Task FlushAsync(Func<Reported, JsonObject?> take, CancellationToken cancellationToken)
    {
        foreach (var (key, entry) in reported)
        {
            if (take(entry) is not { } status)
            {
                continue;
            }

            using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limited.CancelAfter(WriteLimit);
            try
            {
                await WriteAsync(entry, key.Namespace, key.Name, status, Options, limited.Token);
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                LogLost(logger, key.Resource, key.Namespace, key.Name, failure.Message);
            }
        }
    }

    private Task WriteAsync(Reported entry, string @namespace, string name, JsonObject status, RequestOptions options, CancellationToken cancellationToken)
    {
        var (kind, version) = (entry.Kind, entry.Version);
        var body = new JsonObject
        {
            ["apiVersion"] = kind.ApiVersion(version),
            ["kind"] = kind.Kind,
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = @namespace },
            ["status"] = new JsonObject { ["trainerStatus"] = status.DeepClone() },
        };
        return resources.PatchAsync(kind, version, @namespace, name, new PatchRequest(PatchType.Apply, body), "status", options, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A progress report of {Kind} {Namespace}/{Name} is lost: {Failure}")]
    private static partial void LogLost(ILogger logger, string kind, string @namespace, string name, string failure);

    /// <summary>What one object's programs reported and is not written yet.</summary>
    private sealed class Reported(ResourceKind kind, string version)
    {
        private readonly Lock gate = new();
        private DateTimeOffset notBefore = DateTimeOffset.MinValue;
        private JsonObject? kept;

        public ResourceKind Kind => kind;

        public string Version => version;

        /// <summary>True: this report may be written at once.</summary>
        public bool TakeTurn(DateTimeOffset now)
        {
            lock (gate)
            {
                if (now < notBefore)
                {
                    return false;
                }

                (notBefore, kept) = (now + BetweenWrites, null);
                return true;
            }
        }

        public void Keep(JsonObject status)
        {
            lock (gate)
            {
                kept = status;
            }
        }

        public JsonObject? TakeDue(DateTimeOffset now)
        {
            lock (gate)
            {
                if (kept is null || now < notBefore)
                {
                    return null;
                }

                notBefore = now + BetweenWrites;
                return TakeKept();
            }
        }

        public JsonObject? TakeKept()
        {
            lock (gate)
            {
                var taken = kept;
                kept = null;
                return taken;
            }
        }

        public bool IsIdle(DateTimeOffset now)
        {
            lock (gate)
            {
                return kept is null && now >= notBefore;
            }
        }
    }
}
