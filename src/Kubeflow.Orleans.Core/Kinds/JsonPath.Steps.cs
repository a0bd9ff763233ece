using System.Globalization;
using System.Text.Json;

namespace Kubeflow.Orleans.Core.Kinds;

public sealed partial class JsonPath
{
    private readonly IReadOnlyList<Step> steps;

    private abstract record Step
    {
        public abstract IEnumerable<JsonElement> Apply(JsonElement element);
    }

    /// <exception cref="FormatException">The text is outside the supported subset.</exception>
    public static JsonPath Parse(string path)
    {
        var steps = new List<Step>();
        var rest = path.AsSpan().TrimStart('$');
        while (rest.Length > 0)
        {
            if (rest[0] == '.')
            {
                var end = rest[1..].IndexOfAny('.', '[');
                var name = end < 0 ? rest[1..] : rest[1..(end + 1)];
                steps.Add(new Field(name.ToString()));
                rest = rest[(name.Length + 1)..];
            }
            else if (rest[0] == '[')
            {
                var end = rest.IndexOf(']');
                if (end < 0)
                {
                    throw new FormatException($"JSON path '{path}' has an unclosed bracket.");
                }

                steps.Add(ParseBracket(rest[1..end].ToString(), path));
                rest = rest[(end + 1)..];
            }
            else
            {
                throw new FormatException($"JSON path '{path}' must start with '.' or '['.");
            }
        }

        return new JsonPath(path, steps);
    }

    public IEnumerable<JsonElement> All(JsonElement root)
    {
        IEnumerable<JsonElement> current = [root];
        foreach (var step in steps)
        {
            current = current.SelectMany(step.Apply);
        }

        return current;
    }

    /// <summary>The names it walks when it is a plain path of fields (a scale path); null otherwise.</summary>
    public IReadOnlyList<string>? Fields() => steps.All(step => step is Field) ? [.. steps.Cast<Field>().Select(field => field.Name)] : null;

    private static Step ParseBracket(string inside, string path)
    {
        if (inside is "*")
        {
            return new Every();
        }

        if (inside.StartsWith('\'') && inside.EndsWith('\''))
        {
            return new Field(inside[1..^1]);
        }

        if (inside.StartsWith("?(@.", StringComparison.Ordinal) && inside.EndsWith(')') && inside.Split("==") is [var left, var right])
        {
            return new Where(left[4..].Trim(), right[..^1].Trim().Trim('"', '\''));
        }

        var slice = inside.Split(':');
        return slice switch
        {
            [var index] when int.TryParse(index, CultureInfo.InvariantCulture, out var at) => new Slice(at, at == -1 ? null : at + 1),
            [var from, ""] when int.TryParse(from, CultureInfo.InvariantCulture, out var start) => new Slice(start, null),
            _ => throw new FormatException($"JSON path '{path}': '[{inside}]' is not supported."),
        };
    }

    private sealed record Field(string Name) : Step
    {
        public override IEnumerable<JsonElement> Apply(JsonElement element) =>
            element.ValueKind == JsonValueKind.Object && element.TryGetProperty(Name, out var value) ? [value] : [];
    }

    private sealed record Every : Step
    {
        public override IEnumerable<JsonElement> Apply(JsonElement element) => element.ValueKind switch
        {
            JsonValueKind.Array => element.EnumerateArray(),
            JsonValueKind.Object => element.EnumerateObject().Select(entry => entry.Value),
            _ => [],
        };
    }

    private sealed record Slice(int From, int? To) : Step
    {
        public override IEnumerable<JsonElement> Apply(JsonElement element)
        {
            if (element.ValueKind != JsonValueKind.Array)
            {
                return [];
            }

            var length = element.GetArrayLength();
            var from = Math.Clamp(From < 0 ? length + From : From, 0, length);
            var to = Math.Clamp(To is { } end ? (end < 0 ? length + end : end) : length, from, length);
            return Enumerable.Range(from, to - from).Select(index => element[index]);
        }
    }

    private sealed record Where(string Name, string Value) : Step
    {
        public override IEnumerable<JsonElement> Apply(JsonElement element) => element.ValueKind == JsonValueKind.Array
            ? element.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object && item.TryGetProperty(Name, out var value) && value.ToString() == Value)
            : [];
    }
}
