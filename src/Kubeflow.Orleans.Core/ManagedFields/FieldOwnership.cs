using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Core.ManagedFields;

/// <summary>One field that cannot be applied because somebody else owns it.</summary>
/// <param name="Path">For example <c>.spec.parts[name="p"].v</c>.</param>
public sealed record FieldConflict(FieldManager Manager, string Path);

/// <summary>What applying a configuration comes to.</summary>
public abstract record ApplyResult
{
    /// <param name="Document">The object with the configuration merged in and what the applier gave up taken out.</param>
    public sealed record Applied(JsonObject Document, FieldManagers Managers) : ApplyResult;

    /// <summary>Others own what the configuration would change.</summary>
    public sealed record Conflicting(IReadOnlyList<FieldConflict> Conflicts) : ApplyResult;

    /// <summary>The configuration does not fit the schema.</summary>
    public sealed record Unfit(string Problem) : ApplyResult;
}

/// <summary>
/// Who owns which field after a write: the rules of Kubernetes' managed fields and server-side apply. Pure.
/// </summary>
public static class FieldOwnership
{
    /// <summary>More who update than this are not told apart any longer: the oldest become one.</summary>
    private const int MaximumUpdaters = 10;

    private const string Oldest = "ancient-changes";

    private const string BeforeFirstApply = "before-first-apply";

    /// <summary>Nobody owns what the server sets or what says which object it is.</summary>
    private static readonly FieldSet Unowned = FieldSet.Of(false,
    [
        Leaf("apiVersion"),
        Leaf("kind"),
        new FieldSet.Step("f:metadata", FieldSet.Of(true,
        [
            .. ((string[])["name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion"]).Select(Leaf),
        ])),
    ]);

    /// <summary>After <paramref name="manager"/> made <paramref name="after"/> of <paramref name="before"/> by anything but an apply.</summary>
    public static FieldManagers Update(FieldManagers managers, JsonObject before, JsonObject after, Schema schema, FieldManager manager, DateTimeOffset? now)
    {
        var changes = Compare(before, after, FieldSteps.OfObject(schema));
        var others = Yield(managers, changes);
        if (changes.Written.IsEmpty)
        {
            return FieldManagers.Of(others);
        }

        var fields = changes.Written.Union(others.FirstOrDefault(entry => entry.Manager.IsSameAs(manager))?.Fields ?? FieldSet.Empty);
        return Capped(FieldManagers.Of([.. others.Where(entry => !entry.Manager.IsSameAs(manager)), new ManagedFieldsEntry(manager, fields, now)]));
    }

    /// <param name="live">The object as it is; for one that does not exist the blank one.</param>
    /// <param name="blank">What every object of the kind has, whoever writes.</param>
    /// <param name="force">Take from others what the configuration changes.</param>
    public static ApplyResult Apply(
        FieldManagers managers, JsonObject live, JsonObject blank, JsonObject configuration, Schema schema, FieldManager manager, bool force, DateTimeOffset? now)
    {
        var whole = FieldSteps.OfObject(schema);
        if (AppliedConfiguration.Problem(configuration, whole) is { } problem)
        {
            return new ApplyResult.Unfit(problem);
        }

        if (managers.IsEmpty)
        {
            managers = FieldManagers.Of([new ManagedFieldsEntry(new FieldManager(BeforeFirstApply, false, manager.ApiVersion), Compare(blank, live, whole).Written, now)]);
        }

        var last = managers.Find(manager);
        var wanted = FieldWalk.Applied(configuration, whole);
        var others = managers.Entries.Where(entry => entry != last).ToImmutableArray();
        var merged = (JsonObject)FieldMerge.Merge(live, configuration, whole)!;
        var claimed = others.Aggregate(wanted, (all, entry) => all.Union(entry.Fields));
        var result = last is null ? merged : FieldRemoval.Prune(merged, last.Fields, claimed, whole);
        var changes = Compare(live, result, whole);
        var conflicts = Conflicts(others, changes);
        if (conflicts.Count > 0 && !force)
        {
            return new ApplyResult.Conflicting(conflicts);
        }

        var own = new ManagedFieldsEntry(manager, wanted.Except(Unowned), now);
        var after = FieldManagers.Of([.. Yield(FieldManagers.Of(others), changes), own]);
        return new ApplyResult.Applied(result, after);
    }

    /// <summary>
    /// The fields a configuration applied on the client's side still holds as it left them: who goes over to server-side apply takes
    /// those along without a conflict.
    /// </summary>
    public static IReadOnlyList<FieldConflict> WithoutThoseOf(JsonObject lastApplied, JsonObject live, Schema schema, IReadOnlyList<FieldConflict> conflicts)
    {
        var whole = FieldSteps.OfObject(schema);
        var changes = FieldComparison.Between(lastApplied, live, whole);
        var held = FieldWalk.Applied(lastApplied, whole).Except(changes.Modified).Except(changes.Added).Except(changes.Removed);
        var allowed = held.Paths().Select(FieldSetJson.Text).ToHashSet(StringComparer.Ordinal);
        return [.. conflicts.Where(conflict => !allowed.Contains(conflict.Path))];
    }

    private static FieldComparison Compare(JsonObject before, JsonObject after, Schema whole)
    {
        var changes = FieldComparison.Between(before, after, whole);
        return changes with { Added = changes.Added.Except(Unowned), Modified = changes.Modified.Except(Unowned) };
    }

    /// <summary>What everybody keeps of theirs after somebody else's changes.</summary>
    private static ImmutableArray<ManagedFieldsEntry> Yield(FieldManagers managers, FieldComparison changes) =>
        [.. managers.Entries.Select(entry => entry with { Fields = entry.Fields.Except(changes.Written).Except(changes.Removed) })];

    private static IReadOnlyList<FieldConflict> Conflicts(IEnumerable<ManagedFieldsEntry> others, FieldComparison changes) =>
        [.. others.SelectMany(entry => entry.Fields.Intersect(changes.Written).Paths().Select(path => new FieldConflict(entry.Manager, FieldSetJson.Text(path))))];

    private static FieldManagers Capped(FieldManagers managers)
    {
        var updaters = managers.Entries.Where(entry => !entry.Manager.IsApplier).ToArray();
        if (updaters.Length <= MaximumUpdaters)
        {
            return managers;
        }

        var merged = updaters.Take(updaters.Length - MaximumUpdaters + 1).ToArray();
        var ancient = merged.GroupBy(entry => entry.Manager.ApiVersion).Select(version => new ManagedFieldsEntry(
            new FieldManager(Oldest, false, version.Key), version.Aggregate(FieldSet.Empty, (all, entry) => all.Union(entry.Fields)), version.Max(entry => entry.Time)));
        return FieldManagers.Of([.. managers.Entries.Except(merged), .. ancient]);
    }

    private static FieldSet.Step Leaf(string name) => new($"f:{name}", FieldSet.Leaf);
}
