using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Kubeflow.Orleans.Core.Reading;

/// <summary>
/// What a plain YAML 1.1 scalar means: <c>y</c>, <c>on</c> and <c>no</c> are booleans, <c>010</c> is eight. Dates stay text, as in Kubernetes.
/// </summary>
internal static partial class YamlScalar
{
    private const string StringTag = "tag:yaml.org,2002:str";

    public static JsonNode? ToNode(Scalar scalar)
    {
        var isText = scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any) || (!scalar.Tag.IsEmpty && scalar.Tag.Value == StringTag);
        return isText ? Text(scalar.Value) : Resolve(scalar);
    }

    /// <summary>Whether the text, written plainly, would be read back as that text.</summary>
    public static bool IsPlainText(string text) =>
        !IsNull(text) && Bool(text) is null && Number(text) is null && !Special().IsMatch(text) && !Timestamp().IsMatch(text) && text is not "<<";

    private static JsonNode? Resolve(Scalar scalar)
    {
        var text = scalar.Value;
        if (IsNull(text))
        {
            return null;
        }

        if (Bool(text) is { } flag)
        {
            return Json(flag ? "true" : "false");
        }

        return Special().IsMatch(text)
            ? throw new YamlException(scalar.Start, scalar.End, $"json: unsupported value: {text}")
            : Json(Number(text)) ?? Text(text);
    }

    private static bool IsNull(string text) => text is "" or "~" or "null" or "Null" or "NULL";

    private static bool? Bool(string text) => text switch
    {
        "y" or "Y" or "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON" => true,
        "n" or "N" or "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF" => false,
        _ => null,
    };

    /// <summary>The number as JSON writes it, digit for digit where the notations agree; null when it is none.</summary>
    private static string? Number(string text)
    {
        if (text.Length == 0 || !"+-.0123456789".Contains(text[0], StringComparison.Ordinal))
        {
            return null;
        }

        var plain = text.Replace("_", "", StringComparison.Ordinal);
        return Integer(plain) ?? (Float().IsMatch(plain) ? FloatText(plain) : null);
    }

    private static string? Integer(string text)
    {
        var negative = text.StartsWith('-');
        var digits = text.TrimStart('+', '-');
        if (text.Length - digits.Length > 1)
        {
            return null;
        }

        BigInteger? magnitude = digits switch
        {
            ['0', 'x' or 'X', .. var hex] when hex.Length > 0 && hex.All(char.IsAsciiHexDigit) => BigInteger.Parse("0" + hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            ['0', 'b' or 'B', .. var binary] when binary.Length > 0 && binary.All(digit => digit is '0' or '1') => InBase(binary, 2),
            ['0', 'o' or 'O', .. var octal] when IsOctal(octal) => InBase(octal, 8),
            ['0', .. var octal] when IsOctal(octal) => InBase(octal, 8),
            _ when digits.Length > 0 && digits.All(char.IsAsciiDigit) && (digits.Length == 1 || digits[0] != '0') => BigInteger.Parse(digits, CultureInfo.InvariantCulture),
            _ => null,
        };
        return magnitude is { } value ? (negative ? -value : value).ToString(CultureInfo.InvariantCulture) : null;
    }

    private static bool IsOctal(string digits) => digits.Length > 0 && digits.All(digit => digit is >= '0' and <= '7');

    private static BigInteger InBase(string digits, int radix) => digits.Aggregate(BigInteger.Zero, (value, digit) => (value * radix) + (digit - '0'));

    private static string FloatText(string text) => JsonNumber().IsMatch(text) ? text : double.Parse(text, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture);

    private static JsonNode Text(string text) => Json(JsonSerializer.Serialize(text, Resources.Document.SerializerOptions))!;

    /// <summary>Values backed by parsed JSON can be read as any type that fits, like those that came as JSON.</summary>
    private static JsonNode? Json(string? json) => json is null ? null : JsonValue.Create(JsonElement.Parse(json));

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Float();

    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex JsonNumber();

    [GeneratedRegex(@"^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$", RegexOptions.ExplicitCapture)]
    private static partial Regex Special();

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Timestamp();
}
