using System.Text;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary><c>$(NAME)</c> in values, commands and arguments; <c>$$</c> is a plain dollar; what is not known stays as it is written.</summary>
internal static class VariableExpansion
{
    public static string Expand(string text, IReadOnlyDictionary<string, string> variables)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        for (var index = 0; index < text.Length; index++)
        {
            var next = index + 1 < text.Length ? text[index + 1] : '\0';
            if (text[index] != '$' || next is not ('$' or '('))
            {
                result.Append(text[index]);
            }
            else if (next == '$')
            {
                result.Append('$');
                index++;
            }
            else
            {
                index = AppendReference(text, index, variables, result);
            }
        }

        return result.ToString();
    }

    /// <returns>The index of the last character used.</returns>
    private static int AppendReference(string text, int start, IReadOnlyDictionary<string, string> variables, StringBuilder result)
    {
        var end = text.IndexOf(')', start);
        if (end < 0)
        {
            result.Append("$(");
            return start + 1;
        }

        var name = text[(start + 2)..end];
        result.Append(variables.TryGetValue(name, out var value) ? value : text[start..(end + 1)]);
        return end;
    }
}
