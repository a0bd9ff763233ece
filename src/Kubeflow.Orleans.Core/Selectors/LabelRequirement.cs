using System.Collections.Immutable;
using System.Globalization;

namespace Kubeflow.Orleans.Core.Selectors;

public enum LabelOperator
{
    In,
    NotIn,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan,
}

/// <summary>One condition of a label selector; <c>=</c> and <c>!=</c> are sets of one value.</summary>
public sealed record LabelRequirement(string Key, LabelOperator Operator, ImmutableArray<string> Values)
{
    /// <param name="value">The label's value; null when the object has no such label.</param>
    public bool Matches(string? value) => Operator switch
    {
        LabelOperator.In => value is not null && Values.Contains(value),
        LabelOperator.NotIn => value is null || !Values.Contains(value),
        LabelOperator.Exists => value is not null,
        LabelOperator.DoesNotExist => value is null,
        LabelOperator.GreaterThan => Compare(value) > 0,
        _ => Compare(value) < 0,
    };

    /// <exception cref="FormatException">A key or value that no label could have.</exception>
    internal LabelRequirement Validated()
    {
        if (NameSyntax.QualifiedName(Key).FirstOrDefault() is { } keyProblem)
        {
            throw new FormatException($"key: Invalid value: \"{Key}\": {keyProblem}");
        }

        for (var index = 0; index < Values.Length; index++)
        {
            var problem = Operator is LabelOperator.GreaterThan or LabelOperator.LessThan && !IsInteger(Values[index])
                ? "for 'Gt', 'Lt' operators, the value must be an integer"
                : NameSyntax.LabelValue(Values[index]).FirstOrDefault();
            if (problem is not null)
            {
                throw new FormatException($"values[{index}][{Key}]: Invalid value: \"{Values[index]}\": {problem}");
            }
        }

        return this;
    }

    private static bool IsInteger(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    /// <summary>0, which no comparison accepts, when either side is no integer.</summary>
    private int Compare(string? value) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var left) &&
        long.TryParse(Values[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var right)
            ? left.CompareTo(right)
            : 0;
}
