using System.Collections.Immutable;
using System.Text.Json;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Core.Selectors;

/// <summary>A conjunction of conditions on labels. Parsed once, then matched against many documents without copying their labels.</summary>
public sealed record LabelSelector(ImmutableArray<LabelRequirement> Requirements)
{
    public static LabelSelector Everything { get; } = new([]);

    public bool IsEverything => Requirements.IsEmpty;

    /// <summary>The text form: <c>a=b,c in (d,e),!f,g&gt;1</c>.</summary>
    /// <exception cref="FormatException">In the words of the Kubernetes API server.</exception>
    public static LabelSelector Parse(string text) => text.Length == 0 ? Everything : new LabelSelectorParser(text).Parse();

    /// <summary>
    /// A <c>LabelSelector</c> object (matchLabels and matchExpressions). An empty object selects everything; whether an absent one
    /// selects everything or nothing is the field's own business.
    /// </summary>
    /// <exception cref="FormatException">An unknown operator, or a key or value no label could have.</exception>
    public static LabelSelector Read(JsonElement selector)
    {
        var requirements = ImmutableArray.CreateBuilder<LabelRequirement>();
        if (selector.ValueKind == JsonValueKind.Object && selector.TryGetProperty("matchLabels", out var labels))
        {
            requirements.AddRange(OfLabels(labels).Requirements);
        }

        if (selector.ValueKind == JsonValueKind.Object && selector.TryGetProperty("matchExpressions", out var expressions) && expressions.ValueKind == JsonValueKind.Array)
        {
            requirements.AddRange(expressions.EnumerateArray().Select(ReadExpression));
        }

        return new LabelSelector(requirements.ToImmutable());
    }

    /// <summary>The plain map of a service's or replication controller's selector.</summary>
    public static LabelSelector OfLabels(JsonElement labels) => labels.ValueKind == JsonValueKind.Object
        ? new LabelSelector([.. labels.EnumerateObject().Select(label => new LabelRequirement(label.Name, LabelOperator.In, [label.Value.ToString()]))])
        : Everything;

    public bool Matches(Document document) => Matches(
        document.Root.TryGetProperty("metadata", out var metadata) && metadata.TryGetProperty("labels", out var labels) ? labels : default);

    /// <param name="labels">The labels object, or an element of any other kind for "no labels".</param>
    public bool Matches(JsonElement labels)
    {
        foreach (var requirement in Requirements)
        {
            var value = labels.ValueKind == JsonValueKind.Object && labels.TryGetProperty(requirement.Key, out var label) ? label.ToString() : null;
            if (!requirement.Matches(value))
            {
                return false;
            }
        }

        return true;
    }

    private static LabelRequirement ReadExpression(JsonElement expression)
    {
        var key = Text(expression, "key");
        var name = Text(expression, "operator");
        var values = expression.TryGetProperty("values", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(value => value.ToString()).ToImmutableArray()
            : [];
        var operation = name switch
        {
            "In" => LabelOperator.In,
            "NotIn" => LabelOperator.NotIn,
            "Exists" => LabelOperator.Exists,
            "DoesNotExist" => LabelOperator.DoesNotExist,
            _ => throw new FormatException($"\"{name}\" is not a valid label selector operator"),
        };
        return new LabelRequirement(key, operation, values).Validated();
    }

    private static string Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
