using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Core.Selectors;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>Which objects of a kind a list or watch is about.</summary>
internal sealed class ObjectFilter
{
    private readonly Func<Document, bool>? matches;

    public ObjectFilter(ResourceKind kind, string @namespace, LabelSelector labels, FieldSelector fields)
    {
        Namespace = @namespace;
        OnlyName = labels.IsEverything && fields is { Requirements.Length: 1, Name: { Length: > 0 } name } && @namespace.Length > 0 == kind.Namespaced ? name : null;
        matches = (labels.IsEverything, Fields(fields, kind)) switch
        {
            (true, null) => null,
            (true, { } byFields) => byFields,
            (false, null) => labels.Matches,
            (false, { } byFields) => document => labels.Matches(document) && byFields(document),
        };
    }

    /// <summary>Empty: all.</summary>
    public string Namespace { get; }

    /// <summary>The selectors ask for one named object and nothing else, so nothing needs to be searched.</summary>
    public string? OnlyName { get; }

    /// <summary>Null keeps everything.</summary>
    public Func<Document, bool>? Selectors => matches;

    public bool Matches(ResourceKey key, Document document) =>
        (Namespace.Length == 0 || key.Namespace == Namespace) && (OnlyName is null || key.Name == OnlyName) && (matches is null || matches(document));

    private static Func<Document, bool>? Fields(FieldSelector fields, ResourceKind kind)
    {
        try
        {
            return fields.IsEverything ? null : fields.For(kind);
        }
        catch (FormatException exception)
        {
            throw StatusErrors.BadRequest(exception.Message);
        }
    }
}
