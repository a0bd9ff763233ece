using System.Text.Json;

namespace Kubeflow.Orleans.Core.Reading;

/// <summary>One pass over JSON that finds what a tree of nodes would only stumble over later: duplicate names and broken text.</summary>
internal static class JsonInspection
{
    /// <summary>How many duplicates are named; more help nobody.</summary>
    private const int MaximumDuplicates = 32;

    /// <exception cref="JsonException">It is not well-formed, or too deep.</exception>
    /// <exception cref="ReadException">A text holds half a surrogate pair.</exception>
    public static void Inspect(ReadOnlySpan<byte> utf8, List<string> duplicates)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = ObjectReader.MaximumDepth });
        var levels = new Stack<Level>();
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                case JsonTokenType.StartArray:
                    Count(levels);
                    levels.Push(new Level(reader.TokenType == JsonTokenType.StartObject));
                    break;
                case JsonTokenType.EndObject:
                case JsonTokenType.EndArray:
                    levels.Pop();
                    break;
                case JsonTokenType.PropertyName:
                    Enter(levels, Text(ref reader), duplicates);
                    break;
                case JsonTokenType.String:
                    if (reader.ValueIsEscaped)
                    {
                        Text(ref reader);
                    }

                    Count(levels);
                    break;
                default:
                    Count(levels);
                    break;
            }
        }
    }

    private static void Enter(Stack<Level> levels, string name, List<string> duplicates)
    {
        var level = levels.Peek();
        level.Name = name;
        if (!level.Names!.Add(name) && duplicates.Count < MaximumDuplicates)
        {
            var path = PathOf(levels);
            if (!duplicates.Contains(path))
            {
                duplicates.Add(path);
            }
        }
    }

    private static void Count(Stack<Level> levels)
    {
        if (levels.TryPeek(out var level))
        {
            level.Index++;
        }
    }

    private static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new ReadException("invalid surrogate pair in string");
        }
    }

    private static string PathOf(Stack<Level> levels) =>
        string.Concat(levels.Reverse().Select((level, depth) => level.Names is null ? $"[{level.Index}]" : depth == 0 ? level.Name : $".{level.Name}"));

    private sealed class Level(bool isObject)
    {
        public HashSet<string>? Names { get; } = isObject ? new(StringComparer.Ordinal) : null;

        public string Name { get; set; } = "";

        public int Index { get; set; } = -1;
    }
}
