using Kubeflow.Orleans.Conformance.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Training;

/// <summary>Training code reports how far it is with nothing but its standard library.</summary>
public sealed class ProgressTests(ControlPlane controlPlane)
{
    private const string Script = """
        import json, os, ssl, sys, urllib.request, urllib.error
        url = os.environ["KUBEFLOW_TRAINER_SERVER_URL"]
        token = open(os.environ["KUBEFLOW_TRAINER_SERVER_TOKEN"]).read()
        tls = ssl.create_default_context(cafile=os.environ["KUBEFLOW_TRAINER_SERVER_CA_CERT"])
        def call(url, body):
            headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
            return urllib.request.urlopen(urllib.request.Request(url, body, headers), context=tls, timeout=10)
        if os.environ["RANK"] == "0":
            status = {"progressPercentage": 42, "metrics": [{"name": "loss", "value": "0.25"}]}
            call(url, json.dumps({"trainerStatus": status}).encode())
        try:
            call(url.rsplit("/", 1)[0], None)
            sys.exit("the token opens more than it should")
        except urllib.error.HTTPError as refusal:
            assert refusal.code == 401, refusal
        """;

    [Fact]
    public async Task Progress_of_a_job_stands_in_its_status()
    {
        await Python.RequireAsync("ssl");
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        var script = Path.Combine(Directory.CreateTempSubdirectory("kfo-progress-").FullName, "report.py");
        await File.WriteAllTextAsync(script, Script, TestContext.Current.CancellationToken);
        var manifest = Manifests.PyTorchJob("reporter", $"exec {Python.Path} {script}").Replace(
            "  name: reporter\n", "  name: reporter\n  annotations: {kubeflow-orleans.dev/progress: Report}\n", StringComparison.Ordinal);
        var created = await client.PostAsync($"/apis/kubeflow.org/v1/namespaces/{team}/pytorchjobs?fieldValidation=Strict", manifest, "application/yaml");
        Assert.True(created.Code == 201, created.ToString());

        var job = await client.UntilAsync(
            $"/apis/kubeflow.org/v1/namespaces/{team}/pytorchjobs/reporter", job => Jobs.HasCondition(job, "Succeeded") || Jobs.HasCondition(job, "Failed"), "finished");

        Assert.True(Jobs.HasCondition(job, "Succeeded"), job.ToJsonString());
        Assert.Equal(42, job["status"]!["trainerStatus"]!["progressPercentage"]!.GetValue<int>());
        Assert.Equal("0.25", job["status"]!["trainerStatus"]!["metrics"]![0]!["value"]!.GetValue<string>());
    }
}
