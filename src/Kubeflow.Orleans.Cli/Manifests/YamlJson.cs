using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Kubeflow.Orleans.Cli.Manifests;

/// <summary>YAML as Kubernetes clients read and write it: plain scalars that look like numbers, booleans or null are that, all else is text.</summary>
internal static class YamlJson
{
    /// <exception cref="YamlException">The text is not YAML.</exception>
    public static IReadOnlyList<JsonNode?> ReadAll(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(document => ToJson(document.RootNode))];
    }

    public static string Write(JsonNode node)
    {
        var writer = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var emitter = new Emitter(writer, new EmitterSettings().WithBestWidth(int.MaxValue));
        new YamlStream(new YamlDocument(ToYaml(node))).Save(new DocumentEndless(emitter), assignAnchors: false);
        return writer.ToString();
    }

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode mapping => ToObject(mapping),
        YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain or ScalarStyle.Any, Tag.IsEmpty: true } scalar => Plain(scalar.Value ?? ""),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value ?? ""),
        _ => throw new YamlException(node.Start, node.End, $"unexpected {node.NodeType}"),
    };

    /// <summary>The keys of a merge (<c>&lt;&lt;: *base</c>) count where the mapping does not say otherwise itself.</summary>
    private static JsonObject ToObject(YamlMappingNode mapping)
    {
        var result = new JsonObject();
        var merged = new List<JsonObject>();
        foreach (var (key, value) in mapping.Children)
        {
            if (key is not YamlScalarNode { Value: { } name })
            {
                throw new YamlException(key.Start, key.End, "a key must be a word");
            }

            if (name == "<<" && value is (YamlMappingNode or YamlSequenceNode))
            {
                merged.AddRange(value is YamlSequenceNode several ? several.Children.OfType<YamlMappingNode>().Select(ToObject) : [ToObject((YamlMappingNode)value)]);
            }
            else
            {
                result[name] = ToJson(value);
            }
        }

        foreach (var (name, value) in merged.SelectMany(entries => entries))
        {
            result.TryAdd(name, value?.DeepClone());
        }

        return result;
    }

    private static JsonNode? Plain(string value) => value switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" => JsonValue.Create(true),
        "false" or "False" or "FALSE" => JsonValue.Create(false),
        _ when long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        _ when IsNumber(value) && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => JsonValue.Create(number),
        _ => JsonValue.Create(value),
    };

    private static bool IsNumber(string value) => value.Any(char.IsAsciiDigit) && value.All(letter => char.IsAsciiDigit(letter) || letter is '.' or '-' or '+' or 'e' or 'E');

    private static YamlNode ToYaml(JsonNode? node) => node switch
    {
        JsonObject mapping => new YamlMappingNode(mapping.Select(entry => KeyValuePair.Create(Text(entry.Key), ToYaml(entry.Value)))),
        JsonArray sequence => new YamlSequenceNode(sequence.Select(ToYaml)),
        null => new YamlScalarNode("null"),
        _ when node.GetValueKind() == JsonValueKind.String => Text(node.GetValue<string>()),
        _ => new YamlScalarNode(node.ToJsonString()),
    };

    /// <summary>Quoted where a reader would take the plain word for something else.</summary>
    private static YamlNode Text(string value) => new YamlScalarNode(value)
    {
        Style = value.Contains('\n') ? ScalarStyle.Literal : Plain(value) is JsonValue plain && plain.GetValueKind() == JsonValueKind.String ? ScalarStyle.Any : ScalarStyle.DoubleQuoted,
    };

    /// <summary>Leaves out the "..." YamlDotNet ends a document with.</summary>
    private sealed class DocumentEndless(IEmitter inner) : IEmitter
    {
        public void Emit(ParsingEvent @event) => inner.Emit(@event is DocumentEnd ? new DocumentEnd(isImplicit: true) : @event);
    }
}
