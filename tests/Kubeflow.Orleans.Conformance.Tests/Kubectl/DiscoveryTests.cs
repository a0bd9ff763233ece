using System.Text.RegularExpressions;
using Kubeflow.Orleans.Conformance.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Kubectl;

/// <summary>What kubectl learns about the server, and that it asks for nothing the server does not have.</summary>
public sealed partial class DiscoveryTests(ControlPlane controlPlane)
{
    [Theory]
    [MemberData(nameof(KubectlSession.VersionsAsync), MemberType = typeof(KubectlSession))]
    public async Task Kinds_are_listed_with_their_short_names(string version)
    {
        var kubectl = await KubectlSession.OpenAsync(controlPlane, version);

        var listed = await kubectl.TryAsync("api-resources");

        Assert.Matches(@"(?m)^tfjobs +kubeflow\.org/v1 +true +TFJob$", listed.Succeeded());
        Assert.Matches(@"(?m)^pytorchjobs +kubeflow\.org/v1 +true +PyTorchJob$", listed.Output);
        Assert.Matches(@"(?m)^pods +po +v1 +true +Pod$", listed.Output);
        Assert.Matches(@"(?m)^events +ev +v1 +true +Event$", listed.Output);
        Assert.Equal("", listed.Error);
        Assert.Contains("kubeflow.org/v1\n", await kubectl.RunAsync("api-versions"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(KubectlSession.VersionsAsync), MemberType = typeof(KubectlSession))]
    public async Task Fields_are_explained(string version)
    {
        var kubectl = await KubectlSession.OpenAsync(controlPlane, version);

        Assert.Matches(@"tfReplicaSpecs\s+<map\[string\]Object> -required-", await kubectl.RunAsync("explain", "tfjob.spec"));
        Assert.Matches(@"backoffLimit\s+<integer>", await kubectl.RunAsync("explain", "pytorchjob.spec.runPolicy"));
        Assert.Matches(@"containers\s+<\[\]Object>|containers\s+<\[\]Container>", await kubectl.RunAsync("explain", "pod.spec"));
    }

    [Theory]
    [MemberData(nameof(KubectlSession.VersionsAsync), MemberType = typeof(KubectlSession))]
    public async Task Everyday_commands_get_no_answer_but_success(string version)
    {
        var kubectl = await KubectlSession.OpenAsync(controlPlane, version);

        var applied = await kubectl.ApplyAsync(Manifests.TFJob("tf", "true"), "--v=6");
        applied.Succeeded();
        var refused = Refusal().Matches(applied.Error).Select(match => match.Value).ToList();
        Assert.True(refused.All(line => line.Contains("404", StringComparison.Ordinal) && line.Contains("/tfjobs/tf", StringComparison.Ordinal)), string.Join('\n', refused));

        string[][] commands =
        [
            ["wait", "--for=condition=Succeeded", "tfjob/tf", "--timeout=60s"],
            ["get", "tfjobs,pytorchjobs,pods,services,events", "--output=wide"],
            ["get", "pods", "--sort-by=.metadata.name"],
            ["get", "nodes"],
            ["describe", "tfjob", "tf"],
            ["describe", "pods"],
            ["logs", "tf-worker-0"],
            ["version"],
        ];
        foreach (var command in commands)
        {
            var ran = await kubectl.TryAsync([.. command, "--v=6"]);
            ran.Succeeded();
            Assert.Empty(Refusal().Matches(ran.Error).Select(match => match.Value));
        }
    }

    /// <summary>Up to 1.32 "GET URL 404 Not Found in 3 milliseconds", since then status="404 Not Found".</summary>
    [GeneratedRegex(@"(?m)^.*(https://\S+ |status=""?)[45]\d\d .*$")]
    private static partial Regex Refusal();
}
