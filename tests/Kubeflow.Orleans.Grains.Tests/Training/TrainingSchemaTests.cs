using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Schemas;
using Kubeflow.Orleans.Grains.Training;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training;

public sealed class TrainingSchemaTests
{
    /// <summary>Below these the schema is Kubernetes' own, generated and tested elsewhere.</summary>
    private static readonly string[] KubernetesOwn = ["template", "metrics", "labelSelector"];

    /// <summary>Beyond upstream.</summary>
    private static readonly string[] OurOwn = ["status.restarts", "status.trainerStatus"];

    /// <summary>Each kind in each of its versions.</summary>
    public static TheoryData<string, string> Definitions
    {
        get
        {
            var definitions = new TheoryData<string, string>();
            foreach (var kind in TrainingFamily.Kinds)
            {
                definitions.AddRange([.. kind.Versions.Select(version => (kind.Plural, version.Name))]);
            }

            return definitions;
        }
    }

    [Theory]
    [MemberData(nameof(Definitions))]
    public void Schema_has_the_fields_required_fields_and_defaults_of_the_upstream_definition(string plural, string served)
    {
        var definition = Definition(plural, served);
        var upstream = definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!.AsObject();
        var schema = Version(plural, served).Schema;

        foreach (var field in (string[])["spec", "status"])
        {
            Assert.Equal(Flatten(upstream["properties"]![field]!.AsObject(), field), Flatten(schema.Properties[field], field).Where(line => !OurOwn.Any(own => line.StartsWith(own, StringComparison.Ordinal))).ToHashSet());
        }
    }

    [Theory]
    [MemberData(nameof(Definitions))]
    public void Names_columns_and_subresources_are_those_of_the_upstream_definition(string plural, string served)
    {
        var definition = Definition(plural, served)["spec"]!;
        var version = definition["versions"]![0]!;
        var kind = Kind(plural);

        Assert.Equal(
            (Text(definition["group"]), Text(definition["names"]!["kind"]), Text(definition["names"]!["listKind"]), Text(definition["names"]!["singular"]), Text(version["name"])),
            (kind.Group, kind.Kind, kind.ListKind, kind.Singular, served));
        Assert.Equal(
            (version["additionalPrinterColumns"]?.AsArray() ?? []).Select(column => (Text(column!["name"]), Text(column["type"]), Text(column["jsonPath"]))),
            Version(plural, served).Columns.Select(column => (column.Name, column.Type, column.Path.ToString())));
        Assert.Equal(version["subresources"]!["scale"] is JsonObject scale ? [Text(scale["specReplicasPath"]), Text(scale["statusReplicasPath"]), Text(scale["labelSelectorPath"])] : [],
            kind.Scale is { } ours ? [ours.SpecReplicas.ToString(), ours.StatusReplicas.ToString(), ours.LabelSelector.ToString()] : Array.Empty<string>());
    }

    [Fact]
    public void Suspend_is_defaulted_only_where_there_is_a_run_policy()
    {
        var schema = Kind("tfjobs").Versions[0].Schema;
        var with = World.ReadYaml("spec: {runPolicy: {}}");
        var without = World.ReadYaml("spec: {}");
        SchemaWalk.ApplyDefaults(with, schema);
        SchemaWalk.ApplyDefaults(without, schema);

        Assert.Equal("""{"spec":{"runPolicy":{"suspend":false}}}""", with.ToJsonString());
        Assert.Equal("""{"spec":{}}""", without.ToJsonString());
    }

    public static TheoryData<string> Manifests => [.. TrainingManifests.Jobs];

    [Theory]
    [MemberData(nameof(Manifests))]
    public void Upstream_manifest_is_accepted_whole(string file)
    {
        var manifest = TrainingManifests.Read("v1", file);
        var kind = TrainingFamily.Kinds.Single(kind => kind.Kind == Text(manifest["kind"]));
        var pruned = manifest.DeepClone().AsObject();
        var unknown = new List<string>();
        SchemaWalk.Prune(pruned, kind.Versions[0].Schema, unknown);

        // Some templates carry a type of their own, which upstream drops as well.
        Assert.DoesNotContain(unknown, field => !field.EndsWith(".template.apiVersion", StringComparison.Ordinal) && !field.EndsWith(".template.kind", StringComparison.Ordinal));
        Assert.Empty(SchemaWalk.Validate(pruned, kind.Versions[0].Schema));
        Assert.Empty(kind.Validate(pruned, null));
        Assert.Empty(kind.Warnings(pruned));
    }

    private static KindVersion Version(string plural, string name) => Kind(plural).Versions.Single(version => version.Name == name);

    private static ResourceKind Kind(string plural) => TrainingFamily.Kinds.Single(kind => kind.Plural == plural);

    private static JsonObject Definition(string plural, string version) => TrainingManifests.Read("crds", $"kubeflow.org_{version}_{plural}.crd.yaml");

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    private static SortedSet<string> Flatten(JsonObject schema, string path)
    {
        var lines = new SortedSet<string>(StringComparer.Ordinal)
        {
            $"{path}: {schema["type"]} {schema["format"]} required [{string.Join(' ', (schema["required"]?.AsArray() ?? []).Select(Text).Order(StringComparer.Ordinal))}] default {schema["default"]?.ToJsonString()}",
        };
        if (KubernetesOwn.Any(path.EndsWith))
        {
            return [path];
        }

        lines.UnionWith((schema["properties"]?.AsObject() ?? []).SelectMany(property => Flatten(property.Value!.AsObject(), $"{path}.{property.Key}")));
        lines.UnionWith(schema["additionalProperties"] is JsonObject values ? Flatten(values, path + ".*") : []);
        lines.UnionWith(schema["items"] is JsonObject items ? Flatten(items, path + "[]") : []);
        return lines;
    }

    private static SortedSet<string> Flatten(Schema schema, string path)
    {
        var lines = new SortedSet<string>(StringComparer.Ordinal)
        {
            $"{path}: {schema.Type} {schema.Format} required [{string.Join(' ', schema.Required.Order(StringComparer.Ordinal))}] default {schema.DefaultJson}",
        };
        if (KubernetesOwn.Any(path.EndsWith))
        {
            return [path];
        }

        lines.UnionWith(schema.Properties.SelectMany(property => Flatten(property.Value, $"{path}.{property.Key}")));
        lines.UnionWith(schema.AdditionalProperties is { } values ? Flatten(values, path + ".*") : []);
        lines.UnionWith(schema.Items is { } items ? Flatten(items, path + "[]") : []);
        return lines;
    }
}
