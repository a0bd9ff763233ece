namespace Kubeflow.Orleans.Core.ManagedFields;

/// <summary>
/// A set of paths into an object, as a tree. A step is named as FieldsV1 names it: <c>f:queue</c> a field, <c>k:{"name":"p"}</c> an
/// element of a list by its keys, <c>v:"a"</c> an element of a set. Immutable; what two sets have in common they share.
/// </summary>
public sealed class FieldSet
{
    private readonly Step[] steps;

    private FieldSet(bool isOwned, Step[] steps)
    {
        IsOwned = isOwned;
        this.steps = steps;
    }

    public static FieldSet Empty { get; } = new(false, []);

    /// <summary>Just the path that leads here.</summary>
    public static FieldSet Leaf { get; } = new(true, []);

    /// <summary>The path that leads here is in the set itself, not only paths below it.</summary>
    public bool IsOwned { get; }

    public bool IsEmpty => !IsOwned && steps.Length == 0;

    /// <summary>What leads further, in ordinal order.</summary>
    public IReadOnlyList<Step> Steps => steps;

    /// <summary>The set below a step; empty when no path leads there.</summary>
    public FieldSet this[string name]
    {
        get
        {
            var at = Array.BinarySearch(steps, new Step(name, Empty), Step.ByName);
            return at < 0 ? Empty : steps[at].Below;
        }
    }

    /// <param name="steps">In any order; of a name given twice the first counts, empty ones are left out.</param>
    public static FieldSet Of(bool isOwned, IReadOnlyCollection<Step> steps)
    {
        var kept = new Step[steps.Count];
        var count = 0;
        var inOrder = true;
        foreach (var step in steps)
        {
            if (!step.Below.IsEmpty)
            {
                inOrder = inOrder && (count == 0 || Step.ByName.Compare(kept[count - 1], step) < 0);
                kept[count++] = step;
            }
        }

        kept = count == kept.Length ? kept : kept[..count];
        return count == 0 ? isOwned ? Leaf : Empty : new FieldSet(isOwned, inOrder ? kept : [.. kept.DistinctBy(step => step.Name).Order(Step.ByName)]);
    }

    public FieldSet Owned(bool isOwned) => isOwned == IsOwned ? this : new FieldSet(isOwned, steps);

    public FieldSet Union(FieldSet other)
    {
        if (other.IsEmpty || ReferenceEquals(this, other))
        {
            return this;
        }

        return IsEmpty ? other : Combine(other, IsOwned || other.IsOwned, (left, right) => left is null ? right : right is null ? left : left.Union(right));
    }

    public FieldSet Intersect(FieldSet other) =>
        Combine(other, IsOwned && other.IsOwned, (left, right) => left is null || right is null ? null : left.Intersect(right));

    /// <summary>Without exactly the paths of <paramref name="other"/>; what is below one of them stays.</summary>
    public FieldSet Except(FieldSet other)
    {
        if (IsEmpty || other.IsEmpty)
        {
            return this;
        }

        return Combine(other, IsOwned && !other.IsOwned, (left, right) => left is null || right is null ? left : left.Except(right));
    }

    /// <summary>The paths in the order conflicts are listed: at each level first the owned steps, then what is below them.</summary>
    public IEnumerable<IReadOnlyList<string>> Paths() => Paths([]);

    private IEnumerable<IReadOnlyList<string>> Paths(IReadOnlyList<string> above) =>
        steps.Where(step => step.Below.IsOwned).Select(step => (IReadOnlyList<string>)[.. above, step.Name])
            .Concat(steps.SelectMany(step => step.Below.Paths([.. above, step.Name])));

    private FieldSet Combine(FieldSet other, bool isOwned, Func<FieldSet?, FieldSet?, FieldSet?> choose)
    {
        var combined = new List<Step>(Math.Max(steps.Length, other.steps.Length));
        for (int mine = 0, theirs = 0; mine < steps.Length || theirs < other.steps.Length;)
        {
            var order = mine == steps.Length ? 1 : theirs == other.steps.Length ? -1 : Step.ByName.Compare(steps[mine], other.steps[theirs]);
            var name = order <= 0 ? steps[mine].Name : other.steps[theirs].Name;
            var chosen = choose(order <= 0 ? steps[mine++].Below : null, order >= 0 ? other.steps[theirs++].Below : null);
            if (chosen is { IsEmpty: false })
            {
                combined.Add(new Step(name, chosen));
            }
        }

        return combined.Count == 0 ? isOwned ? Leaf : Empty : new FieldSet(isOwned, [.. combined]);
    }

    /// <summary>One step down the tree.</summary>
    public readonly record struct Step(string Name, FieldSet Below)
    {
        internal static Comparer<Step> ByName { get; } = Comparer<Step>.Create((left, right) => string.CompareOrdinal(left.Name, right.Name));
    }
}
