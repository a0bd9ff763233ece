using System.Collections.Immutable;
using System.Text.Json;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Plan;

/// <summary>
/// One replicated job of the plan: so many jobs of so many pods. Policies change it while the plan is made; nobody does afterwards.
/// </summary>
internal sealed class ReplicatedJob
{
    private const int DefaultBackoffLimit = 6;

    public ReplicatedJob(JsonElement job, int firstIndex)
    {
        var view = new ReplicatedJobView(job);
        Name = view.Name;
        Step = view.Step;
        Replicas = (int)Math.Clamp(view.Replicas, 0, TrainerApi.MaximumNodes);
        FirstIndex = firstIndex;
        GroupName = job.Text("groupName") ?? "default";
        JobSpec = view.JobSpec;
        Pod = view.Pod.IsPresent() ? KubernetesJson.Deserialize<V1PodTemplateSpec>(view.Pod.GetRawText()) : new V1PodTemplateSpec();
        Pod.Spec ??= new V1PodSpec();
        Pod.Spec.Containers ??= [];

        // Only a pod that fails can be counted against its index: a container that starts again in its pod cannot.
        Pod.Spec.RestartPolicy = Pod.Spec.RestartPolicy == "Never" || Indexes.BackoffLimitPerIndex is not null ? "Never" : "OnFailure";
        Nodes = (int)Math.Clamp(JobSpec.Integer("parallelism") ?? 1, 1, TrainerApi.MaximumNodes);
        DependsOn = [.. job.Items("dependsOn").Select(dependency => new Dependency(dependency.Text("name") ?? "", dependency.Text("status") ?? ""))];
    }

    public string Name { get; }

    public string Step { get; }

    /// <summary>How many jobs; those that TrainJobs know of are one.</summary>
    public int Replicas { get; set; }

    /// <summary>The number of its first job among all jobs of the plan.</summary>
    public int FirstIndex { get; }

    public string GroupName { get; }

    /// <summary>The Kubernetes job's spec as the runtime has it.</summary>
    public JsonElement JobSpec { get; }

    public V1PodTemplateSpec Pod { get; }

    /// <summary>The pods of one job; each has an index and must succeed once.</summary>
    public int Nodes { get; set; }

    /// <summary>What must have come before a job may start.</summary>
    public ImmutableArray<Dependency> DependsOn { get; set; }

    public IndexPolicies Indexes => new(JobSpec);

    /// <summary>Where each index has a limit of its own there is none for all of them, unless one is said.</summary>
    public int BackoffLimit => (int)Math.Clamp(JobSpec.Integer("backoffLimit") ?? (Indexes.BackoffLimitPerIndex is null ? DefaultBackoffLimit : int.MaxValue), 0, int.MaxValue);

    public bool RestartsInPlace => Pod.Spec.RestartPolicy == "OnFailure";

    public V1Container? Container(string name) => Pod.Spec.Containers.FirstOrDefault(container => container.Name == name);

    public V1Container? InitContainer(string name) => Pod.Spec.InitContainers?.FirstOrDefault(container => container.Name == name);
}

/// <param name="Status">Ready or Complete.</param>
internal sealed record Dependency(string Name, string Status)
{
    public const string Ready = "Ready";
    public const string Complete = "Complete";
}
