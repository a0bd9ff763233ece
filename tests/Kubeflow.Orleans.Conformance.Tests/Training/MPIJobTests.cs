using System.Text.Json.Nodes;
using Kubeflow.Orleans.Conformance.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Training;

/// <summary>Debian's mpirun starts ranks in several pods, in both of MPIJob's ways.</summary>
public sealed class MPIJobTests(ControlPlane controlPlane)
{
    private const string Program = "from mpi4py import MPI; import socket; all = MPI.COMM_WORLD; print(f'rank {all.rank} of {all.size} on {socket.gethostname()} sum {all.allreduce(all.rank + 1)}', flush=True)";

    [Theory]
    [InlineData("v1", "")]
    [InlineData("v2beta1", "/usr/sbin/sshd")]
    public async Task Ranks_in_two_workers_compute_a_sum_together(string version, string needs)
    {
        await RequireAsync(needs);
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        var path = $"/apis/kubeflow.org/{version}/namespaces/{team}/mpijobs";
        var created = await client.PostAsync($"{path}?fieldValidation=Strict", Manifest(version, "sum"), "application/yaml");
        Assert.True(created.Code == 201, created.ToString());

        await client.UntilAsync($"{path}/sum", job => Jobs.HasCondition(job, "Succeeded") || Jobs.HasCondition(job, "Failed"), "finished");

        var log = await LauncherLogAsync(client, team, "sum", version);
        Assert.Contains("rank 0 of 2 on sum-worker-0 sum 3\n", log, StringComparison.Ordinal);
        Assert.Contains("rank 1 of 2 on sum-worker-1 sum 3\n", log, StringComparison.Ordinal);
        Assert.True(Jobs.HasCondition((await client.GetAsync($"{path}/sum")).Body, "Succeeded"), log);
        await client.UntilAsync($"/api/v1/namespaces/{team}/pods", pods => pods["items"]!.AsArray().Count == 1, "left with the launcher alone");
    }

    [Fact]
    public async Task Job_is_shown_in_both_versions_and_stays_what_it_was_created_as()
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        var suspended = Manifest("v2beta1", "kept").Replace("runPolicy: {", "runPolicy: {suspend: true, ", StringComparison.Ordinal);
        await client.PostAsync($"/apis/kubeflow.org/v2beta1/namespaces/{team}/mpijobs", suspended, "application/yaml");
        await client.UntilAsync($"/apis/kubeflow.org/v2beta1/namespaces/{team}/mpijobs/kept", job => Jobs.HasCondition(job, "Suspended"), "suspended");

        var other = await client.GetAsync($"/apis/kubeflow.org/v1/namespaces/{team}/mpijobs/kept");
        var launcher = await client.UntilAsync($"/apis/batch/v1/namespaces/{team}/jobs/kept-launcher", job => true, "there");

        Assert.Equal("kubeflow.org/v1", (string?)other.Body["apiVersion"]);
        Assert.Equal("/root/.ssh", (string?)other.Body["spec"]!["sshAuthMountPath"]);
        Assert.Equal("kubeflow.org/v2beta1", (string?)launcher["metadata"]!["ownerReferences"]![0]!["apiVersion"]);
        Assert.Equal(["v1", "v2beta1"], (await client.GetAsync("/apis/kubeflow.org")).Body["versions"]!.AsArray().Select(version => (string?)version!["version"]));
    }

    [Fact]
    public async Task Upstreams_pi_runs_on_a_small_host_where_the_program_is_one_of_this_host()
    {
        await RequireAsync("/usr/sbin/sshd");
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        var stock = await File.ReadAllTextAsync(Repository.Fixture(Path.Combine("training", "mpi-v2beta1", "mpijob-v2beta1-pi.yaml")), TestContext.Current.CancellationToken);
        var path = $"/apis/kubeflow.org/v2beta1/namespaces/{team}/mpijobs";
        var created = await client.PostAsync($"{path}?fieldValidation=Strict", stock.Replace("/home/mpiuser/pi", "hostname", StringComparison.Ordinal).Replace("cpu: 1", "cpu: 100m", StringComparison.Ordinal), "application/yaml");
        Assert.True(created.Code == 201, created.ToString());

        await client.UntilAsync($"{path}/pi", job => Jobs.HasCondition(job, "Succeeded") || Jobs.HasCondition(job, "Failed"), "finished");

        var pods = await client.GetAsync($"/api/v1/namespaces/{team}/pods?labelSelector=training.kubeflow.org%2Fjob-role%3Dlauncher");
        var log = (await client.GetAsync($"/api/v1/namespaces/{team}/pods/{pods.Items.Single()["metadata"]!["name"]}/log")).Text;
        Assert.Equal(["pi-worker-0", "pi-worker-1"], log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    private static async Task RequireAsync(string program)
    {
        await Python.RequireAsync("mpi4py");
        foreach (var needed in new[] { "/usr/bin/mpirun", program }.Where(needed => needed.Length > 0 && !File.Exists(needed)))
        {
            Assert.Skip($"{needed} is not installed.");
        }
    }

    private static async Task<string> LauncherLogAsync(RawClient client, string team, string job, string version)
    {
        var pods = await client.GetAsync($"/api/v1/namespaces/{team}/pods?labelSelector=training.kubeflow.org%2Fjob-name%3D{job}");
        var launcher = pods.Body["items"]!.AsArray().Single(pod => ((string)pod!["metadata"]!["name"]!).StartsWith($"{job}-launcher", StringComparison.Ordinal))!;
        Assert.Equal(version == "v1" ? "master" : "launcher", (string?)launcher["metadata"]!["labels"]!["training.kubeflow.org/job-role"]);
        return (await client.GetAsync($"/api/v1/namespaces/{team}/pods/{launcher["metadata"]!["name"]}/log?container=launch")).Text;
    }

    private static string Manifest(string version, string name) => $$"""
        apiVersion: kubeflow.org/{{version}}
        kind: MPIJob
        metadata: {name: {{name}}}
        spec:
          slotsPerWorker: 1
          runPolicy: {cleanPodPolicy: Running}
          mpiReplicaSpecs:
            Launcher:
              replicas: 1
              template:
                spec:
                  containers:
                    - name: launch
                      image: mpi
                      command: [mpirun]
                      args: [-n, "2", {{Python.Path}}, -c, {{JsonValue.Create(Program).ToJsonString()}}]
            Worker:
              replicas: 2
              template:
                spec:
                  containers:
                    - {name: work, image: mpi}

        """;
}
