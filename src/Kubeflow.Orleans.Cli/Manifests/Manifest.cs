using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Cli.Manifests;

/// <summary>One object of a manifest file.</summary>
/// <param name="Number">Its place among the documents of the file, from 1.</param>
internal sealed record Manifest(string File, int Number, JsonObject Object)
{
    public string ApiVersion => Text("apiVersion");

    public string Kind => Text("kind");

    public string Name => Metadata?["name"]?.GetValue<string>() ?? "";

    public string GenerateName => Metadata?["generateName"]?.GetValue<string>() ?? "";

    public string Namespace => Metadata?["namespace"]?.GetValue<string>() ?? "";

    /// <summary>Where it stands, for messages.</summary>
    public string Place => $"{File}, document {Number}";

    private JsonObject? Metadata => Object["metadata"] as JsonObject;

    private string Text(string name) => Object[name]?.GetValue<string>() ?? "";
}
