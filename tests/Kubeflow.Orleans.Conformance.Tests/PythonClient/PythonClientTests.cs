using Kubeflow.Orleans.Conformance.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.PythonClient;

/// <summary>The official Python client, used as the Training SDK uses it.</summary>
public sealed class PythonClientTests(ControlPlane controlPlane)
{
    [Theory]
    [InlineData("TFJob", "tfjobs", "tfReplicaSpecs", "tensorflow")]
    [InlineData("PyTorchJob", "pytorchjobs", "pytorchReplicaSpecs", "pytorch")]
    public async Task A_job_is_created_watched_patched_read_and_deleted(string kind, string plural, string replicas, string container)
    {
        await Python.RequireAsync("kubernetes");
        var script = Path.Combine(AppContext.BaseDirectory, "PythonClient", "training_sdk.py");
        var team = await controlPlane.NewNamespaceAsync();

        var ran = await new ExternalProgram(Python.Path, script, controlPlane.Kubeconfig, team, kind, plural, replicas, container).RunAsync();

        Assert.Equal("all steps passed", ran.Succeeded().TrimEnd().Split('\n')[^1]);
    }
}
