using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Core.Schemas;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training;
using Kubeflow.Orleans.Grains.Training.TrainJob;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Tests.Training.TrainJob;

/// <summary>One TrainJob, its runtime and its children, to decide on and to carry decisions out in.</summary>
internal sealed class TrainJobWorld
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<string, ObservedPod> pods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ObservedService> services = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ObservedChild> children = new(StringComparer.Ordinal);
    private int created;

    public TrainJobWorld(JsonObject job, JsonObject? runtime)
    {
        Complete(job, "job-uid");
        job["metadata"]!["namespace"] ??= "default";
        Job = job;
        if (runtime is not null)
        {
            Runtime = Complete(runtime, "runtime-uid");
        }
    }

    public JsonObject Job { get; }

    public JsonObject? Runtime { get; set; }

    public JsonObject? Notes { get; set; }

    public DateTimeOffset Now { get; set; } = Start;

    public HashSet<ChildKind> UnknownKinds { get; } = [];

    public IStateMachine Machine { get; init; } = TrainerFamily.StateMachines(new TrainingOptions()).Single();

    public IReadOnlyCollection<ObservedPod> Pods => pods.Values;

    public IReadOnlyCollection<ObservedService> Services => services.Values;

    public IReadOnlyCollection<ObservedChild> Children => children.Values;

    /// <summary>Every pod that was ever created, as it was sent.</summary>
    public List<V1Pod> Created { get; } = [];

    public List<V1Service> CreatedServices { get; } = [];

    public List<IKubernetesObject<V1ObjectMeta>> CreatedChildren { get; } = [];

    public static TrainJobWorld Of(string job, string? runtime) => new(World.ReadYaml(job), runtime is null ? null : World.ReadYaml(runtime));

    public static JsonObject Complete(JsonObject document, string uid)
    {
        var metadata = document["metadata"]!.AsObject();
        metadata["uid"] ??= uid;
        metadata["resourceVersion"] ??= "1";
        metadata["creationTimestamp"] ??= "2026-01-01T00:00:00Z";
        SchemaWalk.ApplyDefaults(document, KindOf(document).Versions.Single().Schema);
        return document;
    }

    public static ResourceKind KindOf(JsonObject document) => TrainerFamily.Kinds.Single(kind => kind.Kind == document["kind"]!.GetValue<string>());

    /// <summary>The pods of one replicated job in the order of their indexes, newest last.</summary>
    public IReadOnlyList<ObservedPod> PodsOf(string replicatedJob) =>
        [.. pods.Values.Where(pod => pod.Labels["jobset.sigs.k8s.io/replicatedjob-name"] == replicatedJob).OrderBy(pod => int.Parse(pod.Labels["batch.kubernetes.io/job-completion-index"]))];

    /// <summary>The only pod of a replicated job and index that has not ended.</summary>
    public ObservedPod Pod(string replicatedJob, int index = 0) => PodsOf(replicatedJob)
        .Single(pod => pod.Labels["batch.kubernetes.io/job-completion-index"] == $"{index}" && pod.Phase is not ("Failed" or "Succeeded"));

    public void Set(ObservedPod pod) => pods[pod.Name] = pod;

    public void Remove(string podName) => pods.Remove(podName);

    public void Forget(string name) => children.Remove(children.Single(entry => entry.Value.Name == name).Key);

    /// <summary>The cluster shows a child in its own way.</summary>
    public void Rewrite(string name, Func<string, string> change)
    {
        var (key, child) = children.Single(entry => entry.Value.Name == name);
        children[key] = child with { Content = JsonSerializer.Deserialize<JsonElement>(change(child.Content.GetRawText())) };
    }

    public Decision Decide() => Machine.Decide(Situation());

    public Situation Situation() => new()
    {
        Document = Document.FromNode(Job.DeepClone().AsObject()),
        Notes = Notes is null ? default : JsonSerializer.SerializeToElement(Notes),
        Pods = [.. pods.Values.OrderBy(pod => pod.Name, StringComparer.Ordinal)],
        Services = [.. services.Values],
        Children = [.. children.Values.OrderBy(child => child.Name, StringComparer.Ordinal)],
        References = Runtime is null
            ? ImmutableDictionary<ResourceKey, Document>.Empty
            : Machine.Referring!.References(JsonSerializer.SerializeToElement(Job)).ToDictionary(key => key, _ => Document.FromNode(Runtime.DeepClone().AsObject())),
        UnknownKinds = UnknownKinds,
        Now = Now,
    };

    public void Write(Decision decision)
    {
        if (decision.Status is { } status)
        {
            Job["status"] = status.DeepClone();
        }

        if (decision.Notes is { } notes)
        {
            Notes = notes.DeepClone().AsObject();
        }
    }

    /// <summary>Carries out one action; deleted pods linger when told so.</summary>
    public void Act(ClusterAction action, bool linger = false)
    {
        switch (action)
        {
            case ClusterAction.CreatePod { Pod: var pod } when !pods.ContainsKey(pod.Name()):
                Created.Add(pod);
                Set(Observe(pod));
                break;
            case ClusterAction.CreateService { Service: var service } when !services.ContainsKey(service.Name()):
                CreatedServices.Add(service);
                services[service.Name()] = new ObservedService { Name = service.Name(), Namespace = service.Namespace(), Uid = $"service-{++created}" };
                break;
            case ClusterAction.DeletePod delete when pods.TryGetValue(delete.Name, out var pod) && pod.Uid == delete.Uid && linger:
                Set(pod with { DeletionTime = Now });
                break;
            case ClusterAction.DeletePod delete when pods.TryGetValue(delete.Name, out var pod) && pod.Uid == delete.Uid:
                pods.Remove(delete.Name);
                break;
            case ClusterAction.DeleteService delete:
                services.Remove(delete.Name);
                break;
            case ClusterAction.Create { Item: var item } when !children.ContainsKey($"{ChildKind.Of(item).Kind}/{item.Metadata.Name}"):
                CreatedChildren.Add(item);
                children[$"{ChildKind.Of(item).Kind}/{item.Metadata.Name}"] = Observe(item, $"child-{++created}");
                break;
            case ClusterAction.Update update:
                children[$"{ChildKind.Of(update.Item).Kind}/{update.Item.Metadata.Name}"] = Observe(update.Item, update.Uid);
                break;
            case ClusterAction.Delete delete:
                children.Remove($"{delete.Kind.Kind}/{delete.Name}");
                break;
        }
    }

    /// <summary>Decides, writes and acts until there is nothing left to do; returns all events said.</summary>
    public IReadOnlyList<DecisionEvent> Settle()
    {
        var events = new List<DecisionEvent>();
        for (var round = 0; round < 50; round++)
        {
            var decision = Decide();
            Write(decision);
            events.AddRange(decision.Events);
            foreach (var action in decision.Actions)
            {
                Act(action);
            }

            if (decision is { Status: null, Notes: null, Actions.IsEmpty: true })
            {
                return events;
            }
        }

        throw new InvalidOperationException("The job does not settle.");
    }

    public IReadOnlyList<string> Conditions() =>
        [.. (Job["status"]?["conditions"]?.AsArray() ?? []).Select(condition => $"{condition!["type"]}={condition["status"]} {condition["reason"]}: {condition["message"]}")];

    /// <summary>ready/succeeded/failed/active/suspended of a replicated job.</summary>
    public string Counts(string replicatedJob)
    {
        var counts = Job["status"]!["jobsStatus"]!.AsArray().Single(job => job!["name"]!.GetValue<string>() == replicatedJob)!;
        return string.Join('/', ((string[])["ready", "succeeded", "failed", "active", "suspended"]).Select(name => counts[name]!.ToString()));
    }

    /// <summary>The variables of a container of the last created pod of a replicated job and index.</summary>
    public IReadOnlyDictionary<string, string> Environment(string replicatedJob, int index = 0, string container = "node") => CreatedPod(replicatedJob, index).Spec.Containers
        .Concat(CreatedPod(replicatedJob, index).Spec.InitContainers ?? [])
        .Single(item => item.Name == container).Env.ToDictionary(variable => variable.Name, variable => variable.Value ?? variable.ValueFrom!.FieldRef.FieldPath);

    public V1Pod CreatedPod(string replicatedJob, int index = 0) => Created.Last(pod =>
        pod.Labels()["jobset.sigs.k8s.io/replicatedjob-name"] == replicatedJob && pod.Labels()["batch.kubernetes.io/job-completion-index"] == $"{index}");

    private ObservedPod Observe(V1Pod pod) => new()
    {
        Name = pod.Name(),
        Namespace = pod.Namespace(),
        Uid = $"pod-{++created}",
        OwnerUid = pod.OwnerReferences().Single().Uid,
        Labels = pod.Labels().ToImmutableDictionary(),
        Phase = "Pending",
        Containers = [.. pod.Spec.Containers.Select(container => new ObservedContainer { Name = container.Name })],
    };

    private ObservedChild Observe(IKubernetesObject<V1ObjectMeta> item, string uid) => new()
    {
        Kind = ChildKind.Of(item),
        Name = item.Metadata.Name,
        Uid = uid,
        OwnerUid = item.Metadata.OwnerReferences?.Single().Uid ?? "",
        ResourceVersion = $"{++created}",
        Content = JsonSerializer.Deserialize<JsonElement>(KubernetesJson.Serialize(item)),
    };
}

/// <summary>What happens to pods of TrainJobs.</summary>
internal static class TrainJobPodLife
{
    public static ObservedPod Ready(this ObservedPod pod) => pod with { Phase = "Running", Conditions = [new ObservedCondition("Ready", "True", "", "", null)] };

    public static ObservedPod Succeeded(this ObservedPod pod) => pod.Succeeded(pod.Containers[0].Name);

    public static ObservedPod Failed(this ObservedPod pod, int exitCode = 1) => pod.Failed(pod.Containers[0].Name, exitCode);
}
