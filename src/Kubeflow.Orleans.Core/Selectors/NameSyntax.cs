namespace Kubeflow.Orleans.Core.Selectors;

/// <summary>
/// The syntax of names, label keys and label values. Each rule answers with what is wrong, in Kubernetes' words; nothing when all is
/// well. Hand-written scans: these run for every name and label of every write.
/// </summary>
public static class NameSyntax
{
    private const string SubdomainPattern = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

    private const string QualifiedPattern = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

    private const string SubdomainProblem = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " +
        $"with an alphanumeric character (e.g. 'example.com', regex used for validation is '{SubdomainPattern}')";

    private const string LabelProblem = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
        "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    private const string Label1035Problem = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and " +
        "end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

    private const string QualifiedProblem = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
        $"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{QualifiedPattern}')";

    private const string ValueProblem = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with " +
        $"an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '({QualifiedPattern})?')";

    public static IEnumerable<string> Subdomain(string text) => Check(text, 253, IsSubdomain(text), SubdomainProblem);

    /// <summary>RFC 1123 label.</summary>
    public static IEnumerable<string> Label(string text) => Check(text, 63, IsLabel(text), LabelProblem);

    /// <summary>RFC 1035 label: must not begin with a digit.</summary>
    public static IEnumerable<string> Label1035(string text) => Check(text, 63, IsLabel(text) && char.IsAsciiLetterLower(text[0]), Label1035Problem);

    public static IEnumerable<string> PathSegment(string text)
    {
        if (text is "." or "..")
        {
            yield return $"may not be '{text}'";
        }

        foreach (var forbidden in "/%")
        {
            if (text.Contains(forbidden))
            {
                yield return $"may not contain '{forbidden}'";
            }
        }
    }

    public static IEnumerable<string> LabelValue(string text) => Check(text, 63, text.Length == 0 || IsQualified(text), ValueProblem);

    /// <summary>A label or annotation key: <c>[prefix/]name</c>.</summary>
    public static IEnumerable<string> QualifiedName(string text)
    {
        var slash = text.IndexOf('/');
        if (text.AsSpan(slash + 1).Contains('/'))
        {
            return [$"a qualified name {QualifiedProblem} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"];
        }

        var name = text[(slash + 1)..];
        var nameProblems = name.Length == 0 ? ["must be non-empty", QualifiedProblem] : Check(name, 63, IsQualified(name), QualifiedProblem);
        var prefixProblems = slash switch
        {
            < 0 => [],
            0 => ["must be non-empty"],
            _ => Subdomain(text[..slash]),
        };
        return prefixProblems.Select(problem => $"prefix part {problem}").Concat(nameProblems.Select(problem => $"name part {problem}"));
    }

    private static IEnumerable<string> Check(string text, int longest, bool wellFormed, string problem) => (text.Length > longest, wellFormed) switch
    {
        (false, true) => [],
        (true, true) => [$"must be no more than {longest} characters"],
        (false, false) => [problem],
        (true, false) => [$"must be no more than {longest} characters", problem],
    };

    private static bool IsSubdomain(ReadOnlySpan<char> text)
    {
        foreach (var part in text.Split('.'))
        {
            if (!IsLabel(text[part]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsLabel(ReadOnlySpan<char> text)
    {
        if (text.Length == 0 || text[0] == '-' || text[^1] == '-')
        {
            return false;
        }

        foreach (var character in text)
        {
            if (!char.IsAsciiLetterLower(character) && !char.IsAsciiDigit(character) && character != '-')
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsQualified(ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('-' or '_' or '.'))
            {
                return false;
            }
        }

        return text.Length > 0 && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1]);
    }
}
