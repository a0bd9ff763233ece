using System.Collections.Concurrent;
using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>
/// Namespaces seen active a moment ago, so that a stream of creates does not read the same namespace each time. A write to one in this
/// process forgets it before and after; another silo's is noticed within <see cref="Memory"/>, as upstream's own cache does.
/// </summary>
internal sealed class ActiveNamespaces(TimeProvider time)
{
    public const string Resource = "namespaces";

    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, long> seen = new(StringComparer.Ordinal);

    public bool Knows(string name) => seen.TryGetValue(name, out var at) && time.GetElapsedTime(at) < Memory;

    public void Remember(string name) => seen[name] = time.GetTimestamp();

    public void Forget(WriteOperation operation)
    {
        if (operation.Key.Resource == Resource)
        {
            seen.TryRemove(operation.Key.Name, out _);
        }
    }
}
