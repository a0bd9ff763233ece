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
    IResourceStore store, ICluster cluster, IEnumerable<IStateMachine> machines, EffectRunner effects, TimeProvider clock, ILogger<Reconciler> logger)
{
    /// <summary>How soon an object is looked at again when a silo died between the status write and the end of its actions.</summary>
    public static readonly TimeSpan UnfinishedActions = TimeSpan.FromSeconds(30);

    private readonly FrozenDictionary<string, IStateMachine> machines = machines.ToFrozenDictionary(machine => machine.Resource, StringComparer.Ordinal);

    public async Task<Outcome> ReconcileAsync(ResourceKey key, PendingEffects pending, CancellationToken cancellationToken)
    {
        var stored = await store.GetAsync(key, cancellationToken);
        if (stored is null || stored.Document.Metadata.DeletionTimestamp is not null || !machines.TryGetValue(key.Resource, out var machine))
        {
            return Outcome.Finished;
        }

        if (!cluster.View.Synced || !machine.ChildKinds.All(cluster.View.HasSynced))
        {
            return Outcome.TryAgain;
        }

        var situation = Observe(stored, machine, pending) with { References = await ReadReferencesAsync(machine, stored.Document, cancellationToken) };
        var decision = machine.Decide(situation);
        var written = await WriteAsync(key, stored, decision, cancellationToken);
        if (written is not Committed { Document: var document })
        {
            return written is NotFound ? Outcome.Finished : Outcome.LookAgain;
        }

        effects.Record(document, machine.Component, decision.Events);
        if (decision.DeleteObject)
        {
            await store.WriteAsync([new DeleteOperation(key, document.Metadata.ResourceVersion)], cancellationToken);
            return Outcome.LookAgain;
        }

        if (!decision.Actions.IsEmpty)
        {
            return await effects.RunAsync(document, machine.Component, decision.Actions, pending, cancellationToken) ? Outcome.LookAgain : Outcome.TryAgain;
        }

        return decision.NextWake is null ? Outcome.Finished : Outcome.Settled;
    }

    private Situation Observe(StoredObject stored, IStateMachine machine, PendingEffects pending)
    {
        var uid = stored.Document.Metadata.Uid;
        return new Situation
        {
            Document = stored.Document,
            Notes = stored.Notes.IsEmpty ? default : JsonSerializer.Deserialize<JsonElement>(stored.Notes.Span),
            Pods = pending.Overlay(cluster.View.PodsOf(uid)),
            Services = pending.Overlay(cluster.View.ServicesOf(uid)),

            // Another kind's machine may have services or jobs observed: here they are not among the children that are kept or deleted.
            Children = [.. pending.Overlay(cluster.View.ChildrenOf(uid)).Where(child => machine.ChildKinds.Contains(child.Kind))],
            UnknownKinds = machine.ChildKinds.Where(cluster.View.IsUnknown).ToHashSet(),
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
