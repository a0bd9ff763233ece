using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Kubeflow.Orleans.Core.Reading;

/// <summary>One document of a YAML file.</summary>
/// <param name="Line">Where it starts, 1-based.</param>
public sealed record YamlDocument(JsonNode Node, long Line);

/// <summary>YAML the way Kubernetes reads it: YAML 1.1 scalars, then everything JSON can say.</summary>
public static class YamlDocuments
{
    /// <summary>All documents of a file; empty ones are left out.</summary>
    /// <exception cref="ReadException">Naming line and column.</exception>
    public static IReadOnlyList<YamlDocument> Read(string text)
    {
        var documents = new List<YamlDocument>();
        foreach (var (node, line) in ReadAll(text, null))
        {
            if (node is not null)
            {
                documents.Add(new YamlDocument(node, line));
            }
        }

        return documents;
    }

    /// <summary>The one document of a request body.</summary>
    internal static JsonNode? ReadOne(string text, ICollection<string>? duplicateFields)
    {
        var documents = ReadAll(text, duplicateFields).Take(2).ToList();
        return documents.Count < 2
            ? documents.FirstOrDefault().Node
            : throw new ReadException($"error converting YAML to JSON: yaml: line {documents[1].Line}: a request holds one document, this is a second one", documents[1].Line, 1);
    }

    private static IEnumerable<(JsonNode? Node, long Line)> ReadAll(string text, ICollection<string>? duplicateFields)
    {
        using var source = new StringReader(text);
        var parser = new Parser(source);
        Next(parser);
        Next(parser);
        while (parser.Current is DocumentStart start)
        {
            Next(parser);
            yield return (Convert(parser, duplicateFields), start.Start.Line);
            Next(parser);
        }
    }

    private static JsonNode? Convert(Parser parser, ICollection<string>? duplicateFields)
    {
        try
        {
            return new YamlConversion(parser, duplicateFields).Convert();
        }
        catch (YamlException exception)
        {
            throw Explain(exception);
        }
    }

    private static void Next(Parser parser)
    {
        try
        {
            parser.MoveNext();
        }
        catch (YamlException exception)
        {
            throw Explain(exception);
        }
    }

    private static ReadException Explain(YamlException exception) => new(
        $"error converting YAML to JSON: yaml: line {exception.Start.Line}: {exception.Message}", exception.Start.Line, exception.Start.Column);
}
