using System.Text.Json;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Makes a pod's volumes: each becomes a file or directory of the host.</summary>
internal sealed class PodVolumes(IKubeletApi api, KubeletOptions options, TimeProvider time)
{
    private readonly VolumeFiles files = new(api, options);

    /// <summary>Sets up or refreshes all volumes. Repeating it is harmless.</summary>
    /// <returns>Volume name to path on the host.</returns>
    /// <exception cref="VolumeException">One of them cannot be had yet.</exception>
    public async Task<IReadOnlyDictionary<string, string>> SetUpAsync(Pod pod, PodRecord record, PodDirectory directory, CancellationToken cancellationToken)
    {
        var paths = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var volume in pod.Spec.Items("volumes"))
        {
            var name = volume.Text("name");
            paths[name] = await SetUpAsync(pod, record, Path.Combine(directory.Volumes, name), name, volume, cancellationToken);
        }

        return paths;
    }

    private async Task<string> SetUpAsync(Pod pod, PodRecord record, string own, string name, JsonElement volume, CancellationToken cancellationToken)
    {
        if (await files.ReadAsync(pod, record, volume, cancellationToken) is { } content)
        {
            AtomicDirectory.Write(own, content, time.GetUtcNow());
            return own;
        }

        if (volume.At("hostPath") is { ValueKind: JsonValueKind.Object } hostPath)
        {
            return HostPath(name, hostPath.Text("path"), hostPath.Text("type"));
        }

        if (volume.At("persistentVolumeClaim") is { ValueKind: JsonValueKind.Object } claim)
        {
            return await ClaimAsync(pod, name, claim.Text("claimName"), cancellationToken);
        }

        if (volume.Has("ephemeral"))
        {
            return await ClaimAsync(pod, name, $"{pod.Name}-{name}", cancellationToken);
        }

        if (!volume.Has("emptyDir") && volume.EnumerateObject().FirstOrDefault(property => property.Name != "name") is { Value.ValueKind: JsonValueKind.Object } other)
        {
            throw new VolumeException(name, $"volumes of type {other.Name} need a real cluster");
        }

        // Anybody's in the pod, as an emptyDir is.
        Directory.CreateDirectory(own);
        return own;
    }

    private static string HostPath(string volume, string path, string type)
    {
        if (type is "DirectoryOrCreate")
        {
            Directory.CreateDirectory(path);
        }
        else if (type is "FileOrCreate" && !File.Exists(path))
        {
            File.Create(path).Dispose();
        }

        return type switch
        {
            "Directory" when !Directory.Exists(path) => throw new VolumeException(volume, $"hostPath type check failed: {path} is not a directory"),
            "File" when !File.Exists(path) => throw new VolumeException(volume, $"hostPath type check failed: {path} is not a file"),
            _ when !Path.Exists(path) => throw new VolumeException(volume, $"hostPath {path} does not exist on this host"),
            _ => path,
        };
    }

    /// <summary>The directory behind a claim: what its bound volume names as hostPath or local path.</summary>
    private async Task<string> ClaimAsync(Pod pod, string volume, string claimName, CancellationToken cancellationToken)
    {
        var claim = await api.FindAsync(new ResourceKey("persistentvolumeclaims", pod.Namespace, claimName), cancellationToken)
            ?? throw new VolumeException(volume, $"persistentvolumeclaim \"{claimName}\" not found");
        var bound = claim.Root.At("spec").Text("volumeName");
        var persistent = bound.Length == 0 ? null : await api.FindAsync(new ResourceKey("persistentvolumes", "", bound), cancellationToken);
        var spec = persistent?.Root.At("spec") ?? default;
        var path = spec.At("hostPath").TextOr("path", spec.At("local").Text("path"));
        if (path.Length == 0)
        {
            throw new VolumeException(volume, $"persistentvolumeclaim \"{claimName}\" is not bound to a directory yet");
        }

        Directory.CreateDirectory(path);
        return path;
    }
}
