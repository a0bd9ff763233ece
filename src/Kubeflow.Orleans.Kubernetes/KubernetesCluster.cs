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
    private readonly ClusterView view = new();
    private readonly EventRecorder events;
    private readonly ListWatch pods;
    private readonly ListWatch services;

    public KubernetesCluster(ClusterTransport transport, TimeProvider clock, ILogger<KubernetesCluster> logger)
    {
        this.transport = transport;
        events = new EventRecorder(transport, clock, logger);
        pods = new ListWatch(transport, "api/v1/pods", OurChildren, view.Pods, clock, logger);
        services = new ListWatch(transport, "api/v1/services", OurChildren, view.Services, clock, logger);
    }

    public IClusterView View => view;

    public Task<CreateOutcome> CreatePodAsync(V1Pod pod, CancellationToken cancellationToken) => CreateAsync("pods", pod, cancellationToken);

    public Task<CreateOutcome> CreateServiceAsync(V1Service service, CancellationToken cancellationToken) => CreateAsync("services", service, cancellationToken);

    public Task<DeleteResult> DeletePodAsync(string @namespace, string name, string uid, CancellationToken cancellationToken) =>
        DeleteAsync("pods", @namespace, name, uid, cancellationToken);

    public Task<DeleteResult> DeleteServiceAsync(string @namespace, string name, string uid, CancellationToken cancellationToken) =>
        DeleteAsync("services", @namespace, name, uid, cancellationToken);

    public void Record(ObjectEvent objectEvent) => events.Record(objectEvent);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(pods.RunAsync(stoppingToken), services.RunAsync(stoppingToken), events.RunAsync(stoppingToken));

    private async Task<CreateOutcome> CreateAsync(string plural, IKubernetesObject<V1ObjectMeta> item, CancellationToken cancellationToken)
    {
        var path = $"api/v1/namespaces/{item.Metadata.NamespaceProperty}/{plural}";
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

    private async Task<DeleteResult> DeleteAsync(string plural, string @namespace, string name, string uid, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "DeleteOptions",
            ["propagationPolicy"] = "Background",
            ["preconditions"] = new JsonObject { ["uid"] = uid },
        };
        try
        {
            var response = await transport.SendAsync(HttpMethod.Delete, $"api/v1/namespaces/{@namespace}/{plural}/{name}", body.ToJsonString(), cancellationToken);
            return response switch
            {
                { Succeeded: true } => new DeleteResult.Accepted(),

                // Another uid under that name means ours is gone.
                { Code: HttpStatusCode.NotFound or HttpStatusCode.Conflict } => new DeleteResult.Gone(),
                _ => new DeleteResult.Failed(response.Message),
            };
        }
        catch (Exception failure) when (failure is HttpRequestException or TimeoutException)
        {
            return new DeleteResult.Failed(failure.Message);
        }
    }
}
