using System.Text.RegularExpressions;
using Kubeflow.Orleans.Conformance.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Training;

/// <summary>Real frameworks find each other by what the control plane tells their pods.</summary>
public sealed partial class ManyProcessTests(ControlPlane controlPlane)
{
    [Fact]
    public async Task Ranks_of_a_PyTorchJob_average_their_gradients_and_end_with_the_same_loss()
    {
        await Python.RequireAsync("torch");
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        var script = Path.Combine(Path.GetDirectoryName(Repository.Sample("pytorch-allreduce.yaml"))!, "pytorch", "allreduce.py");
        await CreateAsync(client, team, "pytorchjobs", Manifests.PyTorchJob("allreduce", $"exec {Python.Path} {script}", workers: 2));

        await client.UntilAsync($"/apis/kubeflow.org/v1/namespaces/{team}/pytorchjobs/allreduce", job => Jobs.HasCondition(job, "Succeeded"), "succeeded");

        var losses = new List<string>();
        foreach (var pod in (string[])["allreduce-master-0", "allreduce-worker-0", "allreduce-worker-1"])
        {
            var log = await client.GetAsync($"/api/v1/namespaces/{team}/pods/{pod}/log?container=pytorch&follow=true");
            losses.Add(Loss().Match(log.Text).Groups[1].Value);
        }

        Assert.NotEqual("", losses[0]);
        Assert.Single(losses.Distinct());
    }

    [Fact]
    public async Task Pods_of_an_elastic_PyTorchJob_are_told_how_to_meet()
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        const string elastic = "\n  elasticPolicy: {rdzvBackend: c10d, minReplicas: 1, maxReplicas: 3, maxRestarts: 7}";
        var manifest = Manifests.PyTorchJob("elastic", "env | grep ^PET_ | sort", workers: 2, elastic);
        var workersOnly = Regex.Replace(manifest, @"(?s)    Master:\n(.*?template:) &replica\n(.*)    Worker:\n(.*)\*replica\n", "    Worker:\n$3\n$2");
        await CreateAsync(client, team, "pytorchjobs", workersOnly);

        await client.UntilAsync($"/apis/kubeflow.org/v1/namespaces/{team}/pytorchjobs/elastic", job => Jobs.HasCondition(job, "Succeeded"), "succeeded");

        var log = await client.GetAsync($"/api/v1/namespaces/{team}/pods/elastic-worker-0/log");
        Assert.Contains("PET_MAX_RESTARTS=7\n", log.Text, StringComparison.Ordinal);
        Assert.Contains("PET_NNODES=1:3\n", log.Text, StringComparison.Ordinal);
        Assert.Contains("PET_RDZV_BACKEND=c10d\n", log.Text, StringComparison.Ordinal);
        Assert.Contains("PET_RDZV_ENDPOINT=elastic-worker-0:23456\n", log.Text, StringComparison.Ordinal);
    }

    private static async Task CreateAsync(RawClient client, string team, string resource, string manifest)
    {
        var created = await client.PostAsync($"/apis/kubeflow.org/v1/namespaces/{team}/{resource}?fieldValidation=Strict", manifest, "application/yaml");
        Assert.True(created.Code == 201, created.ToString());
    }

    [GeneratedRegex(@"result: rank \d loss ([\d.]+),")]
    private static partial Regex Loss();
}
