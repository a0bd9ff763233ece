namespace Kubeflow.Orleans.Store;

/// <summary>
/// What a control plane keeps beside its documents and shows to nobody: keys, tokens, its identity. All silos of a store share it; it is
/// no part of the log.
/// </summary>
public interface ISecretStore
{
    /// <summary>What is kept under that name; null: nothing.</summary>
    Task<string?> FindAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// Keeps <paramref name="content"/> in the place of <paramref name="replaced"/> (null: of nothing), unless somebody was faster.
    /// Returns what is kept now.
    /// </summary>
    Task<string> KeepAsync(string name, string content, string? replaced, CancellationToken cancellationToken);
}
