using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.LocalCluster.Following;

/// <summary>What a controller sees next.</summary>
/// <param name="Fresh">Forget everything: <paramref name="Changes"/> lists all there is.</param>
/// <param name="Changes">In order; empty when the waiting time is over.</param>
internal sealed record ChangeBatch(bool Fresh, IReadOnlyList<Change> Changes);
