using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.Silo.Security;

/// <summary>Secrets of one silo, one private file each. A silo owns its folder, so nobody is ever faster.</summary>
internal sealed class SecretFolder(string folder) : ISecretStore
{
    public async Task<string?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path) && await File.ReadAllTextAsync(path, cancellationToken) is { Length: > 0 } content ? content : null;
    }

    public async Task<string> KeepAsync(string name, string content, string? replaced, CancellationToken cancellationToken)
    {
        if (await FindAsync(name, cancellationToken) is { } kept && kept != replaced)
        {
            return kept;
        }

        PrivateFiles.CreateDirectory(folder);
        await PrivateFiles.WriteAsync(Path.Combine(folder, name), content, cancellationToken);
        return content;
    }
}
