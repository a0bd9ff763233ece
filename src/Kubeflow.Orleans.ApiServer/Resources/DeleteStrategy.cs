using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>What a delete does to an object now.</summary>
internal abstract record DeletePlan
{
    /// <summary>It goes at once.</summary>
    public sealed record Remove : DeletePlan;

    /// <summary>It is marked; finalizers or a graceful end come first.</summary>
    public sealed record Mark(JsonObject Document) : DeletePlan;

    /// <summary>It is under deletion already and this request changes nothing.</summary>
    public sealed record Wait : DeletePlan;
}

/// <summary>How an object is deleted. Pure.</summary>
internal static class DeleteStrategy
{
    public static void RequirePreconditions(ResourceKind kind, Document stored, DeleteRequest request)
    {
        var metadata = stored.Metadata;
        if (request.PreconditionUid is { } uid && uid != metadata.Uid)
        {
            throw StatusErrors.PreconditionFailed(
                kind,
                metadata.Name,
                $"the UID in the precondition ({uid}) does not match the UID in record ({metadata.Uid}). The object might have been deleted and then recreated");
        }

        if (request.PreconditionResourceVersion is { } version && version != $"{metadata.ResourceVersion}")
        {
            throw StatusErrors.PreconditionFailed(
                kind,
                metadata.Name,
                $"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({metadata.ResourceVersion}). The object might have been modified");
        }
    }

    public static DeletePlan Decide(ResourceKind kind, Document stored, DeleteRequest request, DateTimeOffset now)
    {
        var updated = stored.ToNode();
        var metadata = ObjectMeta.Of(updated);
        var deletionTimestamp = metadata.DeletionTimestamp;
        var pending = deletionTimestamp is null ? 0 : metadata.DeletionGracePeriodSeconds ?? 0;

        // A graceful end under way may only be shortened.
        if (pending > 0 && (request.GracePeriodSeconds is not { } asked || asked >= pending))
        {
            return new DeletePlan.Wait();
        }

        var isGraceful = kind is IGracefulDeletion && (deletionTimestamp is null || pending > 0);
        var grace = isGraceful ? ((IGracefulDeletion)kind).GracePeriodSeconds(stored, request.GracePeriodSeconds) : 0;
        var finalizers = GarbageCollection.Finalizers(metadata.Finalizers, request.PropagationPolicy);
        if (grace == 0 && finalizers.Count == 0)
        {
            return new DeletePlan.Remove();
        }

        var finalizersChanged = !finalizers.SequenceEqual(metadata.Finalizers);
        if (deletionTimestamp is not null && pending == 0 && !finalizersChanged)
        {
            return new DeletePlan.Wait();
        }

        if (finalizersChanged)
        {
            metadata.Finalizers = finalizers;
        }

        MarkDeleted(kind, metadata, deletionTimestamp?.AddSeconds(-pending) ?? now, grace);
        return new DeletePlan.Mark(updated);
    }

    private static void MarkDeleted(ResourceKind kind, ObjectMeta metadata, DateTimeOffset asked, long grace)
    {
        if (metadata.DeletionTimestamp is null && ObjectRules.HasGeneration(kind))
        {
            metadata.Generation++;
        }

        metadata.DeletionTimestamp = asked.AddSeconds(grace);
        metadata.DeletionGracePeriodSeconds = grace;
    }
}
