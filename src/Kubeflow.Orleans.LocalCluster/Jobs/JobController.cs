using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Events;
using Kubeflow.Orleans.LocalCluster.Following;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Jobs;

/// <summary>Runs batch/v1 Jobs: makes their pods, counts how they end, and says when the job has.</summary>
internal sealed class JobController(ChangeFollower follower, IResourceService resources, KindCatalog catalog, IEventRecorder events, TimeProvider time, ILogger<JobController> logger)
    : Controller(follower, logger)
{
    private const string Jobs = "jobs.batch";
    private const string Pods = "pods";

    private static readonly TimeSpan AfterRefusal = TimeSpan.FromSeconds(10);
    private static readonly EventSource Source = new("job-controller");

    private readonly Dictionary<string, (ResourceKey Key, Document Job)> jobs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, Document>> podsOf = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> wakes = new(StringComparer.Ordinal);
    private readonly HashSet<string> changed = new(StringComparer.Ordinal);

    protected override FrozenSet<string> Resources { get; } = FrozenSet.ToFrozenSet([Jobs, Pods]);

    protected override TimeSpan MaximumWait => wakes.Count == 0
        ? base.MaximumWait
        : TimeSpan.FromTicks(Math.Clamp((wakes.Values.Min() - time.GetUtcNow()).Ticks, TimeSpan.TicksPerMillisecond, base.MaximumWait.Ticks));

    protected override void Forget()
    {
        jobs.Clear();
        podsOf.Clear();
        wakes.Clear();
        changed.Clear();
    }

    protected override void Observe(Change change)
    {
        var gone = change.Type == ChangeType.Deleted;
        if (change.Key.Resource == Jobs)
        {
            ObserveJob(change, gone);
        }
        else if (change.Document.Metadata.Controller is { Kind: "Job" } owner)
        {
            Keep(owner.Uid, change.Document, gone);
        }
    }

    protected override async Task ActAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        foreach (var uid in changed.Concat(wakes.Where(wake => wake.Value <= now).Select(wake => wake.Key)).Distinct().ToList())
        {
            if (jobs.TryGetValue(uid, out var known) && known.Job.Metadata.DeletionTimestamp is null)
            {
                await ActAsync(known.Key, known.Job, now, cancellationToken);
            }

            changed.Remove(uid);
        }
    }

    private void ObserveJob(Change change, bool gone)
    {
        var uid = change.Document.Metadata.Uid;
        if (gone)
        {
            jobs.Remove(uid);
            podsOf.Remove(uid);
            wakes.Remove(uid);
            return;
        }

        jobs[uid] = (change.Key, change.Document);
        changed.Add(uid);
    }

    private void Keep(string owner, Document pod, bool gone)
    {
        if (!podsOf.TryGetValue(owner, out var pods))
        {
            podsOf[owner] = pods = new Dictionary<string, Document>(StringComparer.Ordinal);
        }

        if (gone)
        {
            pods.Remove(pod.Metadata.Uid);
            if (pods.Count == 0)
            {
                podsOf.Remove(owner);
            }
        }
        else if (!pods.TryGetValue(pod.Metadata.Uid, out var known) || known.Metadata.ResourceVersion < pod.Metadata.ResourceVersion)
        {
            pods[pod.Metadata.Uid] = pod;
        }

        changed.Add(owner);
    }

    private async Task ActAsync(ResourceKey key, Document job, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var uid = job.Metadata.Uid;
        var plan = JobDecision.Decide(job, new JobPods(podsOf.GetValueOrDefault(uid)?.Values ?? (IReadOnlyCollection<Document>)[]), now);
        wakes.Remove(uid);
        if (plan.WakeAt is { } wake)
        {
            wakes[uid] = wake;
        }

        await resources.ModifyAsync(key, node => SetStatus(node, uid, plan.Status), cancellationToken);
        if (plan.Expired)
        {
            await DeleteAsync(catalog.Find(Jobs)!, key, uid, cancellationToken);
            return;
        }

        foreach (var pod in plan.Delete)
        {
            await DeleteAsync(catalog.Find(Pods)!, new ResourceKey(Pods, key.Namespace, pod.Metadata.Name), pod.Metadata.Uid, cancellationToken);
        }

        for (var made = 0; made < plan.Create; made++)
        {
            await CreateAsync(job, now, cancellationToken);
        }
    }

    private async Task CreateAsync(Document job, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            // Known at once: the loop may come round before the change does.
            var pod = await resources.CreateAsync(catalog.Find(Pods)!, "v1", job.Metadata.Namespace, NewPod(job), RequestOptions.Default, cancellationToken);
            Keep(job.Metadata.Uid, pod, gone: false);
            events.Record(new ClusterEvent(InvolvedObject.Of(job), ClusterEvent.Normal, "SuccessfulCreate", $"Created pod: {pod.Metadata.Name}", Source));
        }
        catch (StatusException refused)
        {
            wakes[job.Metadata.Uid] = now + AfterRefusal;
            events.Record(new ClusterEvent(InvolvedObject.Of(job), ClusterEvent.Warning, "FailedCreate", $"Error creating: {refused.Status.Message}", Source));
        }
    }

    private static bool SetStatus(JsonObject job, string uid, JsonObject status)
    {
        if (job.Object("metadata").Text("uid") != uid)
        {
            return false;
        }

        job["status"] = status.DeepClone();
        return true;
    }

    private static JsonObject NewPod(Document job)
    {
        var template = JsonObject.Create(job.Root.At("spec", "template").Clone())!;
        var metadata = template.Child("metadata");
        metadata["generateName"] = $"{job.Metadata.Name}-";
        metadata["ownerReferences"] = new JsonArray(new JsonObject
        {
            ["apiVersion"] = "batch/v1",
            ["kind"] = "Job",
            ["name"] = job.Metadata.Name,
            ["uid"] = job.Metadata.Uid,
            ["controller"] = true,
            ["blockOwnerDeletion"] = true,
        });
        return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = metadata.DeepClone(), ["spec"] = template["spec"]?.DeepClone() };
    }

    private async Task DeleteAsync(ResourceKind kind, ResourceKey key, string uid, CancellationToken cancellationToken)
    {
        try
        {
            await resources.DeleteAsync(kind, key.Namespace, key.Name, new DeleteRequest { PreconditionUid = uid }, RequestOptions.Default, cancellationToken);
        }
        catch (StatusException refused) when (refused.Status.Code is 404 or 409)
        {
            // Gone already, or made anew.
        }
    }
}
