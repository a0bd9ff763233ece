namespace Kubeflow.Orleans.Conformance.Tests.Running;

/// <summary>Jobs whose containers are shell commands.</summary>
internal static class Manifests
{
    public static string TFJob(string name, string script, int workers = 1, string spec = "") => $$"""
        apiVersion: kubeflow.org/v1
        kind: TFJob
        metadata:
          name: {{name}}
        spec:{{spec}}
          tfReplicaSpecs:
            Worker:
              replicas: {{workers}}
              restartPolicy: Never
              template:
                spec:
                  containers:
                    - name: tensorflow
                      image: busybox
                      command: ["sh", "-c", {{Quoted(script)}}]

        """;

    public static string PyTorchJob(string name, string script, int workers = 1, string spec = "") => $$"""
        apiVersion: kubeflow.org/v1
        kind: PyTorchJob
        metadata:
          name: {{name}}
        spec:{{spec}}
          pytorchReplicaSpecs:
            Master:
              replicas: 1
              restartPolicy: Never
              template: &replica
                spec:
                  containers:
                    - name: pytorch
                      image: busybox
                      command: ["sh", "-c", {{Quoted(script)}}]
            Worker:
              replicas: {{workers}}
              restartPolicy: Never
              template: *replica

        """;

    /// <summary>A line of the spec that keeps a job from starting pods.</summary>
    public const string Suspended = "\n  runPolicy: {suspend: true}";

    private static string Quoted(string script) => System.Text.Json.JsonSerializer.Serialize(script);
}
