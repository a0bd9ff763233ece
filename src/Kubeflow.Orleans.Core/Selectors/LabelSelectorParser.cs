using System.Buffers;
using System.Collections.Immutable;

namespace Kubeflow.Orleans.Core.Selectors;

/// <summary>
/// Recursive descent over the label selector grammar. It accepts and refuses exactly what Kubernetes' own parser does, down to the
/// words of the refusal, because clients print them.
/// </summary>
internal ref struct LabelSelectorParser(string text)
{
    private const string Operators = "in, notin, =, ==, !=, gt, lt";

    private static readonly SearchValues<char> Delimiters = SearchValues.Create("=!,()<> \t\r\n");

    private readonly ReadOnlySpan<char> text = text;
    private int position;

    private enum Token
    {
        End,
        Identifier,
        Not,
        Comma,
        Open,
        Close,
        Equals,
        NotEquals,
        Greater,
        Less,
    }

    /// <exception cref="FormatException">The text is no selector.</exception>
    public LabelSelector Parse()
    {
        var requirements = ImmutableArray.CreateBuilder<LabelRequirement>();
        var (token, literal) = Peek();
        if (token is not (Token.Identifier or Token.Not or Token.End))
        {
            throw new FormatException($"found '{literal}', expected: !, identifier, or 'end of string'");
        }

        while (token != Token.End)
        {
            requirements.Add(ParseRequirement());
            (token, literal) = Next();
            if (token == Token.Comma)
            {
                (token, literal) = Peek();
                if (token is not (Token.Identifier or Token.Not))
                {
                    throw new FormatException($"found '{literal}', expected: identifier after ','");
                }
            }
            else if (token != Token.End)
            {
                throw new FormatException($"found '{literal}', expected: ',' or 'end of string'");
            }
        }

        return new LabelSelector(requirements.ToImmutable());
    }

    private LabelRequirement ParseRequirement()
    {
        try
        {
            return ParseConditions().Validated();
        }
        catch (FormatException exception)
        {
            throw new FormatException($"unable to parse requirement: {exception.Message}", exception);
        }
    }

    private LabelRequirement ParseConditions()
    {
        var (token, key) = Next();
        var negated = token == Token.Not;
        if (negated)
        {
            (token, key) = Next();
        }

        Expect(token == Token.Identifier, $"found '{key}', expected: identifier");
        if (Peek().Token is Token.End or Token.Comma)
        {
            return new LabelRequirement(key, negated ? LabelOperator.DoesNotExist : LabelOperator.Exists, []);
        }

        var (operation, literal) = Next();
        return (operation, literal) switch
        {
            (Token.Equals, _) => new LabelRequirement(key, LabelOperator.In, [ParseValue()]),
            (Token.NotEquals, _) => new LabelRequirement(key, LabelOperator.NotIn, [ParseValue()]),
            (Token.Greater, _) => new LabelRequirement(key, LabelOperator.GreaterThan, [ParseValue()]),
            (Token.Less, _) => new LabelRequirement(key, LabelOperator.LessThan, [ParseValue()]),
            (Token.Identifier, "in") => new LabelRequirement(key, LabelOperator.In, ParseValues()),
            (Token.Identifier, "notin") => new LabelRequirement(key, LabelOperator.NotIn, ParseValues()),
            _ => throw new FormatException($"found '{literal}', expected: {Operators}"),
        };
    }

    private string ParseValue()
    {
        if (Peek().Token is Token.End or Token.Comma)
        {
            return "";
        }

        var (token, literal) = Next();
        Expect(token == Token.Identifier, $"found '{literal}', expected: identifier");
        return literal;
    }

    /// <summary>A parenthesised list; a missing value between commas is the empty value.</summary>
    private ImmutableArray<string> ParseValues()
    {
        var (token, literal) = Next();
        Expect(token == Token.Open, $"found '{literal}' expected: '('");
        var values = ImmutableArray.CreateBuilder<string>();
        do
        {
            (token, literal) = Peek();
            Expect(token is Token.Identifier or Token.Comma or Token.Close, $"found '{literal}', expected: ',', ')' or identifier");
            values.Add(token == Token.Identifier ? Next().Literal : "");
            (token, literal) = Next();
            Expect(token is Token.Comma or Token.Close, $"found '{literal}', expected: ',' or ')'");
        }
        while (token == Token.Comma);

        return [.. values.Distinct().Order(StringComparer.Ordinal)];
    }

    private static void Expect(bool condition, string message)
    {
        if (!condition)
        {
            throw new FormatException(message);
        }
    }

    private (Token Token, string Literal) Peek()
    {
        var before = position;
        var next = Next();
        position = before;
        return next;
    }

    private (Token Token, string Literal) Next()
    {
        while (position < text.Length && char.IsWhiteSpace(text[position]))
        {
            position++;
        }

        if (position == text.Length)
        {
            return (Token.End, "");
        }

        var rest = text[position..];
        var (token, length) = rest switch
        {
            ['=', '=', ..] => (Token.Equals, 2),
            ['=', ..] => (Token.Equals, 1),
            ['!', '=', ..] => (Token.NotEquals, 2),
            ['!', ..] => (Token.Not, 1),
            [',', ..] => (Token.Comma, 1),
            ['(', ..] => (Token.Open, 1),
            [')', ..] => (Token.Close, 1),
            ['>', ..] => (Token.Greater, 1),
            ['<', ..] => (Token.Less, 1),
            _ => (Token.Identifier, IdentifierLength(rest)),
        };
        position += length;
        return (token, rest[..length].ToString());
    }

    private static int IdentifierLength(ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOfAny(Delimiters);
        return end < 0 ? rest.Length : end;
    }
}
