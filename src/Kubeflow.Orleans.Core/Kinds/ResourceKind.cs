using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Core.Kinds;

/// <summary>
/// What a kind is: names, versions, schema, columns, defaults and validation. One subclass per kind, in the kind's folder. The API
/// server serves whatever is registered and knows no kind by name; what only some kinds do stands in the capability interfaces.
/// </summary>
public abstract class ResourceKind
{
    /// <summary>The API group; empty for the core group.</summary>
    public abstract string Group { get; }

    /// <summary>CamelCase name, for example <c>TFJob</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>Lower-case plural used in URLs, for example <c>tfjobs</c>.</summary>
    public abstract string Plural { get; }

    public virtual string Singular => Kind.ToLowerInvariant();

    public virtual string ListKind => Kind + "List";

    public virtual ImmutableArray<string> ShortNames => [];

    public virtual ImmutableArray<string> Categories => [];

    public virtual bool Namespaced => true;

    /// <summary>Served versions, the preferred (and stored) one first.</summary>
    public abstract ImmutableArray<KindVersion> Versions { get; }

    /// <summary>
    /// Each version is a shape of its own that no other can express: an object keeps the one it was created in, whichever it is read or
    /// written through. Otherwise all objects are stored in the preferred version.
    /// </summary>
    public virtual bool KeepsVersions => false;

    /// <summary>Whether <c>/status</c> exists and the main endpoint leaves status alone.</summary>
    public virtual bool HasStatus => true;

    public virtual ScaleSubresource? Scale => null;

    /// <summary>Field selectors beside metadata.name and metadata.namespace: label to the path that holds the value.</summary>
    public virtual ImmutableDictionary<string, JsonPath> SelectableFields => ImmutableDictionary<string, JsonPath>.Empty;

    /// <summary>The stored identity: <c>plural.group</c>, or just <c>plural</c> in the core group.</summary>
    public string Resource => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>How names of this kind must look.</summary>
    public virtual NameRule NameRule => NameRule.DnsSubdomain;

    /// <summary>Sets the persisted defaults that no schema can express. Pure; called on create and update before validation.</summary>
    public virtual void Default(JsonObject document)
    {
    }

    /// <summary>The rules beyond the schema. Pure; <paramref name="old"/> is null on create. May not throw on any document the schema accepts.</summary>
    public virtual IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old) => [];

    /// <summary>Warnings sent back in <c>Warning</c> headers; the request is served all the same.</summary>
    public virtual IEnumerable<string> Warnings(JsonObject document) => [];

    public string ApiVersion(string version) => Group.Length == 0 ? version : $"{Group}/{version}";

    public override string ToString() => Resource;
}

/// <summary>One served version of a kind.</summary>
/// <param name="Name">For example <c>v1</c>.</param>
/// <param name="Schema">The schema of the whole object; apiVersion, kind and metadata are added by the machinery.</param>
/// <param name="Columns">Printer columns after NAME; empty: just AGE.</param>
public sealed record KindVersion(string Name, Schema Schema, ImmutableArray<PrinterColumn> Columns);

/// <summary>A column of <c>kubectl get</c>.</summary>
/// <param name="Type">string, integer, number, boolean, date.</param>
/// <param name="Path">Where the value stands; dates are shown as an age.</param>
/// <param name="Priority">0 always shown, 1 only with <c>-o wide</c>.</param>
public sealed record PrinterColumn(string Name, string Type, JsonPath Path, int Priority = 0, string Description = "", string Format = "");

/// <summary>The paths of <c>/scale</c>, as a CustomResourceDefinition declares them.</summary>
public sealed record ScaleSubresource(JsonPath SpecReplicas, JsonPath StatusReplicas, JsonPath LabelSelector);

/// <summary>How object names of a kind must look.</summary>
public enum NameRule
{
    /// <summary>RFC 1123 subdomain, at most 253 characters: the default.</summary>
    DnsSubdomain,

    /// <summary>RFC 1123 label, at most 63 characters: namespaces.</summary>
    DnsLabel,

    /// <summary>RFC 1035 label, at most 63 characters: services.</summary>
    Dns1035Label,

    /// <summary>Anything that is one path segment: RBAC.</summary>
    PathSegment,
}
