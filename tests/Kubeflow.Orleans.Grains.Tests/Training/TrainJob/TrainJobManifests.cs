using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;

namespace Kubeflow.Orleans.Grains.Tests.Training.TrainJob;

/// <summary>Manifests the tests begin with.</summary>
internal static class TrainJobManifests
{
    public static string Job(string spec = "", string runtime = "test", string name = "train") => $$"""
        apiVersion: trainer.kubeflow.org/v1alpha1
        kind: TrainJob
        metadata: { name: {{name}}, namespace: default }
        spec:
          runtimeRef: { name: {{runtime}} }
        {{Indented(spec, 2)}}
        """;

    /// <summary>A runtime of one job that trains.</summary>
    public static string Runtime(string policy = "", string container = "image: python", string jobSet = "", string job = "", string kind = "ClusterTrainingRuntime", string name = "test") => $$"""
        apiVersion: trainer.kubeflow.org/v1alpha1
        kind: {{kind}}
        metadata: { name: {{name}}, labels: { trainer.kubeflow.org/framework: test } }
        spec:
          mlPolicy: { numNodes: 1{{(policy.Length == 0 ? "" : ", " + policy)}} }
          template:
            spec:
        {{Indented(jobSet, 6)}}
              replicatedJobs:
                - name: node
                  template:
                    metadata: { labels: { trainer.kubeflow.org/trainjob-ancestor-step: trainer } }
                    spec:
        {{Indented(job, 14)}}
                      template:
                        spec:
                          containers:
                            - name: node
        {{Indented(container, 22)}}
        """;

    /// <summary>Initializers for data and model, then the node.</summary>
    public const string Steps = """
        apiVersion: trainer.kubeflow.org/v1alpha1
        kind: ClusterTrainingRuntime
        metadata: { name: steps, labels: { trainer.kubeflow.org/framework: test } }
        spec:
          mlPolicy: { numNodes: 1 }
          template:
            metadata: { labels: { team: vision }, annotations: { note: kept } }
            spec:
              volumeClaimPolicies:
                - templates: [{ metadata: { name: initializer }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } } }]
              replicatedJobs:
                - name: dataset-initializer
                  template: &step
                    metadata: { labels: { trainer.kubeflow.org/trainjob-ancestor-step: dataset-initializer } }
                    spec:
                      template:
                        spec: { containers: [{ name: dataset-initializer, image: initializer, volumeMounts: [{ name: initializer, mountPath: /workspace }] }] }
                - name: model-initializer
                  template:
                    metadata: { labels: { trainer.kubeflow.org/trainjob-ancestor-step: model-initializer } }
                    spec:
                      template:
                        spec: { containers: [{ name: model-initializer, image: initializer, volumeMounts: [{ name: initializer, mountPath: /workspace }] }] }
                - name: node
                  dependsOn: [{ name: dataset-initializer, status: Complete }, { name: model-initializer, status: Complete }]
                  template:
                    metadata: { labels: { trainer.kubeflow.org/trainjob-ancestor-step: trainer } }
                    spec:
                      template:
                        spec: { containers: [{ name: node, image: trainer, volumeMounts: [{ name: initializer, mountPath: /workspace }] }] }
        """;

    public static TrainJobWorld World(string spec = "", string? runtime = null) => TrainJobWorld.Of(Job(spec), runtime ?? Runtime());

    public static System.Text.Json.Nodes.JsonObject BuiltIn(string name) =>
        BuiltInRuntimes.All.Single(runtime => runtime.Name == name).Read();

    private static string Indented(string text, int spaces) => string.Join('\n', text.Split('\n').Select(line => new string(' ', spaces) + line));
}
