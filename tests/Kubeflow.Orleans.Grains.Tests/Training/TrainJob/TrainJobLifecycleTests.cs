using Xunit;
using static Kubeflow.Orleans.Grains.Tests.Training.TrainJob.TrainJobManifests;

namespace Kubeflow.Orleans.Grains.Tests.Training.TrainJob;

public sealed class TrainJobLifecycleTests
{
    [Fact]
    public void Job_runs_a_pod_for_each_node_and_is_complete_when_all_have_succeeded()
    {
        var world = World("trainer: { numNodes: 3 }");
        world.Settle();

        Assert.Equal(["train-node-0-0", "train-node-0-1", "train-node-0-2"], world.Created.Select(pod => pod.Spec.Hostname).Order());
        Assert.All(world.Created, pod => Assert.Equal(("train", "OnFailure"), (pod.Spec.Subdomain, pod.Spec.RestartPolicy)));
        Assert.All(world.Created, pod => Assert.Matches("^train-node-0-[012]-[bcdfghjklmnpqrstvwxz2456789]{5}$", pod.Metadata.Name));
        Assert.Equal(("train", "None", true), world.CreatedServices.Select(service => (service.Metadata.Name, service.Spec.ClusterIP, service.Spec.PublishNotReadyAddresses == true)).Single());
        Assert.Empty(world.Conditions());
        Assert.Equal("0/0/0/1/0", world.Counts("node"));

        foreach (var pod in world.Pods.ToList())
        {
            world.Set(pod.Ready());
        }

        world.Settle();
        Assert.Equal("1/0/0/1/0", world.Counts("node"));
        Assert.Empty(world.Conditions());

        foreach (var pod in world.Pods.ToList())
        {
            world.Set(pod.Succeeded());
        }

        world.Settle();
        Assert.Equal(["Complete=True AllJobsCompleted: jobset completed successfully"], world.Conditions());
        Assert.Equal("0/1/0/0/0", world.Counts("node"));
        Assert.Equal(3, world.Created.Count);
    }

    [Fact]
    public void Pod_carries_the_labels_of_a_job_set_and_of_an_indexed_job()
    {
        var world = World("trainer: { numNodes: 2 }");
        world.Settle();
        var pod = world.CreatedPod("node", 1);

        Assert.Equal(
            ("train", "job-uid", "node", "0", "1", "1", "0", "0", "default", "1", "0"),
            (Set("jobset-name"), Set("jobset-uid"), Set("replicatedjob-name"), Set("restart-attempt"), Set("replicatedjob-replicas"), Set("global-replicas"), Set("job-index"), Set("job-global-index"),
                Set("group-name"), Set("group-replicas"), Set("job-group-index")));
        Assert.Matches("^[0-9a-f]{40}$", Set("job-key"));
        Assert.Equal(("train-node-0", "train-node-0", "1"), (pod.Metadata.Labels["batch.kubernetes.io/job-name"], pod.Metadata.Labels["job-name"], pod.Metadata.Labels["batch.kubernetes.io/job-completion-index"]));
        Assert.Equal("1", pod.Metadata.Annotations["batch.kubernetes.io/job-completion-index"]);
        Assert.Equal("metadata.annotations['batch.kubernetes.io/job-completion-index']", world.Environment("node", 1)["JOB_COMPLETION_INDEX"]);

        string Set(string name)
        {
            Assert.Equal(pod.Metadata.Labels[$"jobset.sigs.k8s.io/{name}"], pod.Metadata.Annotations[$"jobset.sigs.k8s.io/{name}"]);
            return pod.Metadata.Labels[$"jobset.sigs.k8s.io/{name}"];
        }
    }

