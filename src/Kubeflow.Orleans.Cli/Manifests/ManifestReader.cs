using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;

namespace Kubeflow.Orleans.Cli.Manifests;

/// <summary>Reads the objects of a YAML or JSON file; empty documents are skipped but counted, a List gives its items.</summary>
internal static class ManifestReader
{
    private const string Shape = "An object needs apiVersion, kind and metadata.name.";

    /// <param name="path">A file, or <c>-</c> for standard input.</param>
    /// <exception cref="FailureException">The file cannot be read or a document of it is no object.</exception>
    public static async Task<IReadOnlyList<Manifest>> ReadFileAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return path == "-" ? Read("standard input", await Console.In.ReadToEndAsync(cancellationToken)) : Read(path, await File.ReadAllTextAsync(path, cancellationToken));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException($"{path} cannot be read: {exception.Message}", ExitCode.Refused);
        }
    }

    public static IReadOnlyList<Manifest> Read(string file, string text)
    {
        var manifests = Documents(file, text).SelectMany((document, at) => Objects(file, at + 1, document)).ToList();
        return manifests.Count > 0 ? manifests : throw new FailureException($"{file} holds no object.", ExitCode.Refused, Shape);
    }

    private static IReadOnlyList<JsonNode?> Documents(string file, string text)
    {
        try
        {
            return YamlJson.ReadAll(text);
        }
        catch (YamlException exception)
        {
            throw new FailureException($"{file}, line {exception.Start.Line}: not valid YAML: {exception.Message}", ExitCode.Refused);
        }
    }

    private static IEnumerable<Manifest> Objects(string file, int number, JsonNode? document)
    {
        if (document is null)
        {
            return [];
        }

        if (document is JsonObject list && Word(list["kind"]) == "List" && list["items"] is JsonArray items)
        {
            return items.SelectMany(item => Objects(file, number, item?.DeepClone()));
        }

        return [Check(file, number, document)];
    }

    private static Manifest Check(string file, int number, JsonNode document)
    {
        if (document is not JsonObject node || Word(node["apiVersion"]).Length == 0 || Word(node["kind"]).Length == 0)
        {
            throw new FailureException($"{file}, document {number}: this is no Kubernetes-style object.", ExitCode.Refused, Shape);
        }

        var metadata = node["metadata"] as JsonObject;
        return Word(metadata?["name"]).Length + Word(metadata?["generateName"]).Length > 0
            ? new Manifest(file, number, node)
            : throw new FailureException($"{file}, document {number}: this {Word(node["kind"])} has no metadata.name.", ExitCode.Refused, Shape);
    }

    private static string Word(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : "";
}
