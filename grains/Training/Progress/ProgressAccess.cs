using System.Collections.Immutable;
using System.Text;
using k8s.Models;
using Kubeflow.Orleans.Core.Progress;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training.Progress;

/// <summary>What pods get to report their progress: the variables and files of Trainer v2, so that the same training code reports everywhere.</summary>
internal static class ProgressAccess
{
    private const string Folder = "/var/run/secrets/kubeflow/trainer";
    private const string Volume = "kubeflow-trainer-token";
    private const string TokenFile = "token";
    private const string AuthorityFile = "ca.crt";

    public static ImmutableArray<ChildKind> Kinds(ProgressServer? server) => server is null ? [] : [ChildKind.Of<V1Secret>()];

    /// <summary>The token opens nothing but the progress of this one object.</summary>
    /// <param name="metadata">What every child of the object carries, with <see cref="ProgressReporter.SecretName"/>.</param>
    public static V1Secret Secret(ProgressReporter reporter, V1ObjectMeta metadata, ProgressServer server) => new()
    {
        ApiVersion = "v1",
        Kind = "Secret",
        Metadata = metadata,
        Data = new Dictionary<string, byte[]>
        {
            [TokenFile] = Encoding.UTF8.GetBytes(ProgressToken.Of(server.Key.Span, reporter.Resource, reporter.Uid)),
            [AuthorityFile] = Encoding.UTF8.GetBytes(server.AuthorityPem),
        },
    };

    public static void Give(V1PodSpec pod, ProgressReporter reporter, Uri server)
    {
        pod.Volumes = [.. pod.Volumes ?? [], new V1Volume { Name = Volume, Secret = new V1SecretVolumeSource { SecretName = reporter.SecretName } }];
        foreach (var container in pod.Containers)
        {
            PodBuilder.AddEnvironment(container,
            [
                new V1EnvVar { Name = "KUBEFLOW_TRAINER_SERVER_URL", Value = new Uri(server, reporter.Path).ToString() },
                new V1EnvVar { Name = "KUBEFLOW_TRAINER_SERVER_CA_CERT", Value = $"{Folder}/{AuthorityFile}" },
                new V1EnvVar { Name = "KUBEFLOW_TRAINER_SERVER_TOKEN", Value = $"{Folder}/{TokenFile}" },
            ]);
            container.VolumeMounts = [.. container.VolumeMounts ?? [], new V1VolumeMount { Name = Volume, MountPath = Folder, ReadOnlyProperty = true }];
        }
    }
}