    [Fact]
    public void Steps_run_in_the_order_they_depend_on_each_other()
    {
        var world = TrainJobWorld.Of(Job(runtime: "steps"), Steps);
        world.Settle();
        Assert.Equal(["dataset-initializer", "model-initializer"], Names());

        world.Set(world.Pod("dataset-initializer").Succeeded());
        world.Settle();
        Assert.Equal(["dataset-initializer", "model-initializer"], Names());

        world.Set(world.Pod("model-initializer").Succeeded());
        world.Settle();
        Assert.Equal(["dataset-initializer", "model-initializer", "node"], Names());
        Assert.Equal(["initializer-train"], world.Children.Select(child => child.Name));
        Assert.All(world.Created, pod => Assert.Equal("initializer-train", pod.Spec.Volumes.Single(volume => volume.Name == "initializer").PersistentVolumeClaim.ClaimName));
        Assert.Equal(("vision", "kept"), (world.CreatedServices.Single().Metadata.Labels["team"], world.CreatedServices.Single().Metadata.Annotations["note"]));

        world.Set(world.Pod("node").Succeeded());
        world.Settle();
        Assert.Equal(["Complete=True AllJobsCompleted: jobset completed successfully"], world.Conditions());

        IEnumerable<string> Names() => world.Created.Select(pod => pod.Metadata.Labels["jobset.sigs.k8s.io/replicatedjob-name"]);
    }

    [Fact]
    public void Suspended_job_makes_nothing_until_it_is_resumed_and_keeps_its_condition()
    {
        var world = World("suspend: true");
        world.Settle();
        Assert.Empty(world.Created);
        Assert.Empty(world.CreatedServices);
        Assert.Equal(["Suspended=True Suspended: TrainJob is suspended"], world.Conditions());
        Assert.Equal("0/0/0/0/1", world.Counts("node"));

        world.Job["spec"]!["suspend"] = false;
        world.Settle();
        Assert.Single(world.Created);
        Assert.Equal(["Suspended=False Resumed: TrainJob is resumed"], world.Conditions());
        Assert.Equal("0/0/0/1/0", world.Counts("node"));
    }

    [Fact]
    public void Suspending_takes_the_pods_that_run_but_nothing_that_was_reached()
    {
        var world = TrainJobWorld.Of(Job("trainer: { numNodes: 2 }", runtime: "steps"), Steps);
        world.Settle();
        world.Set(world.Pod("dataset-initializer").Succeeded());
        world.Set(world.Pod("model-initializer").Succeeded());
        world.Settle();
        world.Set(world.Pod("node", 0).Succeeded());
        world.Set(world.Pod("node", 1).Ready());
        world.Settle();

        world.Job["spec"]!["suspend"] = true;
        var decision = world.Decide();
        world.Write(decision);
        foreach (var action in decision.Actions)
        {
            world.Act(action, linger: true);
        }

        Assert.Equal("0/0/0/1/1", world.Counts("node"));
        world.Remove(world.Pod("node", 1).Name);
        world.Settle();
        Assert.Equal("0/0/0/0/1", world.Counts("node"));
        Assert.Equal("0/1/0/0/0", world.Counts("model-initializer"));
        Assert.Single(world.Children);

        world.Job["spec"]!["suspend"] = false;
        world.Settle();
        Assert.Equal(5, world.Created.Count);
        Assert.Equal("1", world.Created[^1].Metadata.Labels["batch.kubernetes.io/job-completion-index"]);
    }

    [Fact]
    public void Program_that_saves_its_state_and_ends_well_because_of_a_suspension_runs_again()
    {
        var world = World();
        world.Settle();
        var pod = world.Pod("node");
        world.Job["spec"]!["suspend"] = true;
        world.Set(pod.Succeeded() with { DeletionTime = world.Now });
        world.Settle();
        world.Remove(pod.Name);
        world.Settle();
        Assert.Equal("0/0/0/0/1", world.Counts("node"));

        world.Job["spec"]!["suspend"] = false;
        world.Settle();
        Assert.Equal(2, world.Created.Count);
    }

