using System.Text;
using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.MPIJob;

/// <summary>One key for all pods of a job: by it each of them lets each other in.</summary>
internal static class SshAccess
{
    /// <summary>Where root has its keys.</summary>
    public const string RootPath = "/root/.ssh";

    private const string Volume = "ssh-auth";
    private const string PrivateKey = "ssh-privatekey";
    private const string PublicKey = "ssh-publickey";
    private const string SecretType = "kubernetes.io/ssh-auth";
    private const int OwnerOnly = 0x180;

    /// <summary>The secret; with a new key unless one is there already.</summary>
    public static V1Secret Secret(V1ObjectMeta metadata, bool hasKey, Func<SshKeyPair> newKey) => new()
    {
        ApiVersion = "v1",
        Kind = "Secret",
        Metadata = metadata,
        Type = SecretType,
        Data = hasKey ? null : Data(newKey()),
    };

    public static bool HoldsKey(System.Text.Json.JsonElement secret) =>
        secret.Get("data").Members().Select(member => member.Name).ToHashSet(StringComparer.Ordinal).IsSupersetOf([PrivateKey, PublicKey]);

    /// <summary>Shows the key to a container. Root's SSH insists that nobody else can read it; other users' could not read it then.</summary>
    public static void Mount(V1PodSpec pod, V1Container container, string secretName, string path)
    {
        container.VolumeMounts = [.. container.VolumeMounts ?? [], new V1VolumeMount { Name = Volume, MountPath = path }];
        pod.Volumes =
        [
            .. pod.Volumes ?? [],
            new V1Volume
            {
                Name = Volume,
                Secret = new V1SecretVolumeSource
                {
                    SecretName = secretName,
                    DefaultMode = path == RootPath ? OwnerOnly : null,
                    Items =
                    [
                        new V1KeyToPath { Key = PrivateKey, Path = "id_rsa" },
                        new V1KeyToPath { Key = PublicKey, Path = "id_rsa.pub" },
                        new V1KeyToPath { Key = PublicKey, Path = "authorized_keys" },
                    ],
                },
            },
        ];
    }

    private static Dictionary<string, byte[]> Data(SshKeyPair key) => new(StringComparer.Ordinal)
    {
        [PrivateKey] = Encoding.ASCII.GetBytes(key.PrivateKey),
        [PublicKey] = Encoding.ASCII.GetBytes(key.PublicKey),
    };
}
