using System.Globalization;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>The part of the query that says which state of the world a list or watch is about.</summary>
/// <param name="ResourceVersion">Null when not given.</param>
/// <param name="Match">Exact, NotOlderThan or empty.</param>
internal sealed record ListOptions(long? ResourceVersion, string Match, int Limit, string Continue)
{
    private const string NotOlderThan = "NotOlderThan";

    private const string Exact = "Exact";

    public bool IsExact => Match == Exact;

    public static ListOptions ForList(RequestQuery query)
    {
        var limit = Math.Clamp(query.Integer("limit") ?? 0, 0, int.MaxValue);
        var version = query.Text("resourceVersion");
        RequireMatch(version, query.Text("resourceVersionMatch"));
        var position = Version(version, problem => StatusErrors.BadRequest($"invalid resource version: {problem}"));
        return new ListOptions(position, query.Text("resourceVersionMatch"), (int)limit, query.Text("continue"));
    }

    /// <summary>A bad version of a watch is a 500 upstream, and clients have learnt to live with it.</summary>
    public static ListOptions ForWatch(RequestQuery query)
    {
        var match = query.Text("resourceVersionMatch");
        if (query.Has("sendInitialEvents") && match != NotOlderThan)
        {
            throw Forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
        }

        if (!query.Has("sendInitialEvents") && match.Length > 0)
        {
            throw Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
        }

        return new ListOptions(Version(query.Text("resourceVersion"), StatusErrors.Unspecified), match, 0, "");
    }

    private static void RequireMatch(string version, string match)
    {
        if (match.Length > 0 && version.Length == 0)
        {
            throw Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided");
        }

        if (match is not ("" or Exact or NotOlderThan))
        {
            throw StatusErrors.InvalidOptions("ListOptions", FieldError.NotSupported("resourceVersionMatch", GoText.Quote(match), [Exact, NotOlderThan, ""]));
        }

        if (match == Exact && version == "0")
        {
            throw Forbidden("resourceVersionMatch", "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
        }
    }

    private static long? Version(string text, Func<string, StatusException> refusal)
    {
        if (text.Length == 0)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            ? position
            : throw refusal($"resourceVersion: Invalid value: {GoText.Quote(text)}: strconv.ParseUint: parsing {GoText.Quote(text)}: invalid syntax");
    }

    private static StatusException Forbidden(string field, string detail) => StatusErrors.InvalidOptions("ListOptions", FieldError.Forbidden(field, detail));
}