    [Fact]
    public void Job_of_another_manager_is_left_alone()
    {
        var world = World("managedBy: kueue.x-k8s.io/multikueue");
        world.Settle();
        Assert.Null(world.Job["status"]);
        Assert.Empty(world.Created);
    }

    [Theory]
    [InlineData("ClusterTrainingRuntime")]
    [InlineData("TrainingRuntime")]
    public void Runtime_is_taken_once_and_later_changes_do_not_concern_the_job(string kind)
    {
        var world = TrainJobWorld.Of(Job($"runtimeRef: {{ name: test, kind: {kind} }}\nsuspend: true").Replace("  runtimeRef: { name: test }\n", "", StringComparison.Ordinal), Runtime(container: "image: first", kind: kind));
        world.Settle();
        world.Runtime = TrainJobWorld.Complete(Tests.Training.World.ReadYaml(Runtime(container: "image: second", kind: kind)), "runtime-uid");
        world.Job["spec"]!["suspend"] = false;
        world.Settle();

        Assert.Equal("first", world.Created.Single().Spec.Containers.Single().Image);
    }

    [Fact]
    public void Job_that_ran_before_anybody_remembered_its_runtime_keeps_its_pods_and_the_runtime_of_now()
    {
        var world = World("trainer: { numNodes: 2 }", Runtime(container: "image: first"));
        world.Settle();
        world.Notes = null;
        world.Settle();
        world.Runtime = TrainJobWorld.Complete(Tests.Training.World.ReadYaml(Runtime(container: "image: second")), "runtime-uid");
        world.Remove(world.Pod("node", 1).Name);
        world.Settle();

        Assert.Equal(["first", "first", "first"], world.Created.Select(pod => pod.Spec.Containers.Single().Image));
        Assert.Equal(2, world.Pods.Count);
    }

    [Fact]
    public void Job_without_its_runtime_says_so_once_and_runs_when_the_runtime_comes()
    {
        var world = TrainJobWorld.Of(Job(), null);
        var said = world.Settle();
        Assert.Equal(["TrainJobResourcesCreationFailed"], said.Select(item => item.Reason));
        Assert.Null(world.Job["status"]);

        world.Runtime = TrainJobWorld.Complete(Tests.Training.World.ReadYaml(Runtime()), "runtime-uid");
        world.Settle();
        Assert.Single(world.Created);
    }

    [Fact]
    public void Job_with_a_runtime_of_an_unknown_kind_fails()
    {
        var world = TrainJobWorld.Of(Job().Replace("{ name: test }", "{ name: test, kind: Other, apiGroup: example.io }", StringComparison.Ordinal), null);
        world.Settle();
        Assert.Equal(["Failed=True TrainingRuntimeNotSupported: unsupported runtime: Other.example.io"], world.Conditions());
    }

    [Fact]
    public void Deadline_passes_and_takes_everything_with_it()
    {
        var world = World("activeDeadlineSeconds: 60");
        world.Settle();
        Assert.Equal(TrainJobWorld.Start.AddSeconds(60), world.Decide().NextWake);
        world.Set(world.Pod("node").Ready());
        world.Now += TimeSpan.FromSeconds(59);
        world.Settle();
        Assert.Empty(world.Conditions());

        world.Now += TimeSpan.FromSeconds(1);
        world.Settle();
        Assert.Equal(["Failed=True DeadlineExceeded: TrainJob exceeded its active deadline"], world.Conditions());
        Assert.Empty(world.Pods);
        Assert.Empty(world.Services);
        world.Now += TimeSpan.FromHours(1);
        world.Settle();
        Assert.Single(world.Created);
        Assert.Single(world.Conditions());
    }

