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
using Kubeflow.Orleans.Kubernetes.Ownership;
using Kubeflow.Orleans.Kubernetes.Watching;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.Kubernetes;

/// <summary>A cluster reached over its API, embedded or real: nobody above can tell which.</summary>
public sealed class KubernetesCluster : BackgroundService, ICluster
{
    private readonly ClusterTransport transport;
    private readonly ChildOwnership ownership;
    private readonly ClusterView view;
    private readonly EventRecorder events;
    private readonly ImmutableArray<ListWatch> watches;

    public KubernetesCluster(ClusterTransport transport, ClusterOptions options, TimeProvider clock, ILogger<KubernetesCluster> logger)
    {
        this.transport = transport;
        ownership = options.Ownership;
        Name = options.Name;
        view = new ClusterView(options.Kinds, ownership, transport.Health);
        events = new EventRecorder(transport, clock, logger);
        watches =
        [
            Watch(ChildKind.Of<V1Pod>(), view.Pods),
            Watch(ChildKind.Of<V1Service>(), view.Services),
            .. view.Children.Select(entry => Watch(entry.Key, entry.Value)),
        ];

        ListWatch Watch(ChildKind kind, IListWatchTarget target) => new(transport, kind.Path, options.Selector, target, clock, logger);
    }

    public string Name { get; }

    public bool CollectsGarbage => ownership.CollectsGarbage;

    public IClusterView View => view;

    public void Record(ObjectEvent objectEvent) => events.Record(objectEvent);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll([.. watches.Select(watch => watch.RunAsync(stoppingToken)), events.RunAsync(stoppingToken)]);

    public async Task<CreateOutcome> CreateAsync(IKubernetesObject<V1ObjectMeta> item, CancellationToken cancellationToken)
    {
        var @namespace = item.Metadata.NamespaceProperty;
        var path = ChildKind.Of(item).PathIn(@namespace);
        var manifest = Manifest(item).ToJsonString();
        try
        {
            var response = await transport.SendAsync(HttpMethod.Post, path, manifest, cancellationToken);
            if (response.Code == HttpStatusCode.NotFound && IsAbout("namespaces", response))
            {
                // Nobody knows the team's namespace here yet.
                var made = await CreateNamespaceAsync(@namespace, cancellationToken);
                if (!made.Succeeded && made.Code != HttpStatusCode.Conflict)
                {
                    return made.Transient ? new CreateOutcome.Unavailable(made.Message, made.RetryAfter) : new CreateOutcome.NamespaceMissing(made.Message);
                }

                response = await transport.SendAsync(HttpMethod.Post, path, manifest, cancellationToken);
            }

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

    /// <summary>Sends what differs from what is known of the object. The uid makes the patch fail on another object of that name.</summary>
    public Task<ChangeResult> UpdateAsync(IKubernetesObject<V1ObjectMeta> item, string uid, CancellationToken cancellationToken)
    {
        if (ManifestDifference.Of(item, SeenOf(item, uid)) is not { } patch)
        {
            return Task.FromResult<ChangeResult>(new ChangeResult.Accepted());
        }

        if (patch["metadata"] is not JsonObject metadata)
        {
            patch["metadata"] = metadata = [];
        }

        ownership.Mark(patch);
        metadata["uid"] = uid;
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

    public async Task<ChangeResult> DisownAsync(ChildKind kind, string @namespace, string name, string uid, CancellationToken cancellationToken)
    {
        if (ownership.Disown() is not { } patch)
        {
            return new ChangeResult.Accepted();
        }

        patch["metadata"]!["uid"] = uid;
        return await ChangeAsync(HttpMethod.Patch, $"{kind.PathIn(@namespace)}/{name}", patch, cancellationToken);
    }

    private JsonElement SeenOf(IKubernetesObject<V1ObjectMeta> item, string uid)
    {
        var owner = item.Metadata.OwnerReferences?.FirstOrDefault(reference => reference.Controller == true);
        var resource = item.Metadata.Labels?.TryGetValue(WellKnown.OwnerResourceLabel, out var label) == true ? label : "";
        return owner is null
            ? default
            : view.ChildrenOf(new ResourceKey(resource, item.Metadata.NamespaceProperty, owner.Name), owner.Uid).FirstOrDefault(child => child.Uid == uid)?.Content ?? default;
    }

    private JsonObject Manifest(IKubernetesObject<V1ObjectMeta> item)
    {
        var manifest = JsonNode.Parse(KubernetesJson.Serialize(item))!.AsObject();
        ownership.Mark(manifest);
        return manifest;
    }

    private static bool IsAbout(string kind, ClusterResponse response) =>
        response.Json.TryGetProperty("details", out var details) && details.TryGetProperty("kind", out var missing) && missing.ValueEquals(kind);

    private Task<ClusterResponse> CreateNamespaceAsync(string name, CancellationToken cancellationToken)
    {
        var manifest = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Namespace",
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { [WellKnown.ManagedByLabel] = WellKnown.ManagerName } },
        };
        return transport.SendAsync(HttpMethod.Post, "api/v1/namespaces", manifest.ToJsonString(), cancellationToken);
    }

    /// <summary>Somebody holds the name: whose is it?</summary>
    private async Task<CreateOutcome> ExplainConflictAsync(string path, ClusterResponse refusal, CancellationToken cancellationToken)
    {
        var existing = await transport.SendAsync(HttpMethod.Get, path, null, cancellationToken);
        if (!existing.Succeeded)
        {
            return new CreateOutcome.Unavailable(refusal.Message, null);
        }

        return new CreateOutcome.AlreadyExists(new MetadataView(existing.Json).Uid, ownership.OwnerOf(existing.Json)?.Uid ?? "");
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
                { Transient: true } => new ChangeResult.Unavailable(response.Message),
                _ => new ChangeResult.Failed(response.Message),
            };
        }
        catch (Exception failure) when (failure is HttpRequestException or TimeoutException)
        {
            return new ChangeResult.Unavailable(failure.Message);
        }
    }
}
