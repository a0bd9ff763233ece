using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.ApiServer.Views;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Options;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>Reads pages of objects at one position.</summary>
internal sealed class ObjectLister(IResourceStore store, IOptions<ApiServerOptions> options, TimeProvider time)
{
    private const string ContinueExpired = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue " +
        "parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent " +
        "list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

    public async Task<ObjectList> ListAsync(ResourceKind kind, ObjectFilter filter, ListOptions list, CancellationToken cancellationToken)
    {
        var token = list.Continue.Length == 0 ? null : ContinueToken.Parse(list.Continue, kind.Resource, filter.Namespace);
        if (token is not null && list.ResourceVersion is > 0)
        {
            throw StatusErrors.BadRequest("specifying resource version is not allowed when using continue");
        }

        if (list.ResourceVersion is { } wanted)
        {
            await ReachAsync(wanted, cancellationToken);
        }

        var at = token is { Position: > 0 } ? token.Position : list.IsExact ? list.ResourceVersion : null;
        try
        {
            var page = await PageAsync(kind, filter, new ListQuery(kind.Resource) { Limit = list.Limit, After = token?.After, At = at }, cancellationToken);
            var next = page.Next is { } last ? new ContinueToken(token?.Position == ContinueToken.Inconsistent ? ContinueToken.Inconsistent : page.Position, last) : null;
            return new ObjectList(page.Items, page.Position, next?.Text(filter.Namespace) ?? "", page.Remaining);
        }
        catch (PositionExpiredException)
        {
            throw token is null
                ? StatusErrors.Expired("The resourceVersion for the provided list is too old.")
                : StatusErrors.Expired(ContinueExpired, (token with { Position = ContinueToken.Inconsistent }).Text(filter.Namespace));
        }
    }

    /// <param name="query">Position and extent of the page; what it holds is the filter's.</param>
    public async Task<ListPage> PageAsync(ResourceKind kind, ObjectFilter filter, ListQuery query, CancellationToken cancellationToken)
    {
        var @namespace = filter.Namespace.Length == 0 && kind.Namespaced ? null : filter.Namespace;
        if (filter.OnlyName is not { } name)
        {
            return await store.ListAsync(query with { Namespace = @namespace, Filter = filter.Selectors }, cancellationToken);
        }

        // One named object: the first object behind a key just before its name is either the one, or there is none.
        var page = await store.ListAsync(query with { Namespace = @namespace, Limit = 1, After = JustBefore(kind, filter.Namespace, name) }, cancellationToken);
        return page with { Items = [.. page.Items.Where(document => document.Metadata.Name == name)], Next = null, Remaining = null };
    }

    /// <summary>Waits a little for a position this server has not reached.</summary>
    /// <exception cref="Core.Errors.StatusException">504: it does not come.</exception>
    public async Task ReachAsync(long position, CancellationToken cancellationToken)
    {
        var head = await store.HeadAsync(cancellationToken);
        if (head >= position)
        {
            return;
        }

        using var patience = new CancellationTokenSource(options.Value.FutureVersionWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            while (head < position)
            {
                await store.WaitForChangeAsync(head, either.Token);
                head = await store.HeadAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw StatusErrors.VersionInFuture(position, await store.HeadAsync(cancellationToken));
        }
    }

    /// <summary>A key below <paramref name="name"/> with no possible name in between: its last character lowered, then the highest there is.</summary>
    private static ResourceKey JustBefore(ResourceKind kind, string @namespace, string name) =>
        new(kind.Resource, @namespace, $"{name[..^1]}{(char)(name[^1] - 1)}\uffff");
}
