using System.Text;
using System.Text.Json;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>The manifest asks for something that is not there (yet): CreateContainerConfigError.</summary>
internal sealed class ContainerConfigException(string message) : Exception(message);

/// <summary>
/// Builds a container's environment in Kubernetes' order: service links, then envFrom, then env, later ones winning. Beneath lies a
/// small part of the host's environment, because the command is a program of the host.
/// </summary>
internal sealed class ContainerEnvironment(IKubeletApi api, ClusterNetwork network, KubeletOptions options)
{
    /// <summary>What a program of the host needs to find itself. Everything else of ours, tokens before all, stays with us.</summary>
    private static readonly string[] Inherited =
        ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "CUDA_HOME", "DOTNET_ROOT", "VIRTUAL_ENV", "CONDA_PREFIX", "SSL_CERT_FILE"];

    /// <returns>The variables, and which of them were written out in the manifest (names in their values may be replaced).</returns>
    /// <exception cref="ContainerConfigException">A required configMap, secret or key is missing.</exception>
    public async Task<ContainerVariables> BuildAsync(Pod pod, PodRecord record, ContainerSpec container, CancellationToken cancellationToken)
    {
        var links = await ServiceLinksAsync(pod, cancellationToken);
        var variables = new Dictionary<string, string>(links, StringComparer.Ordinal);
        foreach (var source in container.Json.Items("envFrom"))
        {
            await AddAllAsync(pod, source, variables, cancellationToken);
        }

        var written = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in container.Json.Items("env"))
        {
            var name = entry.Text("name");
            if (entry.Has("valueFrom"))
            {
                if (await ReferenceAsync(pod, record, container, entry.At("valueFrom"), cancellationToken) is { } value)
                {
                    variables[name] = value;
                }
            }
            else
            {
                variables[name] = VariableExpansion.Expand(entry.Text("value"), variables);
                written.Add(name);
            }
        }

        return new ContainerVariables(variables, written);
    }

    /// <summary>The host's variables a container starts from.</summary>
    public static Dictionary<string, string> HostVariables()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = HostCommand.ToolPath };
        foreach (var name in Inherited)
        {
            if (System.Environment.GetEnvironmentVariable(name) is { } value)
            {
                variables[name] = value;
            }
        }

        return variables;
    }

    private async Task<Dictionary<string, string>> ServiceLinksAsync(Pod pod, CancellationToken cancellationToken)
    {
        var services = (!pod.Spec.Has("enableServiceLinks") || pod.Spec.Flag("enableServiceLinks")) ? await api.ListAsync("services", pod.Namespace, cancellationToken) : [];
        var kubernetes = await api.FindAsync(new ResourceKey("services", "default", "kubernetes"), cancellationToken);
        var links = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var service in services.Concat(kubernetes is null ? [] : [kubernetes]).Where(service => service.Root.At("spec").Text("clusterIP") is not ("" or "None")))
        {
            foreach (var (name, value) in ServiceLinks.Of(service, network.AddressOf(service)))
            {
                links[name] = value;
            }
        }

        return links;
    }

    private async Task AddAllAsync(Pod pod, JsonElement source, Dictionary<string, string> variables, CancellationToken cancellationToken)
    {
        var (reference, resource) = source.Has("secretRef") ? (source.At("secretRef"), "secrets") : (source.At("configMapRef"), "configmaps");
        if (await FindAsync(pod, resource, reference, cancellationToken) is { } document)
        {
            foreach (var (key, value) in ConfigData.Read(document))
            {
                variables[source.Text("prefix") + key] = Encoding.UTF8.GetString(value);
            }
        }
    }

    private async Task<string?> ReferenceAsync(Pod pod, PodRecord record, ContainerSpec container, JsonElement from, CancellationToken cancellationToken)
    {
        if (from.Has("fieldRef"))
        {
            var path = from.At("fieldRef").Text("fieldPath");
            return FieldReferences.Resolve(pod, record, path) ?? throw new ContainerConfigException($"unsupported fieldPath: {path}");
        }

        if (from.Has("resourceFieldRef"))
        {
            return FieldReferences.Resolve(pod, from.At("resourceFieldRef"), container.Name, options) ?? throw new ContainerConfigException("unsupported container resource");
        }

        return from.Has("secretKeyRef")
            ? await KeyAsync(pod, "secrets", from.At("secretKeyRef"), cancellationToken)
            : await KeyAsync(pod, "configmaps", from.At("configMapKeyRef"), cancellationToken);
    }

    private async Task<string?> KeyAsync(Pod pod, string resource, JsonElement reference, CancellationToken cancellationToken)
    {
        if (await FindAsync(pod, resource, reference, cancellationToken) is not { } document)
        {
            return null;
        }

        var key = reference.Text("key");
        if (ConfigData.Read(document).TryGetValue(key, out var value))
        {
            return Encoding.UTF8.GetString(value);
        }

        return reference.Flag("optional")
            ? null
            : throw new ContainerConfigException($"couldn't find key {key} in {(resource == "secrets" ? "Secret" : "ConfigMap")} {pod.Namespace}/{reference.Text("name")}");
    }

    private async Task<Document?> FindAsync(Pod pod, string resource, JsonElement reference, CancellationToken cancellationToken)
    {
        var name = reference.Text("name");
        var document = await api.FindAsync(new ResourceKey(resource, pod.Namespace, name), cancellationToken);
        return document is null && !reference.Flag("optional")
            ? throw new ContainerConfigException(ConfigData.NotFound(resource, name))
            : document;
    }
}

/// <param name="Written">Names whose values stand literally in the manifest.</param>
internal sealed record ContainerVariables(IReadOnlyDictionary<string, string> Values, IReadOnlySet<string> Written);

/// <summary>The keys of a configMap or secret.</summary>
internal static class ConfigData
{
    public static IReadOnlyDictionary<string, byte[]> Read(Document document)
    {
        var isSecret = document.Kind == "Secret";
        var data = document.Root.Map("data").Select(entry => (entry.Key, Value: isSecret ? FromBase64(entry.Value) : Encoding.UTF8.GetBytes(entry.Value)));
        var binary = document.Root.Map("binaryData").Select(entry => (entry.Key, Value: FromBase64(entry.Value)));
        return data.Concat(binary).GroupBy(entry => entry.Key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last().Value, StringComparer.Ordinal);
    }

    public static string NotFound(string resource, string name) => $"{(resource == "secrets" ? "secret" : "configmap")} \"{name}\" not found";

    /// <summary>What is not base64 was refused by the API server; here it is empty rather than fatal.</summary>
    private static byte[] FromBase64(string text)
    {
        var buffer = new byte[text.Length];
        return Convert.TryFromBase64String(text, buffer, out var count) ? buffer[..count] : [];
    }
}
