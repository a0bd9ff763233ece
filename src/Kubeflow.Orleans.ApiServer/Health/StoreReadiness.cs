using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.ApiServer.Health;

/// <summary>The store answers.</summary>
internal sealed class StoreReadiness(IResourceStore store) : IReadinessCheck
{
    public string Name => "store";

    public async ValueTask<string?> CheckAsync(CancellationToken cancellationToken)
    {
        await store.HeadAsync(cancellationToken);
        return null;
    }
}
