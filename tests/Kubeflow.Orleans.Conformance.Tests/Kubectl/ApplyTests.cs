using Kubeflow.Orleans.Conformance.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Kubectl;

/// <summary>Writing objects with every kubectl that is installed. The jobs are suspended: what counts is the objects.</summary>
public sealed class ApplyTests(ControlPlane controlPlane)
{
    private static readonly string Both = Manifests.TFJob("tf", "true", spec: Manifests.Suspended) + "---\n" + Manifests.PyTorchJob("torch", "true", spec: Manifests.Suspended);

    [Theory]
    [MemberData(nameof(KubectlSession.VersionsAsync), MemberType = typeof(KubectlSession))]
    public async Task A_file_is_created_then_unchanged_then_configured_then_deleted(string version)
    {
        var kubectl = await KubectlSession.OpenAsync(controlPlane, version);

        Assert.Equal(["tfjob.kubeflow.org/tf created", "pytorchjob.kubeflow.org/torch created"], await Applied(Both));
        Assert.Equal(["tfjob.kubeflow.org/tf unchanged", "pytorchjob.kubeflow.org/torch unchanged"], await Applied(Both));
        Assert.Equal(["tfjob.kubeflow.org/tf configured", "pytorchjob.kubeflow.org/torch configured"], await Applied(Both.Replace("image: busybox", "image: busybox:2", StringComparison.Ordinal)));
        Assert.Equal("busybox:2", await kubectl.RunAsync("get", "tfjob", "tf", "--output=jsonpath={.spec.tfReplicaSpecs.Worker.template.spec.containers[0].image}"));

        (await kubectl.DeleteAsync(Both)).Succeeded();
        Assert.Contains("NotFound", (await kubectl.TryAsync("get", "tfjob", "tf")).Failed(), StringComparison.Ordinal);

        async Task<IReadOnlyList<string>> Applied(string manifest)
        {
            var applied = await kubectl.ApplyAsync(manifest);
            Assert.Equal("", applied.Error);
            applied.Succeeded();
            return applied.Lines;
        }
    }

    [Theory]
    [MemberData(nameof(KubectlSession.VersionsAsync), MemberType = typeof(KubectlSession))]
    public async Task Labels_annotations_and_patches_of_a_job_are_kept(string version)
    {
        var kubectl = await KubectlSession.OpenAsync(controlPlane, version);
        (await kubectl.ApplyAsync(Both)).Succeeded();

        await kubectl.RunAsync("label", "tfjob/tf", "pytorchjob/torch", "stage=night");
        await kubectl.RunAsync("annotate", "tfjob", "tf", "example.com/note=slow");
        await kubectl.RunAsync("patch", "pytorchjob", "torch", "--type=merge", "--patch={\"spec\":{\"runPolicy\":{\"backoffLimit\":5}}}");
        await kubectl.RunAsync("patch", "tfjob", "tf", "--type=json", "--patch=[{\"op\":\"replace\",\"path\":\"/spec/tfReplicaSpecs/Worker/replicas\",\"value\":3}]");

        Assert.Equal("tfjob.kubeflow.org/tf\n", await kubectl.RunAsync("get", "tfjobs", "--selector=stage=night", "--output=name"));
        Assert.Equal("", await kubectl.RunAsync("get", "tfjobs", "--selector=stage!=night", "--output=name"));
        Assert.Equal("slow/3", await kubectl.RunAsync("get", "tfjob", "tf", "--output=jsonpath={.metadata.annotations.example\\.com/note}/{.spec.tfReplicaSpecs.Worker.replicas}"));
        Assert.Equal("5", await kubectl.RunAsync("get", "pytorchjob", "torch", "--output=jsonpath={.spec.runPolicy.backoffLimit}"));
    }

    [Theory]
    [MemberData(nameof(KubectlSession.VersionsAsync), MemberType = typeof(KubectlSession))]
    public async Task A_misspelt_field_is_refused_by_name(string version)
    {
        var kubectl = await KubectlSession.OpenAsync(controlPlane, version);

        var refused = await kubectl.ApplyAsync(Both.Replace("restartPolicy:", "restartPollicy:", StringComparison.Ordinal));

        Assert.Contains("restartPollicy", refused.Failed(), StringComparison.Ordinal);
        Assert.Equal("", await kubectl.RunAsync("get", "tfjobs,pytorchjobs", "--output=name"));
    }

    [Theory]
    [MemberData(nameof(KubectlSession.VersionsAsync), MemberType = typeof(KubectlSession))]
    public async Task Of_two_documents_the_good_one_is_created_and_the_bad_one_refused(string version)
    {
        var kubectl = await KubectlSession.OpenAsync(controlPlane, version);

        var applied = await kubectl.ApplyAsync(Both.Replace("name: torch", "name: Not_A_Name", StringComparison.Ordinal));

        var refusal = applied.Failed();
        Assert.Contains("Not_A_Name", refusal, StringComparison.Ordinal);
        Assert.Contains("metadata.name", refusal, StringComparison.Ordinal);
        Assert.Equal(["tfjob.kubeflow.org/tf created"], applied.Lines);
        Assert.Equal("tfjob.kubeflow.org/tf\n", await kubectl.RunAsync("get", "tfjobs,pytorchjobs", "--output=name"));
    }
}
