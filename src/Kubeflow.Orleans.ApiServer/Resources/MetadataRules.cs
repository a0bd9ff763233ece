using System.Text;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Selectors;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>What holds for the metadata of every object, whatever its kind. Pure.</summary>
internal static class MetadataRules
{
    private const int AnnotationsLimit = 256 * 1024;

    private static readonly string[] Immutable = ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"];

    public static IEnumerable<FieldError> Validate(ResourceKind kind, ObjectMeta metadata)
    {
        var name = metadata.Name;
        var generateName = metadata.GenerateName;
        if (name.Length == 0)
        {
            yield return FieldError.Required("metadata.name", "name or generateName is required");
        }

        foreach (var problem in NameProblems(kind, name))
        {
            yield return FieldError.Invalid("metadata.name", GoText.Quote(name), problem);
        }

        // A generated name ends in five more characters, so a prefix may end in a dash: judge it as if they were there.
        foreach (var problem in NameProblems(kind, generateName.Length == 0 ? "" : $"{NameGeneration.Prefix(generateName)}x"))
        {
            yield return FieldError.Invalid("metadata.generateName", GoText.Quote(generateName), problem);
        }

        foreach (var error in Labels(metadata).Concat(Annotations(metadata)).Concat(OwnerReferences(metadata)).Concat(Finalizers(metadata)))
        {
            yield return error;
        }
    }

    public static IEnumerable<FieldError> ValidateUpdate(ObjectMeta metadata, ObjectMeta stored)
    {
        foreach (var member in Immutable)
        {
            if (!JsonNode.DeepEquals(metadata[member], stored[member]))
            {
                yield return FieldError.Invalid($"metadata.{member}", Json(metadata[member]), "field is immutable");
            }
        }

        var added = metadata.Finalizers.Except(stored.Finalizers).ToArray();
        if (stored.DeletionTimestamp is not null && added.Length > 0)
        {
            var found = string.Join(", ", added.Order(StringComparer.Ordinal).Select(GoText.Quote));
            yield return FieldError.Forbidden("metadata.finalizers", $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{found}}}");
        }
    }

    /// <summary>Keeps the first owner reference of each uid and says so.</summary>
    public static void DeduplicateOwners(ObjectMeta metadata, RequestOptions options)
    {
        if (metadata["ownerReferences"] is not JsonArray { Count: > 1 } owners)
        {
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var repeated = new SortedSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < owners.Count;)
        {
            var uid = Member(owners[index], "uid");
            if (seen.Add(uid))
            {
                index++;
                continue;
            }

            repeated.Add(uid);
            owners.RemoveAt(index);
        }

        if (repeated.Count > 0)
        {
            options.Warnings?.Add(".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; " +
                $"please fix your requests; duplicate UID(s) observed: {string.Join(", ", repeated)}");
        }
    }

    private static IEnumerable<string> NameProblems(ResourceKind kind, string name) => name.Length == 0
        ? []
        : kind.NameRule switch
        {
            NameRule.DnsLabel => NameSyntax.Label(name),
            NameRule.Dns1035Label => NameSyntax.Label1035(name),
            NameRule.PathSegment => NameSyntax.PathSegment(name),
            _ => NameSyntax.Subdomain(name),
        };

    private static IEnumerable<FieldError> Labels(ObjectMeta metadata)
    {
        foreach (var (key, value) in Entries(metadata, "labels"))
        {
            foreach (var problem in NameSyntax.QualifiedName(key))
            {
                yield return FieldError.Invalid("metadata.labels", GoText.Quote(key), problem);
            }

            foreach (var problem in NameSyntax.LabelValue(value))
            {
                yield return FieldError.Invalid("metadata.labels", GoText.Quote(value), problem);
            }
        }
    }

    private static IEnumerable<FieldError> Annotations(ObjectMeta metadata)
    {
        var total = 0L;
        foreach (var (key, value) in Entries(metadata, "annotations"))
        {
            total += Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value);
            foreach (var problem in NameSyntax.QualifiedName(key.ToLowerInvariant()))
            {
                yield return FieldError.Invalid("metadata.annotations", GoText.Quote(key), problem);
            }
        }

        if (total > AnnotationsLimit)
        {
            yield return FieldError.TooLong("metadata.annotations", $"may not be more than {AnnotationsLimit} bytes");
        }
    }

    private static IEnumerable<FieldError> OwnerReferences(ObjectMeta metadata)
    {
        if (metadata["ownerReferences"] is not JsonArray owners)
        {
            yield break;
        }

        string? controller = null;
        for (var index = 0; index < owners.Count; index++)
        {
            foreach (var member in (ReadOnlySpan<string>)["apiVersion", "kind", "name", "uid"])
            {
                if (Member(owners[index], member).Length == 0)
                {
                    yield return FieldError.Invalid($"metadata.ownerReferences[{index}].{member}", "\"\"", "must not be empty");
                }
            }

            if (Member(owners[index], "controller") == "true")
            {
                var name = $"{Member(owners[index], "kind")}/{Member(owners[index], "name")}";
                if (controller is not null)
                {
                    yield return FieldError.Invalid(
                        "metadata.ownerReferences", Json(owners), $"Only one reference can have Controller set to true. Found \"true\" in references for {controller} and {name}");
                }

                controller ??= name;
            }
        }
    }

    private static IEnumerable<FieldError> Finalizers(ObjectMeta metadata)
    {
        var finalizers = metadata.Finalizers;
        foreach (var finalizer in finalizers)
        {
            foreach (var problem in NameSyntax.QualifiedName(finalizer))
            {
                yield return FieldError.Invalid("metadata.finalizers", GoText.Quote(finalizer), problem);
            }
        }

        if (finalizers.Contains(GarbageCollection.Orphan) && finalizers.Contains(GarbageCollection.Foreground))
        {
            yield return FieldError.Invalid(
                "metadata.finalizers", Json(metadata["finalizers"]), $"finalizer {GarbageCollection.Orphan} and {GarbageCollection.Foreground} cannot be both set");
        }
    }

    private static IEnumerable<(string Key, string Value)> Entries(ObjectMeta metadata, string name) =>
        metadata[name] is JsonObject entries ? entries.Select(entry => (entry.Key, entry.Value?.ToString() ?? "")) : [];

    private static string Member(JsonNode? node, string name) => (node as JsonObject)?[name]?.ToString() ?? "";

    private static string Json(JsonNode? node) => node?.ToJsonString() ?? "null";
}
