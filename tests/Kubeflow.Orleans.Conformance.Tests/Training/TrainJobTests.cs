using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kubeflow.Orleans.Conformance.Tests.Kfo;
using Kubeflow.Orleans.Conformance.Tests.Kubectl;
using Kubeflow.Orleans.Conformance.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Training;

/// <summary>TrainJobs as clients see them, and as their programs do.</summary>
public sealed partial class TrainJobTests(ControlPlane controlPlane)
{
    private const string Root = "/apis/trainer.kubeflow.org/v1alpha1";

    [Fact]
    public async Task Nodes_average_their_gradients_and_end_with_the_same_loss()
    {
        await Python.RequireAsync("torch");
        await using var home = new KfoHome();
        var output = (await home.RunAsync("run", Repository.Sample("pytorch-trainjob.yaml"))).Succeeded();

        var losses = Loss().Matches(output).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(3, losses.Count);
        Assert.Single(losses.Distinct());
    }

    [Fact]
    public async Task The_digits_sample_learns()
    {
        await using var home = new KfoHome();
        var output = (await home.RunAsync("run", Repository.Sample("digits-trainjob.yaml"))).Succeeded();

        Assert.InRange(double.Parse(Accuracy().Match(output).Groups[1].Value, CultureInfo.InvariantCulture), 0.95, 1);
        Assert.Contains("[node-2] ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("torch-distributed", "torch")]
    [InlineData("jax-distributed", "jax")]
    [InlineData("xgboost-distributed", "xgboost")]
    [InlineData("deepspeed-distributed", "deepspeed")]
    [InlineData("mlx-distributed", "mlx")]
    [InlineData("torchtune-llama3.2-1b", "torchtune")]
    [InlineData("torchtune-llama3.2-3b", "torchtune")]
    [InlineData("torchtune-qwen2.5-1.5b", "torchtune")]
    public async Task Runtimes_are_there_from_the_start(string name, string framework)
    {
        using var client = controlPlane.NewClient();
        var runtime = await client.GetAsync($"{Root}/clustertrainingruntimes/{name}");
        Assert.Equal(200, runtime.Code);
        Assert.Equal(framework, (string?)runtime.Body["metadata"]!["labels"]!["trainer.kubeflow.org/framework"]);
    }

    [Fact]
    public async Task Every_built_in_policy_tells_real_processes_their_place()
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        foreach (var (runtime, variables, expected) in ((string, string, string)[])
            [
                ("torch-distributed", "$PET_NODE_RANK/$PET_NNODES/$PET_NPROC_PER_NODE/$PET_MASTER_ADDR:$PET_MASTER_PORT", "1/2/1/torch-distributed-node-0-0.torch-distributed:29500"),
                ("jax-distributed", "$JAX_PROCESS_ID/$JAX_NUM_PROCESSES/$JAX_COORDINATOR_ADDRESS", "1/2/jax-distributed-node-0-0.jax-distributed:29500"),
                ("xgboost-distributed", "$DMLC_TASK_ID/$DMLC_NUM_WORKER/$DMLC_TRACKER_URI:$DMLC_TRACKER_PORT", "1/2/xgboost-distributed-node-0-0.xgboost-distributed:29500"),
            ])
        {
            await CreateAsync(client, team, Job(runtime, runtime, $"echo place={variables}/$JOB_COMPLETION_INDEX"));
            await client.UntilAsync($"{Root}/namespaces/{team}/trainjobs/{runtime}", job => Jobs.HasCondition(job, "Complete"), "complete");

            // As the Kubeflow SDK looks for them.
            var pods = await client.GetAsync(
                $"/api/v1/namespaces/{team}/pods?labelSelector=jobset.sigs.k8s.io%2Fjobset-name%3D{runtime}%2Cjobset.sigs.k8s.io%2Freplicatedjob-name%20in%20(dataset-initializer,%20model-initializer,%20launcher,%20node)");
            var second = pods.Body["items"]!.AsArray().Single(pod => (string?)pod!["metadata"]!["labels"]!["batch.kubernetes.io/job-completion-index"] == "1")!;
            var log = await client.GetAsync($"/api/v1/namespaces/{team}/pods/{second["metadata"]!["name"]}/log");
            Assert.Contains($"place={expected}/1\n", log.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Launcher_starts_ranks_on_two_nodes_over_SSH()
    {
        await Python.RequireAsync("mpi4py");
        foreach (var needed in ((string[])["/usr/bin/mpirun", "/usr/sbin/sshd"]).Where(needed => !File.Exists(needed)))
        {
            Assert.Skip($"{needed} is not installed.");
        }

        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        await CreateAsync(client, team, MPIRuntime, "trainingruntimes");
        const string program = "from mpi4py import MPI; import socket; all = MPI.COMM_WORLD; print(f'rank {all.rank} of {all.size} on {socket.gethostname()} sum {all.allreduce(all.rank + 1)}', flush=True)";
        var launch = JsonValue.Create(program).ToJsonString();
        await CreateAsync(client, team, $$"""
            apiVersion: trainer.kubeflow.org/v1alpha1
            kind: TrainJob
            metadata: { name: sum }
            spec:
              runtimeRef: { name: mpi, kind: TrainingRuntime }
              trainer: { numNodes: 2, command: [mpirun, --allow-run-as-root, -n, "2", {{Python.Path}}, -c, {{launch}}] }
            """);
        await client.UntilAsync($"{Root}/namespaces/{team}/trainjobs/sum", job => Jobs.HasCondition(job, "Complete") || Jobs.HasCondition(job, "Failed"), "finished");

        var pods = await client.GetAsync($"/api/v1/namespaces/{team}/pods?labelSelector=jobset.sigs.k8s.io%2Freplicatedjob-name%3Dlauncher");
        var log = await client.GetAsync($"/api/v1/namespaces/{team}/pods/{pods.Body["items"]![0]!["metadata"]!["name"]}/log");
        Assert.Contains("rank 0 of 2 on sum-node-0-0 sum 3\n", log.Text, StringComparison.Ordinal);
        Assert.Contains("rank 1 of 2 on sum-node-0-1 sum 3\n", log.Text, StringComparison.Ordinal);
        await client.UntilAsync($"/api/v1/namespaces/{team}/pods", list => list["items"]!.AsArray().Count == 1, "left with the launcher alone");
    }

    [Fact]
    public async Task Job_is_suspended_patched_and_resumed()
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        var path = $"{Root}/namespaces/{team}/trainjobs/patched";
        await CreateAsync(client, team, Job("patched", "torch-distributed", "sleep 600", suspend: true));
        await client.UntilAsync(path, job => Jobs.HasCondition(job, "Suspended"), "suspended");

        var patched = await client.PatchAsync(path, """
            {"spec":{"suspend":false,"runtimePatches":[{"manager":"kueue.x-k8s.io/manager","trainingRuntimeSpec":{"template":{"spec":{"replicatedJobs":[
              {"name":"node","template":{"spec":{"template":{"metadata":{"labels":{"quota":"a"}}}}}}]}}}}]}}
            """, "application/merge-patch+json");
        Assert.True(patched.Code == 200, patched.ToString());
        Assert.NotNull(patched.Body["spec"]!["runtimePatches"]![0]!["time"]);
        var pods = $"/api/v1/namespaces/{team}/pods?labelSelector=quota%3Da";
        await client.UntilAsync(pods, list => list["items"]!.AsArray().Count == 2, "two pods");
        await client.UntilAsync(path, job => (int?)job["status"]?["jobsStatus"]?[0]?["ready"] == 1, "ready");

        Assert.Equal(200, (await client.PatchAsync(path, """{"spec":{"suspend":true}}""", "application/merge-patch+json")).Code);
        await client.UntilAsync(path, job => Jobs.HasCondition(job, "Suspended") && (int?)job["status"]!["jobsStatus"]![0]!["active"] == 0, "suspended without pods");
        await client.UntilAsync(pods, list => list["items"]!.AsArray().Count == 0, "empty");
    }

    [Theory]
    [InlineData("runtimeRef: { name: torch-distributed }", "runtimeRef: { name: nowhere }", "must be created before the TrainJob is created")]
    [InlineData("numNodes: 2", "numNodes: -1", "spec.trainer.numNodes")]
    [InlineData("suspend: false", "initializer: { dataset: {} }", "must have dataset-initializer job")]
    public async Task Job_is_refused_with_the_reason(string right, string wrong, string reason)
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        var refused = await client.PostAsync($"{Root}/namespaces/{team}/trainjobs", Job("bad", "torch-distributed", "true").Replace(right, wrong, StringComparison.Ordinal), "application/yaml");
        Assert.Equal(422, refused.Code);
        Assert.Contains(reason, (string?)refused.Body["message"], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(KubectlSession.VersionsAsync), MemberType = typeof(KubectlSession))]
    public async Task Kubectl_shows_state_and_explains_fields(string version)
    {
        var kubectl = await KubectlSession.OpenAsync(controlPlane, version);
        (await kubectl.ApplyAsync(Job("shown", "torch-distributed", "true", suspend: true))).Succeeded();
        using var client = controlPlane.NewClient();
        await client.UntilAsync($"{Root}/namespaces/{kubectl.Namespace}/trainjobs/shown", job => Jobs.HasCondition(job, "Suspended"), "suspended");

        var listed = await kubectl.RunAsync("get", "trainjobs");
        Assert.Matches(@"NAME +STATE +AGE\s+shown +Suspended ", listed);
        Assert.Contains("numNodes", await kubectl.RunAsync("explain", "trainjob.spec.trainer"), StringComparison.Ordinal);
        Assert.Contains("torch-distributed", await kubectl.RunAsync("get", "clustertrainingruntimes"), StringComparison.Ordinal);
    }

    private static string Job(string name, string runtime, string script, bool suspend = false) => $$"""
        apiVersion: trainer.kubeflow.org/v1alpha1
        kind: TrainJob
        metadata: { name: {{name}} }
        spec:
          runtimeRef: { name: {{runtime}} }
          suspend: {{(suspend ? "true" : "false")}}
          trainer:
            numNodes: 2
            command: ["sh", "-c", "{{script}}"]
        """;

    private const string MPIRuntime = """
        apiVersion: trainer.kubeflow.org/v1alpha1
        kind: TrainingRuntime
        metadata: { name: mpi, labels: { trainer.kubeflow.org/framework: mpi } }
        spec:
          mlPolicy: { numNodes: 1, mpi: {} }
          template:
            spec:
              successPolicy: { operator: All, targetReplicatedJobs: [launcher] }
              replicatedJobs:
                - name: node
                  template:
                    spec:
                      template:
                        spec: { containers: [{ name: node, image: mpi, command: [/usr/sbin/sshd, -De], readinessProbe: { tcpSocket: { port: 2222 }, periodSeconds: 1 } }] }
                - name: launcher
                  dependsOn: [{ name: node, status: Ready }]
                  template:
                    metadata: { labels: { trainer.kubeflow.org/trainjob-ancestor-step: trainer } }
                    spec:
                      template:
                        spec: { containers: [{ name: node, image: mpi }] }
        """;

    private static async Task CreateAsync(RawClient client, string team, string manifest, string resource = "trainjobs")
    {
        var created = await client.PostAsync($"{Root}/namespaces/{team}/{resource}?fieldValidation=Strict", manifest, "application/yaml");
        Assert.True(created.Code == 201, created.ToString());
    }

    [GeneratedRegex(@"result: rank \d loss ([\d.]+),")]
    private static partial Regex Loss();

    [GeneratedRegex(@"result: held-out accuracy ([\d.]+) ")]
    private static partial Regex Accuracy();
}
