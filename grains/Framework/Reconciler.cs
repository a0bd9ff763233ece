using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Kubernetes;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.Grains.Framework;

/// <summary>What a reconciliation leaves to do.</summary>
internal enum Outcome
{
    /// <summary>Nothing until something changes or next_wake comes.</summary>
    Settled,

    /// <summary>The object is gone or done for good: nobody needs to stay in memory.</summary>
    Finished,

    /// <summary>The world moved meanwhile: look again at once.</summary>
    LookAgain,

    /// <summary>Something did not work: look again after a while.</summary>
    TryAgain,
}

/// <summary>
/// One reconciliation: read the object and its children, decide (pure), write status with compare-and-set, then act. The same for every
/// kind. Killed at any point, the next one carries on: while actions are outstanding, next_wake in the store is near.
/// </summary>
internal sealed partial class Reconciler(
    IResourceStore store, Clusters clusters, Leftovers leftovers, IEnumerable<IStateMachine> machines, TimeProvider clock, ILogger<Reconciler> logger)
{
    /// <summary>How soon an object is looked at again when a silo died between the status write and the end of its actions.</summary>
    public static readonly TimeSpan UnfinishedActions = TimeSpan.FromSeconds(30);

    /// <summary>How often an object whose cluster cannot be used is looked at, should nobody tell that it can.</summary>
    private static readonly TimeSpan UnusableCluster = TimeSpan.FromMinutes(2);

    private readonly FrozenDictionary<string, IStateMachine> machines = machines.ToFrozenDictionary(machine => machine.Resource, StringComparer.Ordinal);

    public async Task<Outcome> ReconcileAsync(ResourceKey key, PendingEffects pending, CancellationToken cancellationToken)
    {
        if (!machines.TryGetValue(key.Resource, out var machine))
        {
            return Outcome.Finished;
        }

        if (await store.GetAsync(key, cancellationToken) is not { } stored)
        {
            return await leftovers.OfGoneAsync(key, cancellationToken);
        }

        if (stored.Document.Metadata.DeletionTimestamp is not null)
        {
            return await leftovers.OfLeavingAsync(key, stored.Document, cancellationToken);
        }

        var choice = await clusters.ChooseAsync(stored.Document, cancellationToken);
        return await leftovers.OfLivingAsync(key, stored.Document, choice, cancellationToken)
            ?? await RequireClusterAsync(key, stored, machine, choice, cancellationToken)
            ?? await DecideAsync(key, stored, machine, choice.Cluster!, pending, cancellationToken);
    }

    private async Task<Outcome> DecideAsync(
        ResourceKey key, StoredObject stored, IStateMachine machine, ICluster cluster, PendingEffects pending, CancellationToken cancellationToken)
    {
        var situation = Observe(key, stored, machine, cluster.View, pending) with { References = await ReadReferencesAsync(machine, stored.Document, cancellationToken) };
        var decision = machine.Decide(situation);
        var written = await WriteAsync(key, stored, decision, cancellationToken);
        if (written is not Committed { Document: var document })
        {
            return written is NotFound ? Outcome.Finished : Outcome.LookAgain;
        }

        EffectRunner.Record(cluster, document, machine.Component, decision.Events);
        if (decision.DeleteObject)
        {
            await store.WriteAsync([new DeleteOperation(key, document.Metadata.ResourceVersion)], cancellationToken);
            return Outcome.LookAgain;
        }

        if (!decision.Actions.IsEmpty)
        {
            var result = await EffectRunner.RunAsync(cluster, document, machine, decision.Actions, pending, cancellationToken);
            await TellOfNamespaceAsync(key, document, result, cancellationToken);
            return result.Succeeded ? Outcome.LookAgain : Outcome.TryAgain;
        }

        return decision.NextWake is null ? Outcome.Finished : Outcome.Settled;
    }

    /// <summary>
    /// Nothing is decided about a cluster that cannot be seen; the status says so, once, until it can be seen again. Null: it can.
    /// </summary>
    private async Task<Outcome?> RequireClusterAsync(ResourceKey key, StoredObject stored, IStateMachine machine, ClusterChoice choice, CancellationToken cancellationToken)
    {
        var status = StatusOf(stored.Document);
        if (choice.Cluster is not { } cluster)
        {
            return await ReportAsync(key, stored, machine, ClusterCondition.Unknown, $"There is no cluster \"{choice.Name}\".", cancellationToken);
        }

        if (cluster.View.Trouble is { } trouble && !ClusterCondition.HasEnded(status))
        {
            cluster.View.TellWhenUsable(key);
            return await ReportAsync(key, stored, machine, ClusterCondition.Unreachable, $"Cluster \"{cluster.Name}\" does not answer: {trouble}", cancellationToken);
        }

        if (!cluster.View.Synced || !machine.ChildKinds.All(cluster.View.HasSynced))
        {
            cluster.View.TellWhenUsable(key);
            return Outcome.TryAgain;
        }

        if (ClusterCondition.ReasonIn(status) is null or ClusterCondition.NamespaceMissing)
        {
            return null;
        }

        await SetStatusAsync(key, stored.Document, ClusterCondition.Without(status), cancellationToken);
        return Outcome.LookAgain;
    }

    /// <summary>A missing namespace shows only when something is to be made there, and no event can be recorded in it.</summary>
    private async Task TellOfNamespaceAsync(ResourceKey key, Document document, EffectResult result, CancellationToken cancellationToken)
    {
        var status = StatusOf(document);
        var isTold = ClusterCondition.ReasonIn(status) == ClusterCondition.NamespaceMissing;
        if (result.MissingNamespace is { } message && !isTold)
        {
            await SetStatusAsync(key, document, ClusterCondition.With(status, ClusterCondition.NamespaceMissing, message, clock.GetUtcNow()), cancellationToken);
        }
        else if (result.Succeeded && isTold)
        {
            await SetStatusAsync(key, document, ClusterCondition.Without(status), cancellationToken);
        }
    }

    private async Task SetStatusAsync(ResourceKey key, Document document, JsonObject status, CancellationToken cancellationToken) =>
        await store.WriteAsync([new UpdateOperation(key, document.Metadata.ResourceVersion, WithStatus(document, status))], cancellationToken);

    private async Task<Outcome> ReportAsync(ResourceKey key, StoredObject stored, IStateMachine machine, string reason, string message, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var version = stored.Document.Metadata.ResourceVersion;
        var wake = Wake.At(now + UnusableCluster);
        var status = StatusOf(stored.Document);
        if (ClusterCondition.ReasonIn(status) == reason)
        {
            if (!(stored.NextWake > now))
            {
                await store.WriteAsync([new WakeOperation(key, version) { Wake = wake }], cancellationToken);
            }

            return Outcome.Settled;
        }

        var reported = WithStatus(stored.Document, ClusterCondition.With(status, reason, message, now));
        if ((await store.WriteAsync([new UpdateOperation(key, version, reported) { Wake = wake }], cancellationToken))[0] is not Committed { Document: var document })
        {
            return Outcome.LookAgain;
        }

        EffectRunner.Record(clusters.Default, document, machine.Component, [DecisionEvent.Warning(reason, message)]);
        return Outcome.Settled;
    }

    private static JsonElement StatusOf(Document document) => document.Root.TryGetProperty("status", out var status) ? status : default;

    private Situation Observe(ResourceKey key, StoredObject stored, IStateMachine machine, IClusterView view, PendingEffects pending)
    {
        var uid = stored.Document.Metadata.Uid;
        return new Situation
        {
            Document = stored.Document,
            Notes = stored.Notes.IsEmpty ? default : JsonSerializer.Deserialize<JsonElement>(stored.Notes.Span),
            Pods = pending.Overlay(view.PodsOf(key, uid)),
            Services = pending.Overlay(view.ServicesOf(key, uid)),

            // What others observe as a further kind may be a pod or service to this machine: it would take it for a child nobody wants.
            Children = pending.Overlay([.. view.ChildrenOf(key, uid).Where(child => machine.ChildKinds.Contains(child.Kind))]),
            UnknownKinds = machine.ChildKinds.Where(view.IsUnknown).ToHashSet(),
            Refusals = pending.Refusals,
            Now = clock.GetUtcNow(),
        };
    }

    private async Task<IReadOnlyDictionary<ResourceKey, Document>> ReadReferencesAsync(IStateMachine machine, Document document, CancellationToken cancellationToken)
    {
        var references = new Dictionary<ResourceKey, Document>();
        foreach (var key in machine.Referring?.References(document.Root) ?? [])
        {
            if (await store.GetAsync(key, cancellationToken) is { } named)
            {
                references[key] = named.Document;
            }
        }

        return references;
    }

    /// <summary>Writes what the decision changes, and only that; the answer of a decision that changes nothing is the stored document.</summary>
    private async Task<WriteResult> WriteAsync(ResourceKey key, StoredObject stored, Decision decision, CancellationToken cancellationToken)
    {
        var version = stored.Document.Metadata.ResourceVersion;
        var nextWake = decision.Actions.IsEmpty && !decision.DeleteObject ? decision.NextWake : Earlier(decision.NextWake, clock.GetUtcNow() + UnfinishedActions);
        var wake = nextWake is { } time ? Wake.At(time) : Wake.Never;

        // Typed: a null array would become empty notes, which wipe out those that stand.
        var notes = decision.Notes is null ? (ReadOnlyMemory<byte>?)null : JsonSerializer.SerializeToUtf8Bytes(decision.Notes);
        WriteOperation operation;
        if (decision.Status is { } status)
        {
            operation = new UpdateOperation(key, version, WithStatus(stored.Document, status)) { Wake = wake, Notes = notes };
            LogStatus(logger, key.Resource, key.Namespace, key.Name, stored.Document.Metadata.Uid, version);
        }
        else if (notes is not null || !SameWake(nextWake, stored.NextWake))
        {
            operation = new WakeOperation(key, version) { Wake = wake, Notes = notes };
        }
        else
        {
            return new Committed(stored.Document);
        }

        return (await store.WriteAsync([operation], cancellationToken))[0];
    }

    /// <summary>A wake that only moves a little later is not worth a write: waking early is harmless.</summary>
    private static bool SameWake(DateTimeOffset? wanted, DateTimeOffset? stored) =>
        wanted == stored || (wanted is { } later && stored is { } earlier && later >= earlier && later - earlier < UnfinishedActions / 2);

    private static DateTimeOffset Earlier(DateTimeOffset? left, DateTimeOffset right) => left is { } time && time < right ? time : right;

    private static Document WithStatus(Document document, JsonObject status)
    {
        var node = document.ToNode();
        node["status"] = status.DeepClone();
        return Document.FromNode(node);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Writing status of {Kind} {Namespace}/{Name} {Uid} at {ResourceVersion}.")]
    private static partial void LogStatus(ILogger logger, string kind, string @namespace, string name, string uid, long resourceVersion);
}
