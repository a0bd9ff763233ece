using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.ManagedFields;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>What a create makes of the body. Pure but for the fresh uid; the order of the checks is upstream's.</summary>
internal static class CreateStrategy
{
    /// <summary>What can be said before anything is read from the store.</summary>
    public static void Admit(ResourceKind kind, string version, string @namespace, JsonObject body, RequestOptions options)
    {
        ObjectRules.RequireIdentity(kind, version, body, options);
        if (ObjectRules.DecodeError(kind, ObjectRules.Version(kind, version), body) is { } problem)
        {
            throw ObjectRules.CannotBeHandled(kind, version, problem);
        }

        var metadata = ObjectMeta.Of(body);
        if (metadata.Namespace.Length > 0 && metadata.Namespace != @namespace)
        {
            throw StatusErrors.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }

        metadata.Namespace = @namespace;
    }

    /// <summary>The object to store, complete and valid. The body becomes it.</summary>
    /// <param name="applied">Who owns what of an object that an apply creates; null: whoever creates it owns it.</param>
    public static void Complete(
        ResourceKind kind, string version, JsonObject body, FieldManagers? applied, RequestOptions options, NameGeneration names, DateTimeOffset now)
    {
        var served = ObjectRules.Version(kind, version);
        var metadata = ObjectMeta.Of(body);
        if (metadata.ResourceVersion is not ("" or "0"))
        {
            throw StatusErrors.Unspecified("resourceVersion should not be set on objects to be created");
        }

        FillSystemFields(kind, metadata, now);
        if (metadata.Name.Length == 0 && metadata.GenerateName.Length > 0)
        {
            metadata.Name = names.Next(metadata.GenerateName);
        }

        if (kind.HasStatus && kind is not IBuiltInKind { StatusOnCreate: true })
        {
            body.Remove("status");
        }

        MetadataRules.DeduplicateOwners(metadata, options);
        ObjectRules.Normalize(kind, served, body, options, problem => ObjectRules.CannotBeHandled(kind, version, problem));
        FieldTracking.Set(body, applied ?? FieldTracking.Created(kind, served, body, options, now));
        (kind as IPreparedOnCreate)?.Prepare(body);
        (kind as IPreparedOnWrite)?.Prepare(body, null, now);
        RequireValid(kind, served, body);
        ObjectRules.Warn(kind, body, options);
        ObjectRules.ToStoredVersion(kind, served, body);
    }

    private static void FillSystemFields(ResourceKind kind, ObjectMeta metadata, DateTimeOffset now)
    {
        metadata.Remove("resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields", "generation");
        metadata.Uid = Guid.NewGuid().ToString();
        metadata.CreationTimestamp = now;
        if (ObjectRules.HasGeneration(kind))
        {
            metadata.Generation = 1;
        }
    }

    private static void RequireValid(ResourceKind kind, KindVersion version, JsonObject body)
    {
        var metadata = ObjectMeta.Of(body);
        IReadOnlyList<FieldError> errors = [.. MetadataRules.Validate(kind, metadata), .. ObjectRules.Validate(kind, version, body, null)];
        if (errors.Count > 0)
        {
            throw StatusErrors.Invalid(kind, metadata.Name, errors);
        }
    }
}
