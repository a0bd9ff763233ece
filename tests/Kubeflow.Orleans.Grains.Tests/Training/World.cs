using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Core.Reading;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training;
using Kubeflow.Orleans.Grains.Training.MPIJob;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Tests.Training;

/// <summary>One job and its children, to decide on and to carry decisions out in.</summary>
internal sealed class World
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<string, ObservedPod> pods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ObservedService> services = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ObservedChild> children = new(StringComparer.Ordinal);
    private int created;

    public World(JsonObject job, TrainingOptions? options = null)
    {
        var metadata = job["metadata"]!.AsObject();
        metadata["namespace"] ??= "default";
        metadata["uid"] ??= "job-uid";
        metadata["resourceVersion"] ??= "1";
        Job = job;

        // Making a key costs time, and the same world must be decided on the same way.
        var sameKey = new SshKeyPair("private", "public");
        Machine = TrainingFamily.StateMachines((options ?? new TrainingOptions()) with { NewSshKeyPair = () => sameKey }).Single(machine => machine.Resource == $"{job["kind"]!.GetValue<string>().ToLowerInvariant()}s.kubeflow.org");
    }

    public IStateMachine Machine { get; }

    public TrainingKind Kind => TrainingFamily.Kinds.Single(kind => kind.Kind == Job["kind"]!.GetValue<string>()) switch
    {
        MPIJobKind versions => versions.Of(Job["apiVersion"]!.GetValue<string>()),
        var kind => (TrainingKind)kind,
    };

    public JsonObject Job { get; }

    public JsonObject? Notes { get; set; }

    public DateTimeOffset Now { get; set; } = Start;

    public HashSet<ChildKind> UnknownKinds { get; } = [];

    public Dictionary<string, string> Refusals { get; } = new(StringComparer.Ordinal);

    public IReadOnlyCollection<ObservedPod> Pods => pods.Values;

    public IReadOnlyCollection<ObservedService> Services => services.Values;

    public IReadOnlyCollection<ObservedChild> Children => children.Values;

    /// <summary>Names of pods that were created by decisions, in order, repeated when created again.</summary>
    public List<string> Creations { get; } = [];

    public string Name => Job["metadata"]!["name"]!.GetValue<string>();

    public static World Of(string yaml, TrainingOptions? options = null) => new(ReadYaml(yaml), options);

    public static JsonObject ReadYaml(string yaml) => YamlDocuments.Read(yaml).Single().Node.AsObject();

    public ObservedPod Pod(string name) => pods[name];

    public void Set(ObservedPod pod) => pods[pod.Name] = pod;

    public void Set(ObservedService service) => services[service.Name] = service;

    public void Set(ObservedChild child) => children[$"{child.Kind.Kind}/{child.Name}"] = child;

    public void Remove(string podName) => pods.Remove(podName);

    /// <summary>Changes every pod.</summary>
    public void SetAll(Func<ObservedPod, ObservedPod> change)
    {
        foreach (var pod in pods.Values.ToList())
        {
            Set(change(pod));
        }
    }

    public Decision Decide() => Machine.Decide(Situation());

    public Situation Situation() => new()
    {
        Document = Document.FromNode(Job.DeepClone().AsObject()),
        Notes = Notes is null ? default : JsonSerializer.SerializeToElement(Notes),
        Pods = [.. pods.Values.OrderBy(pod => pod.Name, StringComparer.Ordinal)],
        Services = [.. services.Values.OrderBy(service => service.Name, StringComparer.Ordinal)],
        Children = [.. children.Values.OrderBy(child => child.Name, StringComparer.Ordinal)],
        UnknownKinds = UnknownKinds,
        Refusals = Refusals,
        Now = Now,
    };

    /// <summary>Stores what a decision says, as the first thing the shell does.</summary>
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
                Creations.Add(pod.Name());
                Set(Observe(pod));
                break;
            case ClusterAction.CreateService { Service: var service }:
                services.TryAdd(service.Name(), Observe(service));
                break;
            case ClusterAction.DeletePod { Force: true } lost:
                pods.Remove(lost.Name);
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
                Set(Observe(item, $"child-{++created}"));
                break;
            case ClusterAction.Update update:
                Set(Observe(update.Item, update.Uid));
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
        [.. (Job["status"]?["conditions"]?.AsArray() ?? []).Select(condition => $"{condition!["type"]}={condition["status"]} {condition["reason"]}")];

    public bool IsTrue(string type) => Conditions().Any(condition => condition.StartsWith($"{type}=True", StringComparison.Ordinal));

    public bool IsFinished => IsTrue("Succeeded") || IsTrue("Failed");

    /// <summary>A pod of one replica as the cluster would show it.</summary>
    public ObservedPod NewPod(string role, int index) => new()
    {
        Name = new TrainingJob(Kind, Document.FromNode(Job.DeepClone().AsObject())).ReplicaName(role, index),
        Namespace = Job["metadata"]!["namespace"]!.GetValue<string>(),
        Uid = $"pod-{++created}",
        OwnerUid = Job["metadata"]!["uid"]!.GetValue<string>(),
        Labels = Labels(role, index),
        Phase = "Pending",
    };

    public ObservedService NewService(string role, int index) => new()
    {
        Name = $"{Name}-{role.ToLowerInvariant()}-{index}",
        Namespace = Job["metadata"]!["namespace"]!.GetValue<string>(),
        Uid = $"service-{++created}",
        Labels = Labels(role, index),
    };

    private static ImmutableDictionary<string, string> Labels(string role, int index) => ImmutableDictionary.CreateRange(
    [
        KeyValuePair.Create("training.kubeflow.org/job-role", role.ToLowerInvariant()),
        KeyValuePair.Create("training.kubeflow.org/replica-type", role.ToLowerInvariant()),
        KeyValuePair.Create("training.kubeflow.org/replica-index", index.ToString(CultureInfo.InvariantCulture)),
    ]);

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
        OwnerUid = item.Metadata.OwnerReferences.Single().Uid,
        ResourceVersion = $"{++created}",
        Content = JsonSerializer.Deserialize<JsonElement>(KubernetesJson.Serialize(item)),
    };

    private ObservedService Observe(V1Service service) => new()
    {
        Name = service.Name(),
        Namespace = service.Namespace(),
        Uid = $"service-{++created}",
        Labels = service.Labels().ToImmutableDictionary(),
    };
}

/// <summary>What happens to pods.</summary>
internal static class PodLife
{
    public static ObservedPod Running(this ObservedPod pod) => pod with { Phase = "Running" };

    public static ObservedPod Succeeded(this ObservedPod pod, string container) => pod.Ended("Succeeded", container, 0);

    public static ObservedPod Failed(this ObservedPod pod, string container, int exitCode) => pod.Ended("Failed", container, exitCode);

    public static ObservedPod Evicted(this ObservedPod pod) => pod with { Phase = "Failed", Reason = "Evicted", Containers = [] };

    public static ObservedPod Terminating(this ObservedPod pod) => pod with { DeletionTime = World.Start };

    public static ObservedPod Restarted(this ObservedPod pod, string container, int restarts) =>
        pod with { Containers = [new ObservedContainer { Name = container, RestartCount = restarts, Running = true }] };

    private static ObservedPod Ended(this ObservedPod pod, string phase, string container, int exitCode) =>
        pod with { Phase = phase, Containers = [new ObservedContainer { Name = container, Terminated = new ObservedTermination(exitCode, exitCode == 0 ? "Completed" : "Error", "") }] };
}
