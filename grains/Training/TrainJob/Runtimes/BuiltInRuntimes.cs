using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Reading;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;

/// <summary>The runtimes every installation begins with, under the names SDKs and manifests refer to.</summary>
internal static class BuiltInRuntimes
{
    private const string InitializerImages = "ghcr.io/kubeflow/trainer";

    public static ImmutableArray<BuiltInRuntime> All { get; } =
    [
        Runtime("torch-distributed", "torch", "torch: {}", Trainer("pytorch/pytorch:2.13.0-cuda13.0-cudnn9-runtime")),
        Runtime("jax-distributed", "jax", "jax: {}", Trainer("nvcr.io/nvidia/jax:25.10-py3")),
        Runtime("xgboost-distributed", "xgboost", "xgboost: {}", Trainer("ghcr.io/kubeflow/trainer/xgboost-runtime")),
        MPI("deepspeed-distributed", "deepspeed", "ghcr.io/kubeflow/trainer/deepspeed-runtime"),
        MPI("mlx-distributed", "mlx", "ghcr.io/kubeflow/trainer/mlx-runtime"),
        TorchTune("torchtune-llama3.2-1b", "meta-llama/Llama-3.2-1B-Instruct", "llama3_2/1B", "original/tokenizer.model", null),
        TorchTune("torchtune-llama3.2-3b", "meta-llama/Llama-3.2-3B-Instruct", "llama3_2/3B", "original/tokenizer.model", null),
        TorchTune("torchtune-qwen2.5-1.5b", "Qwen/Qwen2.5-1.5B-Instruct", "qwen2_5/1.5B", "vocab.json", "merges.txt"),
    ];

    private static BuiltInRuntime Runtime(string name, string framework, string policy, string template) => new(name, $$"""
        apiVersion: {{TrainerApi.Group}}/{{TrainerApi.Version}}
        kind: {{TrainerApi.ClusterRuntimeKind}}
        metadata:
          name: {{name}}
          labels: { {{TrainerApi.FrameworkLabel}}: {{framework}} }
        spec:
          mlPolicy: { numNodes: 1, {{policy}} }
          template:
            spec:
        {{template}}
        """);

    private static string Trainer(string image) => $$"""
              replicatedJobs:
                - name: {{TrainerApi.Node}}
                  template:
                    metadata: { labels: { {{TrainerApi.StepLabel}}: {{TrainerApi.Trainer}} } }
                    spec:
                      template:
                        spec:
                          containers: [{ name: {{TrainerApi.Node}}, image: "{{image}}" }]
        """;

    /// <summary>Nodes wait for SSH; the launcher, itself a node, starts once they listen, and its end is the job's.</summary>
    private static BuiltInRuntime MPI(string name, string framework, string image) => Runtime(
        name, framework, "mpi: { numProcPerNode: 1, mpiImplementation: OpenMPI, sshAuthMountPath: /home/mpiuser/.ssh, runLauncherAsNode: true }", $$"""
              network: { publishNotReadyAddresses: true }
              successPolicy: { operator: All, targetReplicatedJobs: [{{TrainerApi.Launcher}}] }
              replicatedJobs:
                - name: {{TrainerApi.Node}}
                  template:
                    spec:
                      template:
                        spec:
                          securityContext: { fsGroup: 1000 }
                          containers:
                            - name: {{TrainerApi.Node}}
                              image: {{image}}
                              securityContext: { runAsUser: 1000 }
                              command: [/usr/sbin/sshd]
                              args: [-De, -f, /home/mpiuser/.sshd_config]
                              readinessProbe: { tcpSocket: { port: 2222 }, initialDelaySeconds: 5 }
                - name: {{TrainerApi.Launcher}}
                  dependsOn: [{ name: {{TrainerApi.Node}}, status: Ready }]
                  template:
                    metadata: { labels: { {{TrainerApi.StepLabel}}: {{TrainerApi.Trainer}} } }
                    spec:
                      template:
                        spec:
                          securityContext: { fsGroup: 1000 }
                          containers: [{ name: {{TrainerApi.Node}}, image: {{image}}, securityContext: { runAsUser: 1000 } }]
        """);

    /// <summary>Data set and model are fetched into a claim of the job's, then a model is fine-tuned on two graphics processors.</summary>
    private static BuiltInRuntime TorchTune(string name, string source, string configuration, string tokenizer, string? merges) => Runtime(name, "torchtune", "torch: {}", $$"""
              volumeClaimPolicies:
                - templates:
                    - metadata: { name: {{TrainerApi.InitializerVolume}} }
                      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 20Gi } } }
              replicatedJobs:
        {{Initializer(TrainerApi.DatasetInitializer, "hf://tatsu-lab/alpaca")}}
        {{Initializer(TrainerApi.ModelInitializer, "hf://" + source)}}
                - name: {{TrainerApi.Node}}
                  dependsOn:
                    - { name: {{TrainerApi.DatasetInitializer}}, status: Complete }
                    - { name: {{TrainerApi.ModelInitializer}}, status: Complete }
                  template:
                    metadata: { labels: { {{TrainerApi.StepLabel}}: {{TrainerApi.Trainer}} } }
                    spec:
                      template:
                        spec:
                          containers:
                            - name: {{TrainerApi.Node}}
                              image: ghcr.io/kubeflow/trainer/torchtune-trainer
                              command:
                                - tune
                                - run
                                - --rdzv_endpoint=localhost:{{TrainerApi.Port}}
                                - full_finetune_distributed
                                - --config
                                - {{configuration}}_full
                                - dataset=torchtune.datasets.instruct_dataset
                                - dataset.source=parquet
                                - dataset.data_dir=/workspace/dataset/data
                                - output_dir=/workspace/output
                                - tokenizer.path=/workspace/model/{{tokenizer}}
                                {{(merges is null ? "" : $"- tokenizer.merges_file=/workspace/model/{merges}")}}
                                - checkpointer.checkpoint_dir=/workspace/model
                              resources: { limits: { nvidia.com/gpu: 2 } }
                              volumeMounts: [{ name: {{TrainerApi.InitializerVolume}}, mountPath: /workspace }]
        """);

    private static string Initializer(string step, string source) => $$"""
                - name: {{step}}
                  template:
                    metadata: { labels: { {{TrainerApi.StepLabel}}: {{step}} } }
                    spec:
                      template:
                        spec:
                          containers:
                            - name: {{step}}
                              image: {{InitializerImages}}/{{step}}
                              env: [{ name: STORAGE_URI, value: "{{source}}" }]
                              volumeMounts: [{ name: {{TrainerApi.InitializerVolume}}, mountPath: /workspace }]
        """;
}

/// <summary>One of them. A start that has nothing to give does not read it.</summary>
internal sealed record BuiltInRuntime(string Name, string Manifest)
{
    public JsonObject Read() => YamlDocuments.Read(Manifest).Single().Node.AsObject();

    /// <summary>The document as the API server would store it.</summary>
    public Document Complete(Guid uid, DateTimeOffset now)
    {
        var document = Read();
        SchemaWalk.ApplyDefaults(document, RuntimeSchema.Runtime);
        var metadata = document["metadata"]!.AsObject();
        metadata["uid"] = uid.ToString();
        metadata["generation"] = 1;
        metadata["creationTimestamp"] = now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        return Document.FromNode(document);
    }
}
