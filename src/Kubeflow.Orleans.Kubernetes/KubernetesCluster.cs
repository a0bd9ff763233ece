using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Kubernetes.Connection;
using Kubeflow.Orleans.Kubernetes.Events;
using Kubeflow.Orleans.Kubernetes.Watching;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.Kubernetes;

/// <summary>A cluster reached over its API, embedded or real: nobody above can tell which.</summary>
public sealed class KubernetesCluster : BackgroundService, ICluster
{
    /// <summary>Only what we created is watched; with several silos each takes a range of <see cref="WellKnown.ShardLabel"/>.</summary>
    private const string OurChildren = $"{WellKnown.ManagedByLabel}={WellKnown.ManagerName}";

    private readonly ClusterTransport transport;
    private readonly ClusterView view;
    private readonly EventRecorder events;
    private readonly ImmutableArray<ListWatch> watches;

    /// <param name="kinds">What is observed beside pods and services.</param>
    public KubernetesCluster(ClusterTransport transport, IEnumerable<ChildKind> kinds, TimeProvider clock, ILogger<KubernetesCluster> logger)
    {
        this.transport = transport;
        view = new ClusterView(kinds);
        events = new EventRecorder(transport, clock, logger);
        watches =
        [
            Watch(ChildKind.Of<V1Pod>(), view.Pods),
            Watch(ChildKind.Of<V1Service>(), view.Services),
            .. view.Children.Select(entry => Watch(entry.Key, entry.Value)),
        ];

        ListWatch Watch(ChildKind kind, IListWatchTarget target) => new(transport, kind.Path, OurChildren, target, clock, logger);
    }

    public IClusterView View => view;

    public void Record(ObjectEvent objectEvent) => events.Record(objectEvent);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll([.. watches.Select(watch => watch.RunAsync(stoppingToken)), events.RunAsync(stoppingToken)]);

    public async Task<CreateOutcome> CreateAsync(IKubernetesObject<V1ObjectMeta> item, CancellationToken cancellationToken)
    {
        var path = ChildKind.Of(item).PathIn(item.Metadata.NamespaceProperty);
        try
        {
            var response = await transport.SendAsync(HttpMethod.Post, path, KubernetesJson.Serialize(item), cancellationToken);
            return response switch
            {
                { Succeeded: true } => new CreateOutcome.Created(new MetadataView(response.Json).Uid),
                { Code: HttpStatusCode.Conflict } => await ExplainConflictAsync($"{path}/{item.Metadata.Name}", response, cancellationToken),
                { Transient: true } => new CreateOutcome.Unavailable(response.Message, response.RetryAfter),
                _ => new CreateOutcome.Refused(response.Message),
            };
        }
        catch (Exception failure) when (failure is HttpRequestException or TimeoutException)
        {
            return new CreateOutcome.Unavailable(failure.Message, null);
        }
    }

    /// <summary>The uid makes the patch fail on another object of that name.</summary>
    public Task<ChangeResult> UpdateAsync(IKubernetesObject<V1ObjectMeta> item, string uid, CancellationToken cancellationToken)
    {
        var patch = JsonNode.Parse(KubernetesJson.Serialize(item))!.AsObject();
        patch["metadata"]!["uid"] = uid;
        return ChangeAsync(HttpMethod.Patch, $"{ChildKind.Of(item).PathIn(item.Metadata.NamespaceProperty)}/{item.Metadata.Name}", patch, cancellationToken);
    }

    public Task<ChangeResult> DeleteAsync(ChildKind kind, string @namespace, string name, string uid, CancellationToken cancellationToken) =>
        DeleteAsync(kind, @namespace, name, uid, gracePeriodSeconds: null, cancellationToken);

    public Task<ChangeResult> ForceDeleteAsync(ChildKind kind, string @namespace, string name, string uid, CancellationToken cancellationToken) =>
        DeleteAsync(kind, @namespace, name, uid, gracePeriodSeconds: 0, cancellationToken);

    private Task<ChangeResult> DeleteAsync(ChildKind kind, string @namespace, string name, string uid, int? gracePeriodSeconds, CancellationToken cancellationToken)
    {
        var options = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "DeleteOptions",
            ["propagationPolicy"] = "Background",
            ["preconditions"] = new JsonObject { ["uid"] = uid },
        };
        if (gracePeriodSeconds is { } seconds)
        {
            options["gracePeriodSeconds"] = seconds;
        }

        return ChangeAsync(HttpMethod.Delete, $"{kind.PathIn(@namespace)}/{name}", options, cancellationToken);
    }

    /// <summary>Somebody holds the name: whose is it?</summary>
    private async Task<CreateOutcome> ExplainConflictAsync(string path, ClusterResponse refusal, CancellationToken cancellationToken)
    {
        var existing = await transport.SendAsync(HttpMethod.Get, path, null, cancellationToken);
        if (!existing.Succeeded)
        {
            return new CreateOutcome.Unavailable(refusal.Message, null);
        }

        var metadata = new MetadataView(existing.Json);
        return new CreateOutcome.AlreadyExists(metadata.Uid, metadata.Controller?.Uid ?? "");
    }

    private async Task<ChangeResult> ChangeAsync(HttpMethod method, string path, JsonObject body, CancellationToken cancellationToken)
    {
        try
        {
            var response = await transport.SendAsync(method, path, body.ToJsonString(), cancellationToken);
            return response switch
            {
                { Succeeded: true } => new ChangeResult.Accepted(),

                // Another uid under that name means ours is gone.
                { Code: HttpStatusCode.NotFound or HttpStatusCode.Conflict } => new ChangeResult.Gone(),
                _ => new ChangeResult.Failed(response.Message),
            };
        }
        catch (Exception failure) when (failure is HttpRequestException or TimeoutException)
        {
            return new ChangeResult.Failed(failure.Message);
        }
    }
}
