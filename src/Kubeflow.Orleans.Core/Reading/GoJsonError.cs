using System.Text;

namespace Kubeflow.Orleans.Core.Reading;

/// <summary>
/// Finds the first fault in broken JSON and words it as Go's scanner does, because that text reaches users through kubectl and tools
/// compare it. Runs on broken input only; the parsing proper is System.Text.Json's.
/// </summary>
internal ref struct GoJsonError
{
    private readonly ReadOnlySpan<byte> text;
    private readonly int maximumDepth;
    private int at;
    private string? error;

    private GoJsonError(ReadOnlySpan<byte> text, int maximumDepth)
    {
        this.text = text;
        this.maximumDepth = maximumDepth;
    }

    public static string Describe(ReadOnlySpan<byte> text, int maximumDepth)
    {
        var scanner = new GoJsonError(text, maximumDepth);
        scanner.Value("looking for beginning of value", 0);
        scanner.SkipSpace();
        if (scanner.error is null && scanner.at < text.Length)
        {
            scanner.Unexpected("after top-level value");
        }

        return scanner.error ?? "invalid JSON";
    }

    private void Value(string context, int depth)
    {
        SkipSpace();
        if (depth > maximumDepth)
        {
            error = "exceeded max depth";
        }
        else if (at == text.Length)
        {
            Unexpected(context);
        }
        else
        {
            switch (text[at])
            {
                case (byte)'{':
                    Object(depth);
                    break;
                case (byte)'[':
                    Array(depth);
                    break;
                case (byte)'"':
                    String();
                    break;
                case (byte)'t':
                    Literal("true");
                    break;
                case (byte)'f':
                    Literal("false");
                    break;
                case (byte)'n':
                    Literal("null");
                    break;
                case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                    Number();
                    break;
                default:
                    Unexpected(context);
                    break;
            }
        }
    }

    private void Object(int depth)
    {
        at++;
        SkipSpace();
        if (Take('}'))
        {
            return;
        }

        while (error is null)
        {
            SkipSpace();
            if (at == text.Length || text[at] != '"')
            {
                Unexpected("looking for beginning of object key string");
                return;
            }

            String();
            Require(':', "after object key");
            if (error is null)
            {
                Value("looking for beginning of value", depth + 1);
            }

            SkipSpace();
            if (error is not null || Take('}'))
            {
                return;
            }

            Require(',', "after object key:value pair");
        }
    }

    private void Array(int depth)
    {
        at++;
        SkipSpace();
        if (Take(']'))
        {
            return;
        }

        while (error is null)
        {
            Value("looking for beginning of value", depth + 1);
            SkipSpace();
            if (error is not null || Take(']'))
            {
                return;
            }

            Require(',', "after array element");
        }
    }

    private void String()
    {
        for (at++; at < text.Length; at++)
        {
            switch (text[at])
            {
                case (byte)'"':
                    at++;
                    return;
                case (byte)'\\':
                    at++;
                    Escape();
                    break;
                case < 0x20:
                    Unexpected("in string literal");
                    break;
            }

            if (error is not null)
            {
                return;
            }
        }

        Unexpected("in string literal");
    }

    private void Escape()
    {
        if (at == text.Length || !"\"\\/bfnrtu"u8.Contains(text[at]))
        {
            Unexpected("in string escape code");
            return;
        }

        for (var digits = text[at] == 'u' ? 4 : 0; digits > 0 && error is null; digits--)
        {
            at++;
            if (at == text.Length || !char.IsAsciiHexDigit((char)text[at]))
            {
                Unexpected("in \\u hexadecimal character escape");
            }
        }
    }

    private void Literal(string literal)
    {
        for (var index = 0; index < literal.Length; index++, at++)
        {
            if (at == text.Length || text[at] != literal[index])
            {
                Unexpected($"in literal {literal} (expecting {Quote((byte)literal[index])})");
                return;
            }
        }
    }

    private void Number()
    {
        Take('-');
        if (!Take('0'))
        {
            Digits("in numeric literal");
        }

        if (error is null && Take('.'))
        {
            Digits("after decimal point in numeric literal");
        }

        if (error is null && (Take('e') || Take('E')))
        {
            _ = Take('+') || Take('-');
            Digits("in exponent of numeric literal");
        }
    }

    private void Digits(string context)
    {
        if (at == text.Length || !char.IsAsciiDigit((char)text[at]))
        {
            Unexpected(context);
            return;
        }

        while (at < text.Length && char.IsAsciiDigit((char)text[at]))
        {
            at++;
        }
    }

    private void Require(char wanted, string context)
    {
        SkipSpace();
        if (error is null && !Take(wanted))
        {
            Unexpected(context);
        }
    }

    private bool Take(char wanted)
    {
        var found = at < text.Length && text[at] == wanted;
        at += found ? 1 : 0;
        return found;
    }

    private void SkipSpace()
    {
        while (at < text.Length && " \t\r\n"u8.Contains(text[at]))
        {
            at++;
        }
    }

    private void Unexpected(string context) =>
        error ??= at >= text.Length ? "unexpected end of JSON input" : $"invalid character {Quote(text[at])} {context}";

    /// <summary>A byte as Go quotes a rune; bytes beyond ASCII stand for the Latin-1 letter of the same number, as there.</summary>
    private static string Quote(byte value) => value switch
    {
        (byte)'\'' => "'\\''",
        (byte)'"' => "'\"'",
        (byte)'\\' => "'\\\\'",
        (byte)'\n' => "'\\n'",
        (byte)'\r' => "'\\r'",
        (byte)'\t' => "'\\t'",
        < 0x20 or (>= 0x7F and < 0xA0) => $"'\\x{value:x2}'",
        _ => $"'{Encoding.Latin1.GetString([value])}'",
    };
}
