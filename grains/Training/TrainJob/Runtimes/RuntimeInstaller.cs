using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Hosting;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;

/// <summary>
/// Gives an installation each built-in runtime once. That it was given is written down beside it, so a runtime that was changed or
/// deleted stays changed or deleted, and a release that brings a new one still gives that.
/// </summary>
internal sealed class RuntimeInstaller(IResourceStore store, TimeProvider clock) : IHostedService
{
    /// <summary>Records of our own, of no kind that is served.</summary>
    private const string InstalledResource = "installedruntimes." + WellKnown.Domain;

    private static readonly string RuntimeResource = new ClusterTrainingRuntimeKind().Resource;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var given = (await store.ListAsync(new ListQuery(InstalledResource), cancellationToken)).Items.Select(record => record.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        var missing = BuiltInRuntimes.All.Where(runtime => !given.Contains(runtime.Name)).ToList();
        if (missing.Count > 0)
        {
            // The runtimes first: whoever dies in between gives them once more, and who has one of that name already keeps it.
            var now = clock.GetUtcNow();
            await store.WriteAsync([.. missing.Select(runtime => new CreateOperation(new ResourceKey(RuntimeResource, "", runtime.Name), runtime.Complete(Guid.NewGuid(), now)))], cancellationToken);
            await store.WriteAsync([.. missing.Select(runtime => new CreateOperation(
                new ResourceKey(InstalledResource, "", runtime.Name), Document.FromNode(new JsonObject { ["metadata"] = new JsonObject { ["name"] = runtime.Name } })))], cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
