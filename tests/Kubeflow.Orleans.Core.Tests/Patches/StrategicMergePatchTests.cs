using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Patches;
using Kubeflow.Orleans.Core.Reading;
using Kubeflow.Orleans.Core.Schemas;
using Xunit;

namespace Kubeflow.Orleans.Core.Tests.Patches;

public sealed class StrategicMergePatchTests
{
    private static readonly Schema Pod = ClrSchema.Of(typeof(V1Pod));

    [Theory]
    [InlineData("containers merge by name", "spec: {containers: [{name: a, image: x}, {name: b, image: y}]}", "spec: {containers: [{name: b, image: z}]}", "spec: {containers: [{name: a, image: x}, {name: b, image: z}]}")]
    [InlineData("a new container is appended", "spec: {containers: [{name: a}]}", "spec: {containers: [{name: b, image: null, command: [c]}]}", "spec: {containers: [{name: a}, {name: b, command: [c]}]}")]
    [InlineData("an element is deleted", "spec: {containers: [{name: a}, {name: b}]}", "spec: {containers: [{$patch: delete, name: a}]}", "spec: {containers: [{name: b}]}")]
    [InlineData("a list is replaced", "spec: {containers: [{name: a}, {name: b}]}", "spec: {containers: [{name: c}, {$patch: replace}]}", "spec: {containers: [{name: c}]}")]
    [InlineData("a map is replaced", "spec: {nodeSelector: {a: '1', b: '2'}}", "spec: {nodeSelector: {c: '3', $patch: replace}}", "spec: {nodeSelector: {c: '3'}}")]
    [InlineData("a map is emptied", "spec: {securityContext: {runAsUser: 1}}", "spec: {securityContext: {$patch: delete}}", "spec: {securityContext: {}}")]
    [InlineData("an explicit merge merges", "spec: {nodeSelector: {a: '1'}}", "spec: {nodeSelector: {b: '2', $patch: merge}}", "spec: {nodeSelector: {a: '1', b: '2'}}")]
    [InlineData("null deletes", "spec: {nodeName: n, hostname: h}", "spec: {nodeName: null}", "spec: {hostname: h}")]
    [InlineData("a list without a strategy is replaced", "spec: {tolerations: [{key: a}]}", "spec: {tolerations: [{key: b}]}", "spec: {tolerations: [{key: b}]}")]
    [InlineData("nested lists merge by their own keys", "spec: {containers: [{name: a, env: [{name: X, value: '1'}], ports: [{containerPort: 80}]}]}", "spec: {containers: [{name: a, env: [{name: Y, value: '2'}], ports: [{containerPort: 80, name: http}]}]}", "spec: {containers: [{name: a, env: [{name: X, value: '1'}, {name: Y, value: '2'}], ports: [{containerPort: 80, name: http}]}]}")]
    [InlineData("volumes keep only the keys retained", "spec: {volumes: [{name: v, emptyDir: {}}]}", "spec: {volumes: [{name: v, $retainKeys: [name, configMap], configMap: {name: c}}]}", "spec: {volumes: [{name: v, configMap: {name: c}}]}")]
    [InlineData("finalizers merge as a set", "metadata: {finalizers: [a, b]}", "metadata: {finalizers: [b, c]}", "metadata: {finalizers: [a, b, c]}")]
    [InlineData("scalars are deleted by value", "metadata: {finalizers: [a, b, c]}", "metadata: {$deleteFromPrimitiveList/finalizers: [b]}", "metadata: {finalizers: [a, c]}")]
    [InlineData("scalars are ordered", "metadata: {finalizers: [a, b]}", "metadata: {$setElementOrder/finalizers: [c, b, a], finalizers: [c]}", "metadata: {finalizers: [c, b, a]}")]
    [InlineData("the author's order wins, the server's own keep their place", "spec: {containers: [{name: a}, {name: injected}, {name: b}]}", "spec: {$setElementOrder/containers: [{name: c}, {name: b}, {name: a}], containers: [{name: c}]}", "spec: {containers: [{name: c}, {name: injected}, {name: b}, {name: a}]}")]
    [InlineData("order alone reorders", "spec: {containers: [{name: a}, {name: b}]}", "spec: {$setElementOrder/containers: [{name: b}, {name: a}]}", "spec: {containers: [{name: b}, {name: a}]}")]
    [InlineData("directives are not stored", "spec: {}", "spec: {$setElementOrder/containers: [{name: a}], containers: [{name: a, $retainKeys: [name]}, {name: b, $patch: delete}]}", "spec: {containers: [{name: a}]}")]
    [InlineData("conditions merge by type", "status: {conditions: [{type: A, status: 'True'}]}", "status: {conditions: [{type: A, status: 'False'}, {type: B}]}", "status: {conditions: [{type: A, status: 'False'}, {type: B}]}")]
    public void Apply_follows_the_directives(string rule, string target, string patch, string expected)
    {
        var result = StrategicMergePatch.Apply(Yaml(target), Yaml(patch), Pod);

        Assert.True(JsonNode.DeepEquals(Yaml(expected), result), $"{rule}: {result.ToJsonString()}");
    }

    [Theory]
    [InlineData("spec: {$patch: frob}", PatchFailure.BadRequest)]
    [InlineData("spec: {$patch: 5}", PatchFailure.BadRequest)]
    [InlineData("spec: {containers: [{name: a, $patch: merge}]}", PatchFailure.BadRequest)]
    [InlineData("spec: {containers: [{name: a}, text]}", PatchFailure.BadRequest)]
    [InlineData("spec: {$setElementOrder/containers: a}", PatchFailure.BadRequest)]
    [InlineData("spec: {$retainKeys: a}", PatchFailure.BadRequest)]
    [InlineData("spec: {volumes: [{name: v, $retainKeys: [name], emptyDir: {}}]}", PatchFailure.Unprocessable)]
    [InlineData("spec: {containers: [[1]]}", PatchFailure.Unprocessable)]
    [InlineData("spec: {containers: [{image: nameless}]}", PatchFailure.InternalError)]
    public void Apply_a_malformed_patch_is_refused_as_in_Go(string patch, PatchFailure expected) => Assert.Equal(
        expected, Assert.Throws<PatchException>(() => StrategicMergePatch.Apply(Yaml("spec: {containers: [{name: a}], volumes: [{name: v}]}"), Yaml(patch), Pod)).Failure);

    [Fact]
    public void Apply_leaves_the_patch_as_it_was()
    {
        var patch = Yaml("spec: {containers: [{name: a, $patch: delete}]}");
        var before = patch.DeepClone();

        StrategicMergePatch.Apply(Yaml("spec: {containers: [{name: a}]}"), patch, Pod);

        Assert.True(JsonNode.DeepEquals(before, patch));
    }

    private static JsonObject Yaml(string text) => YamlDocuments.Read(text)[0].Node.AsObject();
}
