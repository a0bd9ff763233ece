using System.Text;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Reading;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.LocalCluster.Tests;

/// <summary>Objects as a user would write them.</summary>
internal static class Yaml
{
    public static JsonObject Node(string yaml) => ObjectReader.Read(Encoding.UTF8.GetBytes(yaml), "application/yaml").Document;

    public static Document Document(string yaml) => Core.Resources.Document.FromNode(Node(yaml));
}