    [Fact]
    public void Deadline_rests_while_suspended_and_begins_anew_on_resume()
    {
        var world = World("activeDeadlineSeconds: 60\nsuspend: true");
        world.Settle();
        world.Now += TimeSpan.FromHours(1);
        world.Settle();
        Assert.Equal(["Suspended=True Suspended: TrainJob is suspended"], world.Conditions());

        world.Job["spec"]!["suspend"] = false;
        world.Settle();
        world.Now += TimeSpan.FromSeconds(59);
        world.Settle();
        Assert.Equal(["Suspended=False Resumed: TrainJob is resumed"], world.Conditions());
        world.Now += TimeSpan.FromSeconds(1);
        world.Settle();
        Assert.Equal("Failed=True DeadlineExceeded: TrainJob exceeded its active deadline", world.Conditions()[^1]);
    }

    [Fact]
    public void Nothing_is_made_again_after_the_end()
    {
        var world = World();
        world.Settle();
        world.Set(world.Pod("node").Succeeded());
        world.Settle();
        foreach (var pod in world.Pods.ToList())
        {
            world.Remove(pod.Name);
        }

        world.Settle();
        Assert.Single(world.Created);
        Assert.Null(world.Decide().NextWake);
    }

    [Fact]
    public void Time_to_live_of_the_runtime_takes_the_pods_but_not_the_job()
    {
        var world = World(runtime: Runtime(jobSet: "ttlSecondsAfterFinished: 30"));
        world.Settle();
        world.Set(world.Pod("node").Succeeded());
        world.Settle();
        Assert.Single(world.Pods);
        Assert.Equal(TrainJobWorld.Start.AddSeconds(30), world.Decide().NextWake);

        world.Now += TimeSpan.FromSeconds(30);
        world.Settle();
        Assert.Empty(world.Pods);
        Assert.Empty(world.Services);
        Assert.False(world.Decide().DeleteObject);
        Assert.Equal(["Complete=True AllJobsCompleted: jobset completed successfully"], world.Conditions());
    }

    [Fact]
    public void Claims_that_are_to_outlive_the_job_have_no_owner_and_others_are_left_as_the_cluster_writes_them()
    {
        var world = TrainJobWorld.Of(Job(runtime: "steps"), Steps.Replace("- templates:", "- retentionPolicy: { whenDeleted: Retain }\n          templates:", StringComparison.Ordinal).Replace("- retention", "- templates: [{ metadata: { name: scratch }, spec: { resources: { requests: { storage: 1024Mi } } } }]\n        - retention", StringComparison.Ordinal));
        world.Settle();
        var claims = world.CreatedChildren.ToDictionary(child => child.Metadata.Name);
        Assert.Equal(["initializer-train", "scratch-train"], claims.Keys.Order());
        Assert.Null(claims["initializer-train"].Metadata.OwnerReferences);
        Assert.DoesNotContain(claims["initializer-train"].Metadata.Labels ?? new Dictionary<string, string>(), label => label.Key.Contains("owner", StringComparison.Ordinal));
        Assert.Equal("job-uid", claims["scratch-train"].Metadata.OwnerReferences.Single().Uid);

        // The cluster shows only what has an owner.
        world.Forget("initializer-train");
        world.Rewrite("scratch-train", text => text.Replace("1024Mi", "1Gi", StringComparison.Ordinal));
        Assert.Empty(world.Decide().Actions);
    }

    [Fact]
    public void Job_of_no_nodes_is_complete_at_once()
    {
        var world = World("trainer: { numNodes: 0 }");
        world.Settle();
        Assert.Empty(world.Created);
        Assert.Equal(["Complete=True AllJobsCompleted: jobset completed successfully"], world.Conditions());
    }

    [Fact]
    public void Reported_progress_survives_what_is_decided()
    {
        var world = World();
        world.Job["status"] = Tests.Training.World.ReadYaml("""trainerStatus: { progressPercentage: 40, lastUpdatedTime: "2026-01-01T00:00:00Z" }""");
        world.Settle();
        Assert.Equal(40, world.Job["status"]!["trainerStatus"]!["progressPercentage"]!.GetValue<double>());
        Assert.NotNull(world.Job["status"]!["jobsStatus"]);
    }
}
