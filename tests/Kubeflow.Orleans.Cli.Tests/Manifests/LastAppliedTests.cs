using System.Text.Json.Nodes;
using Kubeflow.Orleans.Cli.Manifests;
using Kubeflow.Orleans.Core.Patches;
using Xunit;

namespace Kubeflow.Orleans.Cli.Tests.Manifests;

public sealed class LastAppliedTests
{
    [Fact]
    public void Fields_the_manifest_no_longer_has_go_and_fields_of_others_stay()
    {
        var live = LastApplied.Recorded(Objects.Node("{kind: TFJob, metadata: {name: a, labels: {old: x, kept: x}}, spec: {runPolicy: {backoffLimit: 3}, successPolicy: AllWorkers}}"));
        live["metadata"]!["uid"] = "1";
        live["metadata"]!["labels"]!["theirs"] = "x";

        var applied = Apply(Objects.Node("{kind: TFJob, metadata: {name: a, labels: {kept: y}}, spec: {successPolicy: AllWorkers}}"), live);

        Assert.Equal("""{"kept":"y","theirs":"x"}""", applied["metadata"]!["labels"]!.ToJsonString());
        Assert.Equal("""{"successPolicy":"AllWorkers"}""", applied["spec"]!.ToJsonString());
        Assert.Equal("1", (string?)applied["metadata"]!["uid"]);
    }

    [Fact]
    public void An_object_that_was_not_applied_before_keeps_what_the_manifest_does_not_say()
    {
        var applied = Apply(Objects.Node("{metadata: {name: a}, spec: {b: 2}}"), Objects.Node("{metadata: {name: a}, spec: {a: 1}}"));

        Assert.Equal("""{"a":1,"b":2}""", applied["spec"]!.ToJsonString());
    }

    [Fact]
    public void Applying_the_same_manifest_again_changes_nothing()
    {
        var manifest = Objects.Node("{metadata: {name: a, annotations: {note: x}}, spec: {list: [1, 2]}}");
        var live = LastApplied.Recorded(manifest);

        Assert.Equal(live.ToJsonString(), Apply(manifest, live).ToJsonString());
        Assert.Equal(live.ToJsonString(), LastApplied.Recorded(live).ToJsonString());
    }

    private static JsonNode Apply(JsonObject manifest, JsonObject live) =>
        MergePatch.Apply(live.DeepClone(), LastApplied.Patch(manifest, live))!;
}
