using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>The finalizers by which a delete tells the garbage collector what to do with dependents.</summary>
public static class GarbageCollection
{
    public const string Orphan = DependentFinalizers.Orphan;

    public const string Foreground = DependentFinalizers.Foreground;

    /// <summary>The finalizers after a delete under <paramref name="policy"/>; an empty policy follows what the object already carries.</summary>
    internal static IReadOnlyList<string> Finalizers(IReadOnlyList<string> current, string policy)
    {
        var wanted = policy switch
        {
            "Orphan" => Orphan,
            "Foreground" => Foreground,
            "Background" => null,
            _ => current.FirstOrDefault(finalizer => finalizer is Orphan or Foreground),
        };
        if (wanted is not null && current.Contains(wanted))
        {
            return [.. current.Where(finalizer => finalizer == wanted || finalizer is not (Orphan or Foreground))];
        }

        var others = current.Where(finalizer => finalizer is not (Orphan or Foreground));
        return wanted is null ? [.. others] : [.. others, wanted];
    }
}
