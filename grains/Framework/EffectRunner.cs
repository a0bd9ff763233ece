using System.Collections.Immutable;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Framework;

/// <param name="Succeeded">All of it worked; otherwise look again after a while.</param>
/// <param name="MissingNamespace">Why the object's namespace is not in the cluster; null when that was not the trouble.</param>
internal readonly record struct EffectResult(bool Succeeded, string? MissingNamespace);

/// <summary>Carries out the actions of a decision, in parallel with a bound, and says in events what came of them.</summary>
internal static class EffectRunner
{
    private const int Parallel = 32;

    private static readonly ChildKind Pods = ChildKind.Of<V1Pod>();
    private static readonly ChildKind Services = ChildKind.Of<V1Service>();

    public static async Task<EffectResult> RunAsync(
        ICluster cluster, Document document, IStateMachine machine, ImmutableArray<ClusterAction> actions, PendingEffects pending, CancellationToken cancellationToken)
    {
        var worked = true;
        string? missing = null;
        using var slots = new SemaphoreSlim(Parallel);
        var events = await Task.WhenAll(actions.Select(RunOneAsync));
        Record(cluster, document, machine.Component, events.OfType<DecisionEvent>());
        return new EffectResult(worked, missing);

        async Task<DecisionEvent?> RunOneAsync(ClusterAction action)
        {
            await slots.WaitAsync(cancellationToken);
            try
            {
                var (succeeded, objectEvent, missingNamespace) = await RunAsync(cluster, document, machine, action, pending, cancellationToken);
                worked &= succeeded;
                missing ??= missingNamespace;
                return objectEvent;
            }
            finally
            {
                slots.Release();
            }
        }
    }

    public static void Record(ICluster cluster, Document document, string component, IEnumerable<DecisionEvent> events)
    {
        var metadata = document.Metadata;
        foreach (var said in events)
        {
            var about = new ObjectReference(
                document.ApiVersion, document.Kind, metadata.Namespace, metadata.Name, metadata.Uid, metadata.ResourceVersion.ToString(System.Globalization.CultureInfo.InvariantCulture));
            cluster.Record(new ObjectEvent(about, said.Type, said.Reason, said.Message, component));
        }
    }

    private static async Task<(bool Succeeded, DecisionEvent? Event, string? MissingNamespace)> RunAsync(
        ICluster cluster, Document document, IStateMachine machine, ClusterAction action, PendingEffects pending, CancellationToken cancellationToken)
    {
        var @namespace = document.Metadata.Namespace;
        switch (action)
        {
            case ClusterAction.CreatePod { Pod: var pod }:
                var podOutcome = await cluster.CreateAsync(pod, cancellationToken);
                pending.Note(pod, podOutcome);
                return Explain(Pods.Kind, pod.Name(), podOutcome, machine, document);
            case ClusterAction.CreateService { Service: var service }:
                var serviceOutcome = await cluster.CreateAsync(service, cancellationToken);
                pending.Note(service, serviceOutcome);
                return Explain(Services.Kind, service.Name(), serviceOutcome, machine, document);
            case ClusterAction.DeletePod { Force: true } lost:
                var letGo = await cluster.ForceDeleteAsync(Pods, @namespace, lost.Name, lost.Uid, cancellationToken);
                pending.NoteForcedDelete(lost.Uid, letGo);
                return Explain("Delete", Pods.Kind, lost.Name, letGo);
            case ClusterAction.DeletePod delete:
                var podDeleted = await cluster.DeleteAsync(Pods, @namespace, delete.Name, delete.Uid, cancellationToken);
                pending.NoteDelete(delete.Uid, podDeleted);
                return Explain("Delete", Pods.Kind, delete.Name, podDeleted);
            case ClusterAction.DeleteService delete:
                var serviceDeleted = await cluster.DeleteAsync(Services, @namespace, delete.Name, delete.Uid, cancellationToken);
                pending.NoteDelete(delete.Uid, serviceDeleted);
                return Explain("Delete", Services.Kind, delete.Name, serviceDeleted);
            case ClusterAction.Create { Item: var item }:
                var outcome = MadeBefore(item, await cluster.CreateAsync(item, cancellationToken));
                pending.Note(item, outcome);
                return Explain(ChildKind.Of(item).Kind, item.Metadata.Name, outcome, machine, document);
            case ClusterAction.Update update:
                var result = await cluster.UpdateAsync(update.Item, update.Uid, cancellationToken);
                pending.NoteUpdate(update, result);
                return Explain("Update", ChildKind.Of(update.Item).Kind, update.Item.Metadata.Name, result);
            case ClusterAction.Delete delete:
                var deleted = await cluster.DeleteAsync(delete.Kind, @namespace, delete.Name, delete.Uid, cancellationToken);
                pending.NoteDelete(delete.Uid, deleted);
                return Explain("Delete", delete.Kind.Kind, delete.Name, deleted);
            default:
                throw new NotSupportedException($"No effect is known for {action.GetType().Name}.");
        }
    }

    private static (bool Succeeded, DecisionEvent? Event, string? MissingNamespace) Explain(string kind, string name, CreateOutcome outcome, IStateMachine machine, Document document) => outcome switch
    {
        CreateOutcome.Created => (true, DecisionEvent.Normal($"SuccessfulCreate{kind}", $"Created {Lower(kind)}: {name}"), null),

        // A create whose answer was lost, or another activation was faster: the child is there and ours.
        CreateOutcome.AlreadyExists existing when existing.OwnerUid == document.Metadata.Uid => (true, null, null),
        CreateOutcome.AlreadyExists => (false, machine.NotOurs(document, kind, name), null),
        CreateOutcome.Refused refused => (false, DecisionEvent.Warning($"FailedCreate{kind}", $"Error creating: {refused.Message}"), null),

        CreateOutcome.NamespaceMissing missing => (false, null, missing.Message),

        // The cluster did not answer: that is the cluster's trouble, said once it refuses or works again.
        _ => (false, null, null),
    };

    private static (bool Succeeded, DecisionEvent? Event, string? MissingNamespace) Explain(string verb, string kind, string name, ChangeResult result) => result switch
    {
        ChangeResult.Accepted => (true, DecisionEvent.Normal($"Successful{verb}{kind}", $"{verb}d {Lower(kind)}: {name}"), null),
        ChangeResult.Failed failed => (false, DecisionEvent.Warning($"Failed{verb}{kind}", $"Error {Lower(verb)[..^1]}ing: {failed.Message}"), null),
        ChangeResult.Unavailable => (false, null, null),
        _ => (true, null, null),
    };

    /// <summary>What belongs to nobody is as wanted once it is there, whoever made it.</summary>
    private static CreateOutcome MadeBefore(IKubernetesObject<V1ObjectMeta> item, CreateOutcome outcome) =>
        item.Metadata.OwnerReferences is null && outcome is CreateOutcome.AlreadyExists { OwnerUid.Length: 0 } existing ? new CreateOutcome.Created(existing.Uid) : outcome;

    private static string Lower(string kind) => kind.ToLowerInvariant();
}
