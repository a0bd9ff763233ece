using System.Collections.Immutable;
using System.Text.Json;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Grains.Training.TrainJob.Policies;
using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Plan;

/// <summary>
/// What is to run: the runtime's template with the job's patches merged in and the job's own wishes and the machine learning policy
/// laid over it. Pure: the same job and runtime give the same plan.
/// </summary>
internal sealed class TrainJobPlan
{
    private readonly JsonElement jobSet;

    private TrainJobPlan(TrainJobSpec job, RuntimeView runtime)
    {
        Job = job;
        Runtime = runtime;
        var template = RuntimePatches.Apply(runtime.Template, job.Patches);
        jobSet = template.Get("spec");
        Metadata = template.Get("metadata") is var metadata && metadata.IsPresent() ? KubernetesJson.Deserialize<V1ObjectMeta>(metadata.GetRawText()) : new V1ObjectMeta();
        Jobs = ReadJobs(jobSet);
        Claims = jobSet.Get("volumeClaimPolicies") is var policies && policies.IsPresent() ? KubernetesJson.Deserialize<List<ClaimPolicy>>(policies.GetRawText()) : [];
    }

    public TrainJobSpec Job { get; }

    public RuntimeView Runtime { get; }

    /// <summary>Labels and annotations for the whole of it.</summary>
    public V1ObjectMeta Metadata { get; }

    public ImmutableArray<ReplicatedJob> Jobs { get; }

    public IReadOnlyList<ClaimPolicy> Claims { get; }

    /// <summary>Configuration that pods mount, made with them.</summary>
    public List<V1ConfigMap> ConfigMaps { get; } = [];

    /// <summary>The name of the secret that holds an SSH key pair; null when the job needs none.</summary>
    public string? SshSecret { get; set; }

    /// <summary>Pods have names of their own.</summary>
    public bool HasHostNames => jobSet.Get("network", "enableDNSHostnames").ValueKind != JsonValueKind.False;

    /// <summary>The domain of the pods' names, and the service that gives it.</summary>
    public string Subdomain => jobSet.Get("network").Text("subdomain") is { Length: > 0 } subdomain ? subdomain : Job.Name;

    public bool PublishesNotReadyAddresses => jobSet.Get("network", "publishNotReadyAddresses").ValueKind != JsonValueKind.False;

    /// <summary>Where the first node is found.</summary>
    public string HeadHost => Trainer is { } trainer ? Endpoint(trainer, 0, 0) : "";

    public FailurePolicy FailurePolicy => new(jobSet.Get("failurePolicy"));

    public SuccessPolicy SuccessPolicy => new(jobSet.Get("successPolicy"));

    /// <summary>Null: its pods are scheduled one by one.</summary>
    public GangPlan? Gang => GangPlan.Of(this);

    public JsonElement Coordinator => jobSet.Get("coordinator");

    /// <summary>The job that trains: the one of that step.</summary>
    public ReplicatedJob? Trainer => Jobs.FirstOrDefault(job => job.Step == TrainerApi.Trainer);

    /// <summary>The container that trains.</summary>
    public V1Container? TrainerContainer => Trainer?.Container(TrainerApi.Node);

    public int TotalJobs => Jobs.Sum(job => job.Replicas);

    public ReplicatedJob? Find(string name) => Jobs.FirstOrDefault(job => job.Name == name);

    /// <summary>The name of one job, which begins the names of its pods.</summary>
    public string ChildName(ReplicatedJob job, int replica) => $"{Job.Name}-{job.Name}-{replica}";

    /// <summary>The name by which a pod is found.</summary>
    public string Endpoint(ReplicatedJob job, int replica, int index) => $"{ChildName(job, replica)}-{index}.{Subdomain}";

    /// <exception cref="JsonException">Pods cannot be made from what the runtime and the patches say.</exception>
    public static TrainJobPlan Build(TrainJobSpec job, RuntimeView runtime)
    {
        var plan = new TrainJobPlan(job, runtime);
        if (plan.Trainer is { } trainer)
        {
            trainer.Nodes = job.Trainer?.NumNodes ?? (int)Math.Clamp(runtime.MLPolicy.Integer("numNodes") ?? trainer.Nodes, 1, TrainerApi.MaximumNodes);
        }

        TrainerOverrides.Apply(plan);
        TrainerPolicies.Of(runtime).Apply(plan);
        TrainerOverrides.ApplyEnvironment(plan);
        return plan;
    }

    private static ImmutableArray<ReplicatedJob> ReadJobs(JsonElement jobSet)
    {
        var jobs = ImmutableArray.CreateBuilder<ReplicatedJob>();
        var inOrder = jobSet.Get("startupPolicy").Text("startupPolicyOrder") == "InOrder";
        foreach (var element in jobSet.Items("replicatedJobs"))
        {
            var job = new ReplicatedJob(element, jobs.Sum(earlier => earlier.Replicas));
            if (inOrder && jobs.Count > 0)
            {
                job.DependsOn = [new Dependency(jobs[^1].Name, Dependency.Ready)];
            }

            jobs.Add(job);
        }

        return jobs.DrainToImmutable();
    }
}
