using System.Globalization;
using Kubeflow.Orleans.Core.Errors;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>The name rules that stand inside specs, in the API server's words. Pure.</summary>
internal static class Names
{
    private const string LabelRule =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    public static IEnumerable<FieldError> DnsLabel(string field, string value)
    {
        if (value.Length > 63)
        {
            yield return FieldError.Invalid(field, Quote(value), "must be no more than 63 characters");
        }

        if (!IsDnsLabel(value))
        {
            yield return FieldError.Invalid(field, Quote(value), LabelRule);
        }
    }

    /// <summary>IANA service names: what ports are called.</summary>
    public static IEnumerable<FieldError> PortName(string field, string value)
    {
        if (value.Length > 15)
        {
            yield return FieldError.Invalid(field, Quote(value), "must be no more than 15 characters");
        }

        if (value.Any(character => !IsLowerAlphanumeric(character) && character != '-'))
        {
            yield return FieldError.Invalid(field, Quote(value), "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
        }
        else if (!value.Any(char.IsAsciiLetterLower))
        {
            yield return FieldError.Invalid(field, Quote(value), "must contain at least one letter (a-z)");
        }
        else if (value.Contains("--", StringComparison.Ordinal))
        {
            yield return FieldError.Invalid(field, Quote(value), "must not contain consecutive hyphens");
        }
        else if (value[0] == '-' || value[^1] == '-')
        {
            yield return FieldError.Invalid(field, Quote(value), "must not begin or end with a hyphen");
        }
    }

    public static IEnumerable<FieldError> Port(string field, long? value)
    {
        if (value is null or 0)
        {
            yield return FieldError.Required(field);
        }
        else if (value is < 1 or > 65535)
        {
            yield return FieldError.Invalid(field, Number(value.Value), "must be between 1 and 65535, inclusive");
        }
    }

    public static IEnumerable<FieldError> OneOf(string field, string value, params string[] supported)
    {
        if (value.Length > 0 && !supported.Contains(value, StringComparer.Ordinal))
        {
            yield return FieldError.NotSupported(field, Quote(value), supported);
        }
    }

    public static IEnumerable<FieldError> NotNegative(string field, long? value)
    {
        if (value < 0)
        {
            yield return FieldError.Invalid(field, Number(value.Value), "must be greater than or equal to 0");
        }
    }

    public static string Quote(string value) => $"\"{value}\"";

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static bool IsDnsLabel(string value) =>
        value.Length > 0 && value[0] != '-' && value[^1] != '-' && value.All(character => IsLowerAlphanumeric(character) || character == '-');

    private static bool IsLowerAlphanumeric(char character) => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character);
}
