using System.Globalization;
using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Plan;

/// <summary>How policies change containers.</summary>
internal static class ContainerEditing
{
    private const string IndexField = "metadata.annotations['batch.kubernetes.io/job-completion-index']";

    /// <summary>Sets variables: one of the same name is replaced where it stands.</summary>
    public static void SetEnvironment(this V1Container container, IEnumerable<V1EnvVar> variables)
    {
        List<V1EnvVar> environment = [.. container.Env ?? []];
        foreach (var variable in variables)
        {
            var position = environment.FindIndex(present => present.Name == variable.Name);
            if (position < 0)
            {
                environment.Add(variable);
            }
            else
            {
                environment[position] = variable;
            }
        }

        if (environment.Count > 0)
        {
            container.Env = environment;
        }
    }

    public static void OpenPort(this V1Container container)
    {
        if (container.Ports?.Any(port => port.ContainerPort == TrainerApi.Port) != true)
        {
            container.Ports = [.. container.Ports ?? [], new V1ContainerPort { ContainerPort = TrainerApi.Port }];
        }
    }

    public static void Mount(this V1Container container, string volume, string path, bool? readOnly = null) =>
        container.VolumeMounts = [.. (container.VolumeMounts ?? []).Where(mount => mount.Name != volume), new V1VolumeMount { Name = volume, MountPath = path, ReadOnlyProperty = readOnly }];

    public static void SetVolume(this V1PodSpec pod, V1Volume volume) =>
        pod.Volumes = [.. (pod.Volumes ?? []).Where(present => present.Name != volume.Name), volume];

    public static V1EnvVar Variable(string name, string value) => new() { Name = name, Value = value };

    public static V1EnvVar Variable(string name, long value) => Variable(name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A variable that holds the pod's index in its job.</summary>
    public static V1EnvVar IndexVariable(string name) => new() { Name = name, ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = IndexField } } };
}
