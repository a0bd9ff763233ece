using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Kubernetes;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kubeflow.Orleans.Grains.Tests.Framework;

/// <summary>The shell as the host puts it together.</summary>
internal static class Shell
{
    public static Reconciler Around(IResourceStore store, IReadOnlyList<ICluster> clusters, IStateMachine machine)
    {
        var known = new Clusters(clusters, store);
        return new Reconciler(store, known, new Leftovers(known, store), [machine], TimeProvider.System, NullLogger<Reconciler>.Instance);
    }
}
