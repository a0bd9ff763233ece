using Kubeflow.Orleans.LocalCluster.Kubelet;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Kubelet;

public sealed class PodRunTests
{
    [Theory]
    [InlineData(NetworkMode.Detect)]
    [InlineData(NetworkMode.Replacement)]
    public async Task Pod_that_exits_zero_succeeds_and_keeps_its_log(NetworkMode mode)
    {
        await using var node = await TestNode.StartAsync(mode);
        node.Cluster.Put("pods", TestNode.ShellPod("ok", "echo hi; echo there >&2; hostname; pwd"));
        await node.Cluster.PhaseAsync("ok", "Succeeded");
        Assert.StartsWith("hi\nthere\n", await node.LogAsync("ok"), StringComparison.Ordinal);
    }
}
