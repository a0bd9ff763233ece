using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Core.Schemas;
using Kubeflow.Orleans.Grains.Training.TrainJob;
using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training.TrainJob;

/// <summary>Upstream's own definitions and manifests, where they are at hand.</summary>
public sealed class TrainerFixtureTests
{
    /// <summary>Below these the schema is Kubernetes' own, generated and tested elsewhere.</summary>
    private static readonly string[] KubernetesOwn =
    [
        ".env", ".secretRef", ".resourcesPerNode", ".affinity", ".securityContext", ".tolerations", ".volumes", ".volumeMounts", ".schedulingGates", ".imagePullSecrets",
        "replicatedJobs[].template.spec", "templates[].spec", "templates[].status",
    ];

    public static TheoryData<string> Plurals => ["trainjobs", "trainingruntimes", "clustertrainingruntimes"];

    public static TheoryData<string> Runtimes =>
    [
        "deepspeed_distributed", "flux-example", "jax_distributed", "llama3_2_1B", "llama3_2_3B", "mlx_distributed", "qwen2_5_1.5B", "torch_distributed", "torch_distributed_with_cache", "xgboost_distributed",
    ];

    [Theory]
    [MemberData(nameof(Plurals))]
    public void Schema_is_that_of_the_upstream_definition(string plural)
    {
        var definition = TrainingManifests.Read("crds", $"trainer.kubeflow.org_v1alpha1_{plural}.crd.yaml")["spec"]!;
        var upstream = definition["versions"]![0]!["schema"]!["openAPIV3Schema"]!.AsObject();
        var kind = TrainerFamily.Kinds.Single(kind => kind.Plural == plural);
        foreach (var field in ((string[])["spec", "status"]).Where(field => upstream["properties"]![field] is not null))
        {
            Assert.Equal(Flatten(upstream["properties"]![field]!.AsObject(), field), Flatten(kind.Versions.Single().Schema.Properties[field], field));
        }

        Assert.Equal(
            (definition["group"]!.ToString(), definition["names"]!["kind"]!.ToString(), definition["names"]!["listKind"]!.ToString(), definition["names"]!["singular"]!.ToString(), definition["scope"]!.ToString() == "Namespaced"),
            (kind.Group, kind.Kind, kind.ListKind, kind.Singular, kind.Namespaced));
        Assert.Equal(definition["versions"]![0]!["subresources"]?["status"] is not null, kind.HasStatus);
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public void Upstream_runtime_is_accepted_whole(string name) => AssertAccepted(Fixture($"runtimes/clustertrainingruntime-{name}.yaml"));

    [Theory]
    [InlineData("deepspeed_distributed")]
    [InlineData("jax_distributed")]
    [InlineData("llama3_2_1B")]
    [InlineData("llama3_2_3B")]
    [InlineData("mlx_distributed")]
    [InlineData("qwen2_5_1.5B")]
    [InlineData("torch_distributed")]
    [InlineData("xgboost_distributed")]
    public void Built_in_runtime_says_what_upstreams_of_that_name_says(string name)
    {
        var upstream = TrainJobWorld.Complete(Fixture($"runtimes/clustertrainingruntime-{name}.yaml"), "uid");
        var ours = BuiltInRuntimes.All.Single(runtime => runtime.Name == upstream["metadata"]!["name"]!.ToString()).Complete(Guid.Empty, TrainJobWorld.Start).ToNode();
        Assert.True(JsonNode.DeepEquals(upstream["spec"], ours["spec"]), $"{upstream["spec"]}\n{ours["spec"]}");
        Assert.True(JsonNode.DeepEquals(upstream["metadata"]!["labels"], ours["metadata"]!["labels"]));
    }

    [Fact]
    public void Built_in_runtimes_are_valid() => Assert.All(BuiltInRuntimes.All, runtime => AssertAccepted(runtime.Read()));

    [Theory]
    [InlineData("trainjob-01-multi-node.yaml", 3)]
    [InlineData("trainjob-02-runtime-patches.yaml", 2)]
    public void Upstream_job_is_accepted_and_runs_to_its_end(string file, int nodes)
    {
        var job = Fixture(file);
        AssertAccepted(job.DeepClone().AsObject());
        var runtime = BuiltInRuntimes.All.Single(built => built.Name == "torch-distributed").Read();
        var world = new TrainJobWorld(job, runtime);
        Assert.Empty(ReferenceErrors(world));
        world.Settle();
        Assert.Equal(nodes, world.Created.Count);
        Assert.Equal($"{nodes}", world.Environment("node")["PET_NNODES"]);
        foreach (var pod in world.Pods.ToList())
        {
            world.Set(pod.Succeeded());
        }

        world.Settle();
        Assert.StartsWith("Complete=True", world.Conditions().Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Upstream_patches_shape_pods_and_service()
    {
        var world = new TrainJobWorld(Fixture("trainjob-02-runtime-patches.yaml"), BuiltInRuntimes.All.Single(built => built.Name == "torch-distributed").Read());
        world.Settle();
        var pod = world.CreatedPod("node").Spec;
        Assert.Equal(("training-sa", "training", "training-workload"), (pod.ServiceAccountName, pod.NodeSelector["node-type"], pod.Tolerations.Single().Key));
        Assert.Equal(("2", "custom-value"), (world.Environment("node")["PET_NPROC_PER_NODE"], world.Environment("node")["CUSTOM_VAR"]));
        Assert.Equal(("ml-platform", "research"), (world.CreatedServices.Single().Metadata.Labels["team"], world.CreatedServices.Single().Metadata.Labels["cost-center"]));
    }

    [Fact]
    public void Upstream_suspended_job_waits()
    {
        var world = new TrainJobWorld(Fixture("trainjob-03-kueue-integration.yaml"), BuiltInRuntimes.All[0].Read());
        world.Settle();
        Assert.Empty(world.Created);
        Assert.StartsWith("Suspended=True", world.Conditions().Single(), StringComparison.Ordinal);
        world.Job["spec"]!["suspend"] = false;
        world.Settle();
        Assert.Equal(3, world.Created.Count);
    }

    private static JsonObject Fixture(string file) => TrainingManifests.Read(["trainer-v2", .. file.Split('/')]);

    private static IEnumerable<string> ReferenceErrors(TrainJobWorld world)
    {
        var kind = (IReferringKind)TrainJobWorld.KindOf(world.Job);
        var found = kind.References(Document.FromNode(world.Job).Root).ToDictionary(key => key, _ => Document.FromNode(world.Runtime!));
        return kind.ValidateReferences(world.Job, null, found).Select(error => error.ToString());
    }

    private static void AssertAccepted(JsonObject document)
    {
        var kind = TrainJobWorld.KindOf(document);
        var unknown = new List<string>();
        SchemaWalk.Prune(document, kind.Versions.Single().Schema, unknown);
        SchemaWalk.ApplyDefaults(document, kind.Versions.Single().Schema);
        (kind as IPreparedOnWrite)?.Prepare(document, null, TrainJobWorld.Start);
        Assert.Empty(unknown);
        Assert.Empty(SchemaWalk.Validate(document, kind.Versions.Single().Schema));
        Assert.Empty(kind.Validate(document, null));
    }

    private static SortedSet<string> Flatten(JsonObject schema, string path)
    {
        if (KubernetesOwn.Any(path.EndsWith))
        {
            return [path];
        }

        var lines = new SortedSet<string>(StringComparer.Ordinal)
        {
            Line(path, schema["type"], schema["format"], schema["required"]?.AsArray().Select(item => item!.ToString()) ?? [], schema["default"]?.ToJsonString(), schema["enum"]?.AsArray().Select(item => item!.ToString()) ?? [],
                schema["minimum"], schema["maximum"], schema["minLength"], schema["maxLength"], schema["minItems"], schema["maxItems"], schema["pattern"], schema["x-kubernetes-list-type"], schema["x-kubernetes-list-map-keys"]?[0]),
        };
        lines.UnionWith((schema["properties"]?.AsObject() ?? []).SelectMany(property => Flatten(property.Value!.AsObject(), $"{path}.{property.Key}")));
        lines.UnionWith(schema["additionalProperties"] is JsonObject values ? Flatten(values, path + ".*") : []);
        lines.UnionWith(schema["items"] is JsonObject items ? Flatten(items, path + "[]") : []);
        return lines;
    }

    private static SortedSet<string> Flatten(Schema schema, string path)
    {
        if (KubernetesOwn.Any(path.EndsWith))
        {
            return [path];
        }

        var lines = new SortedSet<string>(StringComparer.Ordinal)
        {
            Line(path, schema.Type, schema.Format.Length == 0 ? null : schema.Format, schema.Required, schema.DefaultJson, schema.Enum,
                schema.Minimum, schema.Maximum, schema.MinLength, schema.MaxLength, schema.MinItems, schema.MaxItems, schema.Pattern, schema.ListType.Length == 0 ? null : schema.ListType, schema.ListMapKeys.FirstOrDefault()),
        };
        lines.UnionWith(schema.Properties.SelectMany(property => Flatten(property.Value, $"{path}.{property.Key}")));
        lines.UnionWith(schema.AdditionalProperties is { } values ? Flatten(values, path + ".*") : []);
        lines.UnionWith(schema.Items is { } items ? Flatten(items, path + "[]") : []);
        return lines;
    }

    private static string Line(string path, object? type, object? format, IEnumerable<string> required, object? defaultValue, IEnumerable<string> values, params object?[] bounds) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{path}: {type} {format} required [{string.Join(' ', required.Order(StringComparer.Ordinal))}] default {defaultValue} of [{string.Join(' ', values)}] bounds [{string.Join(' ', bounds)}]");
}
