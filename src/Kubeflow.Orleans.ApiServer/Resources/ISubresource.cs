using System.Collections.Immutable;
using Kubeflow.Orleans.Core.Kinds;
using Microsoft.AspNetCore.Http;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>
/// A subresource beyond status and scale (pods/log, pods/binding ...), registered by whoever owns the kind. It is listed in discovery
/// and reached after authentication; refusals are thrown as StatusException like everywhere.
/// </summary>
public interface ISubresource
{
    /// <summary>The resource it hangs on, for example <c>pods</c>.</summary>
    string Resource { get; }

    /// <summary>The last path segment, for example <c>log</c>.</summary>
    string Name { get; }

    /// <summary>The Kind discovery names for it, for example <c>Pod</c> or <c>Binding</c>.</summary>
    string Kind { get; }

    /// <summary>Discovery verbs: get for GET, create for POST, update, patch.</summary>
    ImmutableArray<string> Verbs { get; }

    /// <summary>No request timeout applies (log -f, exec, port-forward).</summary>
    bool LongRunning => false;

    Task HandleAsync(HttpContext context, ResourceKind kind, string @namespace, string name);
}
