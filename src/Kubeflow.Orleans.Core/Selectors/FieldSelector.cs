using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Core.Selectors;

/// <summary>One condition of a field selector.</summary>
public sealed record FieldRequirement(string Field, bool Negated, string Value);

/// <summary>A conjunction of conditions on fields: <c>metadata.name=a,status.phase!=Running</c>.</summary>
public sealed record FieldSelector(ImmutableArray<FieldRequirement> Requirements)
{
    public static FieldSelector Everything { get; } = new([]);

    public bool IsEverything => Requirements.IsEmpty;

    /// <summary>The one name it asks for, when it asks for exactly one.</summary>
    public string? Name => Requirements.FirstOrDefault(requirement => requirement is { Field: "metadata.name", Negated: false })?.Value;

    /// <exception cref="FormatException">In the words of the Kubernetes API server.</exception>
    public static FieldSelector Parse(string text) => text.Length == 0
        ? Everything
        : new FieldSelector([.. Terms(text).Where(term => term.Length > 0).Select(term => ParseTerm(text, term))]);

    /// <summary>What decides for objects of one kind.</summary>
    /// <exception cref="FormatException">The kind has no such field to select on.</exception>
    public Func<Document, bool> For(ResourceKind kind)
    {
        var conditions = Requirements.Select(requirement => (requirement, Reader(kind, requirement.Field))).ToArray();
        return document =>
        {
            foreach (var (requirement, read) in conditions)
            {
                if ((read(document) == requirement.Value) == requirement.Negated)
                {
                    return false;
                }
            }

            return true;
        };
    }

    private static Func<Document, string> Reader(ResourceKind kind, string field) => field switch
    {
        "metadata.name" => document => document.Metadata.Name,
        "metadata.namespace" => document => document.Metadata.Namespace,
        _ when kind.SelectableFields.TryGetValue(field, out var path) => document => Text(path.First(document.Root)),
        _ => throw new FormatException($"field label not supported: {field}"),
    };

    /// <summary>A missing field equals the empty string.</summary>
    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => "",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => value.ToString(),
    };

    private static FieldRequirement ParseTerm(string selector, string term)
    {
        for (var index = 0; index < term.Length; index++)
        {
            var (length, negated) = term.AsSpan(index) switch
            {
                ['\\', _, ..] => (-2, false),
                ['!', '=', ..] => (2, true),
                ['=', '=', ..] => (2, false),
                ['=', ..] => (1, false),
                _ => (0, false),
            };
            if (length > 0)
            {
                return new FieldRequirement(term[..index], negated, Unescape(term[(index + length)..]));
            }

            index += length < 0 ? 1 : 0;
        }

        throw new FormatException($"invalid selector: '{selector}'; can't understand '{term}'");
    }

    /// <summary>Splits at commas that are not escaped.</summary>
    private static IEnumerable<string> Terms(string text)
    {
        var start = 0;
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] == '\\')
            {
                index++;
            }
            else if (text[index] == ',')
            {
                yield return text[start..index];
                start = index + 1;
            }
        }

        yield return text[start..];
    }

    private static string Unescape(string value)
    {
        if (value.AsSpan().IndexOfAny('\\', '=') < 0)
        {
            return value;
        }

        var plain = new StringBuilder(value.Length);
        for (var index = 0; index < value.Length; index++)
        {
            if (value[index] == '=' || (value[index] == '\\' && (index + 1 == value.Length || value[index + 1] is not ('\\' or ',' or '='))))
            {
                throw new FormatException($"invalid field selector: invalid escape sequence or unescaped '=' in '{value}'");
            }

            plain.Append(value[index] == '\\' ? value[++index] : value[index]);
        }

        return plain.ToString();
    }
}
