using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.ApiServer.Discovery;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.ApiServer.OpenApi;

/// <summary>
/// The definitions of one OpenAPI document: the kinds, their lists, the machinery's own types and all that these refer to. A
/// reference is only ever written for a definition that is in the set, so none can dangle.
/// </summary>
internal sealed class DefinitionSet(OpenApiDialect dialect)
{
    public const string MetaPrefix = "io.k8s.apimachinery.pkg.apis.meta.v1.";

    public const string PatchName = MetaPrefix + "Patch";

    public const string ScaleName = "io.k8s.api.autoscaling.v1.Scale";

    private readonly SortedDictionary<string, JsonObject> definitions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Schema> named = new(StringComparer.Ordinal);

    public JsonObject ToNode() => new(definitions.Select(definition => KeyValuePair.Create(definition.Key, (JsonNode?)definition.Value)));

    public void AddMachinery()
    {
        foreach (var type in new[] { typeof(V1ObjectMeta), typeof(V1ListMeta), typeof(V1Status), typeof(V1DeleteOptions), typeof(V1WatchEvent) })
        {
            Reference(ClrSchema.Of(type));
        }

        definitions[PatchName] = new JsonObject { ["description"] = "The body of a PATCH request.", ["type"] = "object" };
    }

    /// <summary>Adds a kind and its list; gives the name of the kind's definition.</summary>
    public string AddKind(ServedResource resource)
    {
        var (kind, version) = (resource.Kind, resource.Version);
        var name = NameOf(kind, version);
        var schema = version.Schema with { Type = "object", DefinitionName = name };
        if (!schema.Properties.ContainsKey("metadata"))
        {
            schema = schema with { Properties = schema.Properties.SetItems(TypeMeta(ClrSchema.Of(typeof(V1ObjectMeta)))) };
        }

        AddTyped(schema, new ObjectType(kind.Group, version.Name, kind.Kind));

        var list = Schema.Object(("items", Schema.ListOf(schema))) with { DefinitionName = name + "List", Description = $"{kind.ListKind} is a list of {kind.Kind}", Required = ["items"] };
        AddTyped(list with { Properties = list.Properties.SetItems(TypeMeta(ClrSchema.Of(typeof(V1ListMeta)))) }, new ObjectType(kind.Group, version.Name, kind.ListKind));
        if (kind.Scale is not null)
        {
            AddTyped(ClrSchema.Of(typeof(V1Scale)), new ObjectType("autoscaling", "v1", "Scale"));
        }

        return name;
    }

    /// <summary>
    /// A schema where it is used: a reference when it has a name, itself otherwise. A schema that carries the name of another one
    /// (an altered copy of a Kubernetes type) is written out in place.
    /// </summary>
    public JsonObject Reference(Schema schema)
    {
        if (schema.DefinitionName.Length == 0)
        {
            return dialect.Inline(schema, this);
        }

        if (!named.TryGetValue(schema.DefinitionName, out var known))
        {
            Define(schema);
        }
        else if (!ReferenceEquals(known.Properties, schema.Properties))
        {
            return dialect.Inline(schema, this);
        }

        return dialect.Reference(schema);
    }

    private static string NameOf(ResourceKind kind, KindVersion version) => version.Schema.DefinitionName.Length > 0
        ? version.Schema.DefinitionName
        : DefinitionNames.OfCustomResource(kind.Group.Length == 0 ? "core.api.k8s.io" : kind.Group, version.Name, kind.Kind);

    private static IEnumerable<KeyValuePair<string, Schema>> TypeMeta(Schema metadata) =>
    [
        new("apiVersion", Schema.String with { Description = "The group and version this object is written in." }),
        new("kind", Schema.String with { Description = "What this object is." }),
        new("metadata", metadata with { Description = "Standard metadata." }),
    ];

    private void AddTyped(Schema schema, ObjectType type)
    {
        if (!named.ContainsKey(schema.DefinitionName))
        {
            Define(schema);
        }

        definitions[schema.DefinitionName]["x-kubernetes-group-version-kind"] = new JsonArray(type.ToNode());
    }

    private void Define(Schema schema)
    {
        named[schema.DefinitionName] = schema;
        definitions[schema.DefinitionName] = dialect.Inline(schema.WithoutUsage(), this);
    }
}
