using System.Text;
using System.Text.Json;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>A volume cannot be had (yet): the pod waits and an event FailedMount says why.</summary>
internal sealed class VolumeException(string volume, string problem) : Exception($"MountVolume.SetUp failed for volume \"{volume}\" : {problem}");

/// <summary>The files of configMap, secret, downwardAPI and projected volumes, from the objects they name.</summary>
internal sealed class VolumeFiles(IKubeletApi api, KubeletOptions options)
{
    private const int DefaultMode = 0x1A4;

    /// <returns>Null when the volume is of no such type.</returns>
    /// <exception cref="VolumeException">A required object or key is missing.</exception>
    public async Task<IReadOnlyDictionary<string, VolumeFile>?> ReadAsync(Pod pod, PodRecord record, JsonElement volume, CancellationToken cancellationToken)
    {
        var name = volume.Text("name");
        if (volume.At("projected") is { ValueKind: JsonValueKind.Object } projected)
        {
            var mode = Mode(projected, DefaultMode);
            var files = new Dictionary<string, VolumeFile>(StringComparer.Ordinal);
            foreach (var source in projected.Items("sources"))
            {
                foreach (var (path, file) in await SourceAsync(pod, record, name, source, mode, cancellationToken) ?? [])
                {
                    files[path] = file;
                }
            }

            return files;
        }

        return await SourceAsync(pod, record, name, volume, DefaultMode, cancellationToken);
    }

    private async Task<Dictionary<string, VolumeFile>?> SourceAsync(Pod pod, PodRecord record, string volume, JsonElement source, int mode, CancellationToken cancellationToken)
    {
        if (source.At("configMap") is { ValueKind: JsonValueKind.Object } configMap)
        {
            return await ObjectAsync(pod, volume, "configmaps", configMap, configMap.Text("name"), mode, cancellationToken);
        }

        if (source.At("secret") is { ValueKind: JsonValueKind.Object } secret)
        {
            return await ObjectAsync(pod, volume, "secrets", secret, secret.TextOr("secretName", secret.Text("name")), mode, cancellationToken);
        }

        if (source.At("downwardAPI") is { ValueKind: JsonValueKind.Object } downward)
        {
            return downward.Items("items").ToDictionary(
                item => item.Text("path"), item => new VolumeFile(Encoding.UTF8.GetBytes(Field(pod, record, item)), Mode(item, Mode(downward, mode))), StringComparer.Ordinal);
        }

        return source.At("serviceAccountToken") is { ValueKind: JsonValueKind.Object } token ? await TokenAsync(pod, token, mode, cancellationToken) : null;
    }

    private async Task<Dictionary<string, VolumeFile>> ObjectAsync(
        Pod pod, string volume, string resource, JsonElement source, string name, int mode, CancellationToken cancellationToken)
    {
        mode = Mode(source, mode);
        if (await api.FindAsync(new ResourceKey(resource, pod.Namespace, name), cancellationToken) is not { } document)
        {
            return source.Flag("optional") ? [] : throw new VolumeException(volume, ConfigData.NotFound(resource, name));
        }

        var data = ConfigData.Read(document);
        var items = source.Items("items").ToList();
        if (items.Count == 0)
        {
            return data.ToDictionary(entry => entry.Key, entry => new VolumeFile(entry.Value, mode), StringComparer.Ordinal);
        }

        var files = new Dictionary<string, VolumeFile>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            if (data.TryGetValue(item.Text("key"), out var value))
            {
                files[item.Text("path")] = new VolumeFile(value, Mode(item, mode));
            }
            else if (!source.Flag("optional"))
            {
                throw new VolumeException(volume, $"references non-existent {(resource == "secrets" ? "secret" : "config")} key: {item.Text("key")}");
            }
        }

        return files;
    }

    private string Field(Pod pod, PodRecord record, JsonElement item) => (item.Has("resourceFieldRef")
        ? FieldReferences.Resolve(pod, item.At("resourceFieldRef"), "", options)
        : FieldReferences.Resolve(pod, record, item.At("fieldRef").Text("fieldPath"))) ?? "";

    private async Task<Dictionary<string, VolumeFile>> TokenAsync(Pod pod, JsonElement source, int mode, CancellationToken cancellationToken)
    {
        if (options.ServiceAccountTokens is not { } tokens)
        {
            return [];
        }

        var token = await tokens.IssueAsync(pod.Namespace, pod.ServiceAccountName, pod.Name, pod.Uid, cancellationToken);
        return new Dictionary<string, VolumeFile>(StringComparer.Ordinal) { [source.Text("path")] = new(Encoding.UTF8.GetBytes(token), mode) };
    }

    private static int Mode(JsonElement element, int fallback) => (int)(element.Integer("mode") ?? element.Integer("defaultMode") ?? fallback);
}
