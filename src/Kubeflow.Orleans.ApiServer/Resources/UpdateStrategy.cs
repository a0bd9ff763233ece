using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.ManagedFields;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>What an update makes of the stored object and the one sent. Pure.</summary>
internal static class UpdateStrategy
{
    /// <summary>What can be said without the stored object.</summary>
    /// <param name="version">The request's.</param>
    /// <param name="rules">The version whose rules hold for the object.</param>
    public static void Admit(ResourceKind kind, string version, KindVersion rules, string @namespace, string name, JsonObject body, RequestOptions options)
    {
        ObjectRules.RequireIdentity(kind, version, body, options);
        if (ObjectRules.DecodeError(kind, rules, body) is { } problem)
        {
            throw ObjectRules.CannotBeHandled(kind, version, problem);
        }

        RequirePlace(@namespace, name, body);
        ObjectRules.Normalize(kind, rules, body, options, unknown => ObjectRules.CannotBeHandled(kind, version, unknown));
    }

    /// <summary>Name and namespace must be those of the URL; where they are missing they are filled in.</summary>
    public static void RequirePlace(string @namespace, string name, JsonObject body)
    {
        var metadata = ObjectMeta.Of(body);
        if (metadata.Name.Length > 0 && metadata.Name != name)
        {
            throw StatusErrors.BadRequest($"the name of the object ({metadata.Name}) does not match the name on the URL ({name})");
        }

        if (metadata.Namespace.Length > 0 && metadata.Namespace != @namespace)
        {
            throw StatusErrors.BadRequest($"the namespace of the object ({metadata.Namespace}) does not match the namespace on the request ({@namespace})");
        }

        metadata.Name = name;
        metadata.Namespace = @namespace;
    }

    /// <summary>The uid and version a PUT names must be the stored ones.</summary>
    public static void RequireVersion(ResourceKind kind, ObjectMeta sent, ObjectMeta stored)
    {
        if (sent.Uid.Length > 0 && sent.Uid != stored.Uid)
        {
            throw StatusErrors.UidChanged(kind, stored.Namespace, stored.Name, sent.Uid, stored.Uid);
        }

        if (sent.ResourceVersion is "" or "0")
        {
            if (kind is not IBuiltInKind { RequiresResourceVersion: false })
            {
                throw StatusErrors.VersionRequired(kind, stored.Name);
            }
        }
        else if (!ulong.TryParse(sent.ResourceVersion, out _))
        {
            throw StatusErrors.Unspecified($"strconv.ParseUint: parsing {GoText.Quote(sent.ResourceVersion)}: invalid syntax");
        }
        else if (sent.ResourceVersion != stored.ResourceVersion)
        {
            throw StatusErrors.Modified(kind, stored.Name);
        }
    }

    /// <summary>The object to store, valid, or null when nothing changes.</summary>
    /// <param name="version">The version whose rules hold for the object.</param>
    /// <param name="stored">The stored object in the version of the request.</param>
    /// <param name="sent">The object sent, normalized; it becomes the result.</param>
    /// <param name="applied">Who owns what after an apply; null: it follows from what changes.</param>
    public static JsonObject? Complete(
        ResourceKind kind, KindVersion version, JsonObject stored, JsonObject sent, FieldManagers? applied, string subresource, RequestOptions options, DateTimeOffset now)
    {
        var sentManagers = ObjectMeta.Of(sent)["managedFields"];
        (stored["apiVersion"], sent["apiVersion"]) = (kind.ApiVersion(version.Name), kind.ApiVersion(version.Name));
        var updated = subresource == "status" ? StatusUpdate(stored, sent) : MainUpdate(kind, stored, sent, options);
        (kind as IPreparedOnWrite)?.Prepare(updated, stored, now);
        RequireValid(kind, version, updated, stored);
        var managers = applied ?? FieldTracking.Updated(kind, version, stored, updated, sentManagers, subresource, options, now);
        if (JsonNode.DeepEquals(updated, stored) && managers.SameFieldsAs(FieldTracking.Of(stored)))
        {
            return null;
        }

        FieldTracking.Set(updated, managers);

        if (ObjectRules.HasGeneration(kind) && ObjectRules.SpecChanged(kind, updated, stored))
        {
            var metadata = ObjectMeta.Of(updated);
            metadata.Generation++;
        }

        ObjectRules.Warn(kind, updated, options);
        ObjectRules.ToStoredVersion(kind, version, updated);
        return updated;
    }

    /// <summary>The last finalizer of an object under deletion is gone: the update removes it.</summary>
    public static bool Removes(JsonObject updated)
    {
        var metadata = ObjectMeta.Of(updated);
        return metadata.DeletionTimestamp is not null && metadata.Finalizers.Count == 0 && (metadata.DeletionGracePeriodSeconds ?? 0) == 0;
    }

    private static JsonObject StatusUpdate(JsonObject stored, JsonObject sent)
    {
        var updated = stored.DeepClone().AsObject();
        updated.Remove("status");
        if (sent["status"] is { } status)
        {
            updated["status"] = status.DeepClone();
        }

        return updated;
    }

    private static JsonObject MainUpdate(ResourceKind kind, JsonObject stored, JsonObject sent, RequestOptions options)
    {
        var metadata = ObjectMeta.Of(sent);
        var old = ObjectMeta.Of(stored);
        metadata.Remove("selfLink");
        metadata.Copy("managedFields", old);
        metadata.Copy("generation", old);
        metadata.Copy("resourceVersion", old);
        foreach (var member in (ReadOnlySpan<string>)["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"])
        {
            if (metadata[member] is null)
            {
                metadata.Copy(member, old);
            }
        }

        if (kind.HasStatus)
        {
            sent.Remove("status");
            if (stored["status"] is { } status)
            {
                sent["status"] = status.DeepClone();
            }
        }

        MetadataRules.DeduplicateOwners(metadata, options);
        return sent;
    }

    private static void RequireValid(ResourceKind kind, KindVersion version, JsonObject updated, JsonObject stored)
    {
        var metadata = ObjectMeta.Of(updated);
        var changes = MetadataRules.ValidateUpdate(metadata, ObjectMeta.Of(stored)).ToArray();

        // Upstream validates changes of metadata once for every object and once more for the kind, and clients get to see both.
        IReadOnlyList<FieldError> errors = [.. changes, .. changes, .. MetadataRules.Validate(kind, metadata), .. ObjectRules.Validate(kind, version, updated, stored)];
        if (errors.Count > 0)
        {
            throw StatusErrors.Invalid(kind, metadata.Name, errors);
        }
    }
}
