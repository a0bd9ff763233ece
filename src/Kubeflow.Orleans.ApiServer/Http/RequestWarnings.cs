using System.Collections;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>The warnings of one request, each said once, on their way into <c>Warning</c> headers.</summary>
internal sealed class RequestWarnings : ICollection<string>
{
    /// <summary>Clients and proxies drop answers with larger headers.</summary>
    private const int TotalLimit = 4096;

    private readonly List<string> texts = [];

    public int Count => texts.Count;

    public bool IsReadOnly => false;

    public void Add(string item)
    {
        if (!texts.Contains(item))
        {
            texts.Add(item);
        }
    }

    public void AddTo(IHeaderDictionary headers)
    {
        var total = 0;
        foreach (var text in texts)
        {
            var header = $"299 - {Quoted(text)}";
            total += header.Length;
            if (total > TotalLimit)
            {
                break;
            }

            headers.Append("Warning", header);
        }
    }

    public void Clear() => texts.Clear();

    public bool Contains(string item) => texts.Contains(item);

    public void CopyTo(string[] array, int arrayIndex) => texts.CopyTo(array, arrayIndex);

    public bool Remove(string item) => texts.Remove(item);

    public IEnumerator<string> GetEnumerator() => texts.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>A quoted-string of RFC 7230; what a header cannot carry becomes a question mark.</summary>
    private static string Quoted(string text)
    {
        var quoted = new StringBuilder(text.Length + 8).Append('"');
        foreach (var character in text)
        {
            if (character is '"' or '\\')
            {
                quoted.Append('\\');
            }

            quoted.Append(character is < ' ' or > '~' ? '?' : character);
        }

        return quoted.Append('"').ToString();
    }
}
