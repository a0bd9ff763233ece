using System.Collections.Immutable;

namespace Kubeflow.Orleans.ApiServer.OpenApi;

/// <summary>The parameters of Kubernetes' verbs.</summary>
internal static class ApiParameters
{
    private static readonly ApiParameter DryRun = Query("dryRun", "string", "Do everything but store the result. The only value is All.");
    private static readonly ApiParameter FieldManager = Query("fieldManager", "string", "Who makes the change, as recorded in managedFields.");
    private static readonly ApiParameter FieldValidation = Query("fieldValidation", "string", "What to do about unknown or duplicate fields: Ignore, Warn (the default) or Strict.");
    private static readonly ApiParameter Force = Query("force", "boolean", "Take over fields other managers own. Only for apply patches.");
    private static readonly ApiParameter ResourceVersion = Query("resourceVersion", "string", "How old the answer may be.");
    private static readonly ApiParameter GracePeriod = Query("gracePeriodSeconds", "integer", "Seconds before the object is deleted; zero means at once.");
    private static readonly ApiParameter Propagation = Query("propagationPolicy", "string", "What becomes of dependents: Orphan, Background or Foreground.");

    public static ApiParameter Namespace { get; } = new("namespace", "path", "string", "The namespace: the team the object belongs to.");

    public static ApiParameter Name { get; } = new("name", "path", "string", "The name of the object.");

    public static ApiParameter Pretty { get; } = Query("pretty", "string", "If true, the answer is indented.");

    public static ImmutableArray<ApiParameter> Read { get; } = [ResourceVersion];

    public static ImmutableArray<ApiParameter> Write { get; } = [DryRun, FieldManager, FieldValidation];

    public static ImmutableArray<ApiParameter> Patch { get; } = [.. Write, Force];

    public static ImmutableArray<ApiParameter> Delete { get; } = [DryRun, GracePeriod, Propagation];

    public static ImmutableArray<ApiParameter> List { get; } =
    [
        Query("allowWatchBookmarks", "boolean", "Whether a watch may send bookmarks."),
        Query("continue", "string", "The token of the previous page."),
        Query("fieldSelector", "string", "Keep only objects whose fields match."),
        Query("labelSelector", "string", "Keep only objects whose labels match."),
        Query("limit", "integer", "How many objects to answer at the most."),
        ResourceVersion,
        Query("resourceVersionMatch", "string", "How resourceVersion is meant: Exact or NotOlderThan."),
        Query("sendInitialEvents", "boolean", "Whether a watch begins with the objects there are."),
        Query("timeoutSeconds", "integer", "How long the call may last."),
        Query("watch", "boolean", "Send changes as they happen instead of a list."),
    ];

    private static ApiParameter Query(string name, string type, string description) => new(name, "query", type, description);
}
