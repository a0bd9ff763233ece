using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>GET with <c>watch=true</c>: first what is there, if asked, then every change, until the time is over.</summary>
internal sealed class WatchEndpoint(
    ObjectLister lister, IResourceStore store, IChangeFeed feed, IOptions<ApiServerOptions> options, IHostApplicationLifetime host, TimeProvider time)
{
    private const int InitialPage = 500;

    public async Task WatchAsync(KindRequest request)
    {
        var query = request.Query;
        var list = ListOptions.ForWatch(query);
        var representation = Representation.Negotiate(request.Context.Request, watch: true);
        var filter = new ObjectFilter(request.Kind, request.Namespace, query.LabelSelector(), query.FieldSelector());
        var initial = query.Has("sendInitialEvents") ? query.Flag("sendInitialEvents") : list.ResourceVersion is null or 0;
        if (initial && list.ResourceVersion is { } wanted)
        {
            await lister.ReachAsync(wanted, request.Cancelled);
        }

        var lifetime = Lifetime(query);
        using var expiry = new CancellationTokenSource(lifetime, time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(expiry.Token, host.ApplicationStopping, request.Cancelled);
        var bookmarks = query.Flag("allowWatchBookmarks") ? new BookmarkSchedule(options.Value.BookmarkInterval, lifetime, time) : null;
        await StartAsync(request.Context, over.Token);
        var events = new WatchEvents(request.Context.Response.BodyWriter, request.View(representation), filter, request.Kind.ApiVersion(request.Info.Version), request.Kind.Kind);
        try
        {
            var position = list.ResourceVersion ?? 0;
            if (initial)
            {
                position = await SendInitialAsync(request.Kind, filter, events, over.Token);
                if (query.Flag("sendInitialEvents") && query.Flag("allowWatchBookmarks"))
                {
                    events.Bookmark(position, endsInitialEvents: true);
                }

                await events.FlushAsync(over.Token);
            }
            else if (position == 0)
            {
                position = await store.HeadAsync(over.Token);
            }

            await FollowAsync(request.Kind, events, position, bookmarks, over.Token);
        }
        catch (PositionExpiredException exception)
        {
            events.Error(StatusErrors.Expired(exception.Message).Status);
            await events.FlushAsync(over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The time is over, the server stops or the client has gone: the stream just ends.
        }
    }

    /// <summary>Clients wait for the headers before they do anything else, and there may be no event for hours.</summary>
    private static async Task StartAsync(HttpContext context, CancellationToken cancellationToken)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = MediaTypes.Json;
        await context.Response.StartAsync(cancellationToken);
        await context.Response.BodyWriter.FlushAsync(cancellationToken);
    }

    private async Task<long> SendInitialAsync(ResourceKind kind, ObjectFilter filter, WatchEvents events, CancellationToken cancellationToken)
    {
        var query = new ListQuery(kind.Resource) { Limit = InitialPage };
        while (true)
        {
            var page = await lister.PageAsync(kind, filter, query, cancellationToken);
            foreach (var document in page.Items)
            {
                events.Added(document);
            }

            await events.FlushAsync(cancellationToken);
            if (page.Next is null)
            {
                return page.Position;
            }

            query = query with { After = page.Next, At = page.Position };
        }
    }

    private async Task FollowAsync(ResourceKind kind, WatchEvents events, long position, BookmarkSchedule? bookmarks, CancellationToken cancellationToken)
    {
        // A version of the future is waited for: until then nothing is new to this client.
        var head = await store.HeadAsync(cancellationToken);
        using var subscription = feed.Subscribe(kind.Resource, Math.Min(position, head));
        var seen = position;
        while (true)
        {
            var changes = await subscription.ReadAsync(bookmarks?.Wait ?? options.Value.BookmarkInterval, cancellationToken);
            foreach (var change in changes)
            {
                if (change.Position > position)
                {
                    events.Changed(change);
                    seen = change.Position;
                    await events.FlushIfLargeAsync(cancellationToken);
                }
            }

            if (bookmarks is { IsDue: true } due)
            {
                due.Next();
                if (subscription.Position > seen)
                {
                    seen = subscription.Position;
                    events.Bookmark(seen, endsInitialEvents: false);
                }
            }

            await events.FlushAsync(cancellationToken);
        }
    }

    /// <summary>Unless the client says how long, watches end at different times, so that not all come back at once.</summary>
    private TimeSpan Lifetime(RequestQuery query) => query.Integer("timeoutSeconds") is > 0 and var seconds
        ? TimeSpan.FromSeconds(seconds)
        : options.Value.WatchTimeout * (1 + Random.Shared.NextDouble());
}
