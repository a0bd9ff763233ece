using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.ManagedFields;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>
/// Keeps <c>metadata.managedFields</c>: who wrote which field. Writers that give no name (this process's own controllers) leave no
/// entries and take none. Pure.
/// </summary>
internal static class FieldTracking
{
    private const string Member = "managedFields";

    /// <summary>The managers of an object that a create is about to store; the body is complete but for what the server itself fills in.</summary>
    public static FieldManagers Created(ResourceKind kind, KindVersion version, JsonObject body, RequestOptions options, DateTimeOffset now) => options.FieldManager.Length == 0
        ? FieldManagers.None
        : FieldOwnership.Update(FieldManagers.None, Blank(kind, version), body, version.Schema, Manager(kind, version, options, "", isApplier: false), now);

    /// <summary>The managers after an update.</summary>
    /// <param name="sent">managedFields as the client sent them: clients may correct or reset them through the object itself.</param>
    public static FieldManagers Updated(
        ResourceKind kind, KindVersion version, JsonObject stored, JsonObject updated, JsonNode? sent, string subresource, RequestOptions options, DateTimeOffset now)
    {
        if (subresource.Length == 0 && FieldManagers.IsReset(sent))
        {
            return FieldManagers.None;
        }

        var known = subresource.Length == 0 && FieldManagers.Read(sent) is { IsEmpty: false } corrected ? corrected : Of(stored);

        // Whoever never was tracked, or asked not to be any longer, stays so until somebody applies.
        return known.IsEmpty || options.FieldManager.Length == 0
            ? known
            : FieldOwnership.Update(known, stored, updated, version.Schema, Manager(kind, version, options, subresource, isApplier: false), Time(subresource, now));
    }

    public static FieldManager Manager(ResourceKind kind, KindVersion version, RequestOptions options, string subresource, bool isApplier) =>
        new(options.FieldManager, isApplier, kind.ApiVersion(version.Name), subresource);

    public static FieldManagers Of(JsonObject document) => FieldManagers.Read(ObjectMeta.Of(document)[Member]) ?? FieldManagers.None;

    public static void Set(JsonObject document, FieldManagers managers)
    {
        var metadata = ObjectMeta.Of(document);
        metadata.Remove(Member);
        if (managers.ToNode() is { } node)
        {
            document["metadata"]![Member] = node;
        }
    }

    /// <summary>Upstream keeps no time for what was written through a Scale.</summary>
    public static DateTimeOffset? Time(string subresource, DateTimeOffset now) => subresource == "scale" ? null : now;

    /// <summary>An object of the kind before anybody wrote to it: built-in kinds always have their structs.</summary>
    public static JsonObject Blank(ResourceKind kind, KindVersion version)
    {
        var blank = new JsonObject();
        if (kind is IBuiltInKind)
        {
            foreach (var (name, _) in version.Schema.Properties.Where(property => property.Value is { Properties.IsEmpty: false, MapType: not "atomic" }))
            {
                blank[name] = new JsonObject();
            }
        }

        return blank;
    }
}
