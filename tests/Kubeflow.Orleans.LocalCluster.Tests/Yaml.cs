using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Reading;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.LocalCluster.Tests;

/// <summary>Objects as a user would write them.</summary>
internal static class Yaml
{
    public static JsonObject Node(string yaml) => YamlDocuments.Read(yaml).Single().Node.AsObject();

    public static Document Document(string yaml) => Core.Resources.Document.FromNode(Node(yaml));
}
