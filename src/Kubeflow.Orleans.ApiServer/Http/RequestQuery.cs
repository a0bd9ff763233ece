using System.Globalization;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Selectors;
using Microsoft.AspNetCore.Http;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>The query string, read by Kubernetes' rules for flags and numbers.</summary>
internal readonly struct RequestQuery(IQueryCollection query)
{
    public string Text(string name) => query.TryGetValue(name, out var values) ? values[0] ?? "" : "";

    public bool Has(string name) => query.ContainsKey(name);

    /// <summary>Only an absent parameter, <c>0</c> and <c>false</c> are false; an empty one is true.</summary>
    public bool Flag(string name) =>
        query.TryGetValue(name, out var values) && values[0] != "0" && !string.Equals(values[0], "false", StringComparison.OrdinalIgnoreCase);

    /// <summary>Null when absent or empty.</summary>
    public long? Integer(string name)
    {
        var text = Text(name);
        if (text.Length == 0)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw StatusErrors.BadRequest($"strconv.ParseInt: parsing {GoText.Quote(text)}: invalid syntax");
    }

    public LabelSelector LabelSelector()
    {
        try
        {
            return Core.Selectors.LabelSelector.Parse(Text("labelSelector"));
        }
        catch (FormatException exception)
        {
            throw StatusErrors.BadRequest(exception.Message);
        }
    }

    public FieldSelector FieldSelector()
    {
        try
        {
            return Core.Selectors.FieldSelector.Parse(Text("fieldSelector"));
        }
        catch (FormatException exception)
        {
            throw StatusErrors.BadRequest(exception.Message);
        }
    }
}
