using System.Text.Json.Nodes;
using Kubeflow.Orleans.Cli.Manifests;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Cli.Tests;

/// <summary>Objects as an API server sends them, written as the YAML a person would read.</summary>
internal static class Objects
{
    public static JsonObject Node(string yaml) => JsonNode.Parse(YamlJson.ReadAll(yaml).Single()!.ToJsonString())!.AsObject();

    public static Document Document(string yaml) => Core.Resources.Document.FromNode(Node(yaml));

    public static Document Job(string conditions, string uid = "job-uid", string name = "digits") => Document($$"""
        apiVersion: kubeflow.org/v1
        kind: TFJob
        metadata: {name: {{name}}, namespace: default, uid: {{uid}}, resourceVersion: "5"}
        status: {conditions: [{{conditions}}]}
        """);

    public static Document Pod(string status, string labels = "training.kubeflow.org/replica-type: worker, training.kubeflow.org/replica-index: \"0\"", string name = "digits-worker-0") => Document($$"""
        apiVersion: v1
        kind: Pod
        metadata:
          name: {{name}}
          namespace: default
          uid: {{name}}-uid
          labels: { {{labels}} }
          ownerReferences: [{apiVersion: kubeflow.org/v1, kind: TFJob, name: digits, uid: job-uid, controller: true}]
        spec: {nodeName: laptop}
        status: {{status}}
        """);
}
