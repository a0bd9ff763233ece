using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Reading;
using Kubeflow.Orleans.Core.Schemas;
using Xunit;

namespace Kubeflow.Orleans.Core.Tests.Schemas;

public sealed class ClrSchemaTests
{
    [Theory]
    [InlineData(typeof(V1PodSpec), "io.k8s.api.core.v1.PodSpec")]
    [InlineData(typeof(V1Pod), "io.k8s.api.core.v1.Pod")]
    [InlineData(typeof(V1ObjectMeta), "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")]
    [InlineData(typeof(V1DeploymentSpec), "io.k8s.api.apps.v1.DeploymentSpec")]
    [InlineData(typeof(V1JobSpec), "io.k8s.api.batch.v1.JobSpec")]
    [InlineData(typeof(Corev1Event), "io.k8s.api.core.v1.Event")]
    [InlineData(typeof(Rbacv1Subject), "io.k8s.api.rbac.v1.Subject")]
    [InlineData(typeof(V2HorizontalPodAutoscalerSpec), "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec")]
    public void Of_a_model_type_is_named_as_Kubernetes_publishes_it(Type type, string name) => Assert.Equal(name, ClrSchema.Of(type).DefinitionName);

    [Fact]
    public void Of_a_container_knows_types_requirements_and_merge_keys()
    {
        var container = ClrSchema.Of(typeof(V1Container));

        Assert.Equal(["name"], container.Required);
        Assert.Equal(("merge", "containerPort"), (container.Properties["ports"].PatchStrategy, container.Properties["ports"].PatchMergeKey));
        Assert.Equal(["containerPort", "protocol"], container.Properties["ports"].ListMapKeys);
        Assert.Equal(["containerPort"], container.Properties["ports"].Items!.Required);
        Assert.Equal("\"TCP\"", container.Properties["ports"].Items!.Properties["protocol"].DefaultJson);
        Assert.True(container.Properties["resources"].Properties["limits"].AdditionalProperties!.IntOrString);
        Assert.Equal("byte", ClrSchema.Of(typeof(V1Secret)).Properties["data"].AdditionalProperties!.Format);
    }

    [Fact]
    public void Of_a_self_containing_type_ends() => Assert.Equal("object", ClrSchema.Of(typeof(V1JSONSchemaProps)).Properties["not"].Type);

    [Fact]
    public void Of_the_same_type_is_one_instance() => Assert.Same(ClrSchema.Of(typeof(V1PodSpec)), ClrSchema.Of(typeof(V1PodTemplateSpec)).Properties["spec"]);

    /// <summary>Whatever the training operator's own CustomResourceDefinition says of a pod template holds for the generated schema.</summary>
    [Fact]
    public void Of_a_pod_template_agrees_with_the_upstream_definition()
    {
        var crd = YamlDocuments.Read(File.ReadAllText(Fixtures.Path("training/crds/kubeflow.org_v1_tfjobs.crd.yaml")))[0].Node;
        var upstream = crd["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!["properties"]!["tfReplicaSpecs"]!["additionalProperties"]!["properties"]!["template"]!;
        var differences = new List<string>();

        Compare(upstream.AsObject(), ClrSchema.Of(typeof(V1PodTemplateSpec)), "template", differences);

        Assert.Equal([], differences);
    }

    private static void Compare(JsonObject upstream, Schema ours, string path, List<string> differences)
    {
        // The one place where our schema is wider: the metadata of an ephemeral volume's claim is Kubernetes' full one.
        if (path.EndsWith("volumeClaimTemplate.metadata", StringComparison.Ordinal))
        {
            return;
        }

        Expect("type", upstream["type"]?.ToString() ?? "", ours.Type);
        Expect("required", Join(upstream["required"]), string.Join(',', ours.Required.Order(StringComparer.Ordinal)));
        Expect("default", upstream["default"]?.ToJsonString() ?? "", ours.DefaultJson ?? "");
        Expect("pattern", upstream["pattern"]?.ToString() ?? "", ours.Pattern ?? "");
        Expect("list type", upstream["x-kubernetes-list-type"]?.ToString() is { } type and not "atomic" ? type : "", ours.ListType);
        Expect("list keys", Join(upstream["x-kubernetes-list-map-keys"]), string.Join(',', ours.ListMapKeys.Order(StringComparer.Ordinal)));
        foreach (var (name, property) in upstream["properties"]?.AsObject() ?? [])
        {
            if (ours.Properties.TryGetValue(name, out var known))
            {
                Compare(property!.AsObject(), known, $"{path}.{name}", differences);
            }
            else
            {
                differences.Add($"{path}.{name} is missing");
            }
        }

        Descend("items", ours.Items, "[]");
        Descend("additionalProperties", ours.AdditionalProperties, "{}");

        void Descend(string member, Schema? below, string suffix)
        {
            if (upstream[member] is JsonObject inner)
            {
                Compare(inner, below ?? Schema.Anything, path + suffix, differences);
            }
        }

        void Expect(string what, string expected, string actual)
        {
            if (expected != actual)
            {
                differences.Add($"{path}: {what} is '{actual}', upstream '{expected}'");
            }
        }
    }

    private static string Join(JsonNode? list) => string.Join(',', (list?.AsArray() ?? []).Select(item => item!.ToString()).Order(StringComparer.Ordinal));
}
