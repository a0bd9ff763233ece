using Kubeflow.Orleans.ApiServer.Security;

namespace Kubeflow.Orleans.ApiServer;

/// <summary>How the API server behaves. The defaults are those of a laptop.</summary>
public sealed class ApiServerOptions
{
    /// <summary>
    /// Names the server may be called by. Any other Host is refused: a web page whose name was rebound to this address must not get
    /// in. <c>*</c> allows all, for a server behind a trusted proxy.
    /// </summary>
    public IList<string> AllowedHosts { get; } = ["localhost", "127.0.0.1", "[::1]"];

    /// <summary>Bearer tokens and who they stand for.</summary>
    public IList<AcceptedToken> Tokens { get; } = [];

    /// <summary>The longest a request may take that only reads and is no watch.</summary>
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest a write may take.</summary>
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromSeconds(34);

    /// <summary>How long a watch lasts that does not say: at least this, at most twice as long.</summary>
    public TimeSpan WatchTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How often a quiet watch hears that time has passed.</summary>
    public TimeSpan BookmarkInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a request waits for a resourceVersion this server has not reached yet.</summary>
    public TimeSpan FutureVersionWait { get; set; } = TimeSpan.FromSeconds(3);
}
