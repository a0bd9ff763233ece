using System.Globalization;

namespace Kubeflow.Orleans.Core.Reading;

/// <summary>The order Go's YAML writer gives keys: letters after everything else, numbers by their value.</summary>
internal sealed class NaturalOrder : IComparer<string>
{
    public static NaturalOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        var (left, right) = (x ?? "", y ?? "");
        var at = left.AsSpan().CommonPrefixLength(right);
        if (at == left.Length || at == right.Length)
        {
            return left.Length - right.Length;
        }

        var (leftLetter, rightLetter) = (char.IsLetter(left[at]), char.IsLetter(right[at]));
        if (leftLetter || rightLetter)
        {
            return leftLetter && rightLetter ? left[at] - right[at] : leftLetter ? 1 : -1;
        }

        // A run of digits compares as a number; a shared non-zero digit before it keeps leading zeros significant.
        var prefix = (left[at] == '0' || right[at] == '0') && left[..at].AsSpan().TrimEnd('0') is [.., >= '1' and <= '9'] ? "1" : "";
        var (leftDigits, rightDigits) = (Digits(left, at), Digits(right, at));
        var order = Value(prefix + leftDigits).CompareTo(Value(prefix + rightDigits));
        return order != 0 ? order : leftDigits.Length != rightDigits.Length ? leftDigits.Length - rightDigits.Length : left[at] - right[at];
    }

    private static string Digits(string text, int from) => new([.. text.Skip(from).TakeWhile(char.IsAsciiDigit)]);

    private static decimal Value(string digits) => decimal.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : digits.Length == 0 ? 0 : decimal.MaxValue;
}
