using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Kubeflow.Orleans.Core.Reading;

/// <summary>Turns the events of one YAML document into JSON nodes, with a bound on depth and on what aliases may blow up to.</summary>
internal sealed class YamlConversion(Parser parser, ICollection<string>? duplicateFields)
{
    private const int MaximumNodes = 500_000;

    private const string MergeKey = "<<";

    private readonly Dictionary<AnchorName, JsonNode?> anchors = [];
    private int nodes;

    /// <summary>Reads the node the parser stands at and moves behind it.</summary>
    public JsonNode? Convert() => Node("", 0);

    private JsonNode? Node(string path, int depth)
    {
        var current = parser.Current ?? throw new YamlException("unexpected end of document");
        if (depth > ObjectReader.MaximumDepth)
        {
            throw new YamlException(current.Start, current.End, "exceeded max depth");
        }

        Count(1, current);
        switch (current)
        {
            case Scalar scalar:
                parser.MoveNext();
                return Remember(scalar.Anchor, YamlScalar.ToNode(scalar));
            case SequenceStart sequence:
                parser.MoveNext();
                return Remember(sequence.Anchor, Sequence(path, depth));
            case MappingStart mapping:
                parser.MoveNext();
                return Remember(mapping.Anchor, Mapping(path, depth));
            case AnchorAlias alias:
                parser.MoveNext();
                return Expand(alias);
            default:
                throw new YamlException(current.Start, current.End, "did not find expected node content");
        }
    }

    private JsonArray Sequence(string path, int depth)
    {
        var items = new JsonArray();
        while (parser.Current is not SequenceEnd)
        {
            items.Add(Node($"{path}[{items.Count}]", depth + 1));
        }

        parser.MoveNext();
        return items;
    }

    private JsonObject Mapping(string path, int depth)
    {
        var fields = new JsonObject();
        var merged = new List<JsonNode?>();
        while (parser.Current is { } key and not MappingEnd)
        {
            var name = Key(key);
            var field = path.Length == 0 ? name : $"{path}.{name}";
            var value = Node(field, depth + 1);
            if (name == MergeKey && key is Scalar { Style: ScalarStyle.Plain })
            {
                merged.Add(value);
                continue;
            }

            if (fields.ContainsKey(name))
            {
                duplicateFields?.Add(field);
            }

            fields[name] = value;
        }

        parser.MoveNext();
        merged.ForEach(value => Merge(fields, value));
        return fields;
    }

    private string Key(ParsingEvent current)
    {
        if (current is not Scalar scalar)
        {
            throw new YamlException(current.Start, current.End, "a key must be a scalar");
        }

        Count(1, current);
        parser.MoveNext();
        return YamlScalar.ToNode(scalar)?.ToString() ?? throw new YamlException(current.Start, current.End, "a key must not be null");
    }

    private JsonNode? Expand(AnchorAlias alias)
    {
        if (!anchors.TryGetValue(alias.Value, out var anchored))
        {
            throw new YamlException(alias.Start, alias.End, $"unknown anchor '{alias.Value}' referenced");
        }

        Count(Size(anchored), alias);
        return anchored?.DeepClone();
    }

    private JsonNode? Remember(AnchorName anchor, JsonNode? node)
    {
        if (!anchor.IsEmpty)
        {
            anchors[anchor] = node;
        }

        return node;
    }

    private void Count(int more, ParsingEvent current)
    {
        nodes += more;
        if (nodes > MaximumNodes)
        {
            throw new YamlException(current.Start, current.End, "document contains excessive aliasing");
        }
    }

    private static int Size(JsonNode? node) => node switch
    {
        JsonObject fields => 1 + fields.Sum(field => Size(field.Value)),
        JsonArray items => 1 + items.Sum(Size),
        _ => 1,
    };

    private static void Merge(JsonObject fields, JsonNode? merged)
    {
        foreach (var source in merged is JsonArray several ? [.. several] : new[] { merged })
        {
            foreach (var (name, value) in source as JsonObject ?? [])
            {
                if (!fields.ContainsKey(name))
                {
                    fields[name] = value?.DeepClone();
                }
            }
        }
    }
}
