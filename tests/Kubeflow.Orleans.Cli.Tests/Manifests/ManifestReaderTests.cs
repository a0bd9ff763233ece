using Kubeflow.Orleans.Cli.Manifests;
using Kubeflow.Orleans.Core;
using Xunit;

namespace Kubeflow.Orleans.Cli.Tests.Manifests;

public sealed class ManifestReaderTests
{
    [Fact]
    public void Documents_keep_their_number_when_empty_ones_stand_between()
    {
        var manifests = ManifestReader.Read("jobs.yaml", "---\n# nothing\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\n");

        Assert.Equal(["a", "b"], manifests.Select(manifest => manifest.Name));
        Assert.Equal("jobs.yaml, document 4", manifests[1].Place);
    }

    [Fact]
    public void A_list_gives_its_items()
    {
        var manifests = ManifestReader.Read("list.json", """{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}},{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"b-"}}]}""");

        Assert.Equal(["a", ""], manifests.Select(manifest => manifest.Name));
    }

    [Theory]
    [InlineData("", "holds no object")]
    [InlineData("just words", "no Kubernetes-style object")]
    [InlineData("kind: Pod\nmetadata: {name: a}", "no Kubernetes-style object")]
    [InlineData("apiVersion: v1\nkind: Pod\nmetadata: {}", "has no metadata.name")]
    [InlineData("apiVersion: v1\nkind: [", "not valid YAML")]
    public void What_is_no_object_is_refused_with_its_place(string text, string reason)
    {
        var failure = Assert.Throws<FailureException>(() => ManifestReader.Read("bad.yaml", text));

        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.StartsWith("bad.yaml", failure.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Refused, failure.ExitCode);
    }

    [Fact]
    public void Bad_yaml_names_the_line() =>
        Assert.StartsWith("bad.yaml, line 3", Assert.Throws<FailureException>(() => ManifestReader.Read("bad.yaml", "a: 1\nb: 2\n c: 3\n")).Message, StringComparison.Ordinal);

    [Fact]
    public void Anchors_and_merge_keys_are_resolved()
    {
        var node = Objects.Node("a: &base {x: 1, y: 2}\nb: *base\nc:\n  <<: *base\n  y: 3\n");

        Assert.Equal("""{"a":{"x":1,"y":2},"b":{"x":1,"y":2},"c":{"y":3,"x":1}}""", node.ToJsonString());
    }

    [Fact]
    public void Every_pod_template_starts_in_the_manifests_folder()
    {
        var job = Objects.Node("kind: TFJob\nspec: {tfReplicaSpecs: {Chief: {template: {spec: {containers: [{name: a}]}}}, Worker: {template: {metadata: {annotations: {kubeflow-orleans.dev/working-directory: /mine}}, spec: {containers: [{name: b}]}}}}}");

        WorkingDirectory.Annotate(job, "/samples");

        Assert.Equal("/samples", Annotation("Chief"));
        Assert.Equal("/mine", Annotation("Worker"));
        string? Annotation(string role) => job["spec"]!["tfReplicaSpecs"]![role]!["template"]!["metadata"]!["annotations"]![WellKnown.WorkingDirectoryAnnotation]?.GetValue<string>();
    }

    [Fact]
    public void A_bare_pod_starts_in_the_manifests_folder_too()
    {
        var pod = Objects.Node("kind: Pod\nspec: {containers: [{name: a}]}");

        WorkingDirectory.Annotate(pod, "/samples");

        Assert.Equal("/samples", pod["metadata"]!["annotations"]![WellKnown.WorkingDirectoryAnnotation]!.GetValue<string>());
    }

    [Fact]
    public void An_object_without_pods_stays_as_it_is()
    {
        var map = Objects.Node("kind: ConfigMap\ndata: {template: text}");

        WorkingDirectory.Annotate(map, "/samples");

        Assert.Equal("""{"kind":"ConfigMap","data":{"template":"text"}}""", map.ToJsonString());
    }
}
