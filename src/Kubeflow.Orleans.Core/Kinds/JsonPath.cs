using System.Text.Json;

namespace Kubeflow.Orleans.Core.Kinds;

/// <summary>
/// The JSONPath subset of printer columns: <c>.a.b</c>, <c>['a']</c>, <c>[0]</c>, <c>[-1:]</c>, <c>[*]</c>, <c>[?(@.type=="Ready")]</c>.
/// Parsed once; evaluating a path that leads nowhere gives nothing.
/// </summary>
public sealed partial class JsonPath
{
    private readonly string text;

    private JsonPath(string text, IReadOnlyList<Step> steps)
    {
        this.text = text;
        this.steps = steps;
    }

    /// <summary>The text it was parsed from, as a CustomResourceDefinition would state it.</summary>
    public override string ToString() => text;

    /// <summary>The first match, or an element of kind Undefined.</summary>
    public JsonElement First(JsonElement root) => All(root).FirstOrDefault();
}
