namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>Access modes of volumes, as tables abbreviate them.</summary>
internal static class AccessModes
{
    public static string Short(IEnumerable<string> modes) => string.Join(',', modes.Select(mode => mode switch
    {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        _ => mode,
    }));
}
