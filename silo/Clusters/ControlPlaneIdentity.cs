using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.Silo.Clusters;

/// <summary>
/// What tells the children of this control plane from those of another in the same cluster. It lies beside the store: whoever loses one
/// loses the other, and never takes foreign pods for leftovers of its own.
/// </summary>
internal static class ControlPlaneIdentity
{
    private const string SecretName = "control-plane";

    public static async Task<string> LoadAsync(ISecretStore secrets, CancellationToken cancellationToken) =>
        await secrets.FindAsync(SecretName, cancellationToken) ?? await secrets.KeepAsync(SecretName, Guid.NewGuid().ToString("N"), null, cancellationToken);
}
