using System.CommandLine.Parsing;
using System.Globalization;

namespace Kubeflow.Orleans.Cli.Commands;

/// <summary>Durations as kubectl takes them: 90s, 10m, 2h; a bare number is seconds.</summary>
internal static class Duration
{
    public static TimeSpan? Parse(ArgumentResult result)
    {
        if (TryParse(result.Tokens[0].Value) is { } duration)
        {
            return duration;
        }

        result.AddError($"'{result.Tokens[0].Value}' is no duration; write 90s, 10m or 2h.");
        return null;
    }

    internal static TimeSpan? TryParse(string text)
    {
        var digits = text.TrimEnd('s', 'm', 'h');
        return double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number > 0
            ? text[digits.Length..] switch
            {
                "" or "s" => TimeSpan.FromSeconds(number),
                "m" => TimeSpan.FromMinutes(number),
                "h" => TimeSpan.FromHours(number),
                _ => null,
            }
            : null;
    }
}
