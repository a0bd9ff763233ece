namespace Kubeflow.Orleans.Clusters.Tests.Faults;

/// <summary>What is done to a request.</summary>
internal enum Fault
{
    None,

    /// <summary>The connection breaks before the server has seen the request.</summary>
    CutBefore,

    /// <summary>The server does what is asked, and the connection breaks before its answer.</summary>
    CutAfter,

    /// <summary>429 with Retry-After.</summary>
    TooManyRequests,

    /// <summary>500.</summary>
    ServerError,

    /// <summary>The request lies around for five seconds.</summary>
    Stall,

    /// <summary>410, to lists and watches.</summary>
    Expired,
}

/// <summary>What is done to an event of a watch.</summary>
internal enum WatchFault
{
    None,

    /// <summary>The connection breaks in the middle of it.</summary>
    Cut,

    /// <summary>It comes twice.</summary>
    Duplicate,

    /// <summary>It changes places with the next one.</summary>
    Swap,

    /// <summary>An ERROR event with 410 comes in its place, and the watch ends.</summary>
    Expired,
}

/// <summary>What the proxy has passed on or refused.</summary>
internal sealed record ProxiedRequest(string Method, string Path, string Query)
{
    public bool IsWatch => Query.Contains("watch=true", StringComparison.Ordinal);

    public bool IsWrite => Method is not "GET";
}
