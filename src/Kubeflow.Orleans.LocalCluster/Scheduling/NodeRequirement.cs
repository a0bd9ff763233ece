using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Scheduling;

/// <summary>A pod's <c>nodeSelector</c> together with its required node affinity.</summary>
/// <param name="Labels">Labels the node must have, all of them.</param>
/// <param name="Terms">At least one must match; null: no required affinity.</param>
internal sealed record NodeRequirement(ImmutableArray<KeyValuePair<string, string>> Labels, ImmutableArray<NodeTerm>? Terms)
{
    public static NodeRequirement Read(JsonElement spec)
    {
        var required = spec.At("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution");
        return new(
            [.. spec.Fields("nodeSelector").Select(label => KeyValuePair.Create(label.Name, label.Value.Scalar()))],
            required.ValueKind == JsonValueKind.Object ? [.. required.Items("nodeSelectorTerms").Select(NodeTerm.Read)] : null);
    }

    public bool Matches(string nodeName, IReadOnlyDictionary<string, string> labels) =>
        Labels.All(label => labels.TryGetValue(label.Key, out var value) && value == label.Value)
        && (Terms is not { } terms || terms.Any(term => term.Matches(nodeName, labels)));
}

/// <summary>One term of a node selector: all its expressions must hold. An empty term matches nothing.</summary>
internal sealed record NodeTerm(ImmutableArray<NodeExpression> Labels, ImmutableArray<NodeExpression> Fields)
{
    public static NodeTerm Read(JsonElement term) =>
        new([.. term.Items("matchExpressions").Select(NodeExpression.Read)], [.. term.Items("matchFields").Select(NodeExpression.Read)]);

    public bool Matches(string nodeName, IReadOnlyDictionary<string, string> labels) =>
        Labels.Length + Fields.Length > 0
        && Labels.All(expression => expression.Matches(labels.GetValueOrDefault(expression.Key)))
        && Fields.All(expression => expression.Matches(expression.Key == "metadata.name" ? nodeName : null));
}

internal sealed record NodeExpression(string Key, string Operator, ImmutableArray<string> Values)
{
    public static NodeExpression Read(JsonElement expression) => new(expression.Text("key"), expression.Text("operator"), [.. expression.Texts("values")]);

    /// <param name="value">The label's value; null when the node has no such label.</param>
    public bool Matches(string? value) => Operator switch
    {
        "In" => value is not null && Values.Contains(value),
        "NotIn" => value is null || !Values.Contains(value),
        "Exists" => value is not null,
        "DoesNotExist" => value is null,
        "Gt" => Compare(value) > 0,
        "Lt" => Compare(value) < 0,
        _ => false,
    };

    private int Compare(string? value) =>
        Values.Length == 1 && long.TryParse(value, CultureInfo.InvariantCulture, out var have) && long.TryParse(Values[0], CultureInfo.InvariantCulture, out var bound)
            ? have.CompareTo(bound)
            : 0;
}
