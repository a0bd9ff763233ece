using Kubeflow.Orleans.Silo.Security;

namespace Kubeflow.Orleans.Silo.Clusters;

/// <summary>
/// What tells the children of this control plane from those of another in the same cluster. It lies beside the store: whoever loses one
/// loses the other, and never takes foreign pods for leftovers of its own.
/// </summary>
internal static class ControlPlaneIdentity
{
    public static async Task<string> LoadAsync(string dataDirectory, CancellationToken cancellationToken)
    {
        var path = Path.Combine(dataDirectory, "control-plane");
        if (File.Exists(path) && await File.ReadAllTextAsync(path, cancellationToken) is { Length: > 0 } known)
        {
            return known;
        }

        var made = Guid.NewGuid().ToString("N");
        await PrivateFiles.WriteAsync(path, made, cancellationToken);
        return made;
    }
}
