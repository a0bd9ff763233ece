using Kubeflow.Orleans.Cli.Api;

namespace Kubeflow.Orleans.Cli.ControlPlane;

/// <summary>A control plane to talk to. Disposing it ends it when it is this command's own.</summary>
internal sealed class RunningControlPlane(ApiClient client, string kubeconfig, Func<ValueTask>? stop) : IAsyncDisposable
{
    public ApiClient Client => client;

    public string Kubeconfig => kubeconfig;

    /// <summary>Ends with this command.</summary>
    public bool IsOwn => stop is not null;

    /// <summary>The control plane that runs in this home; null when none answers there.</summary>
    public static async Task<RunningControlPlane?> FindAsync(ControlPlaneHome home, CancellationToken cancellationToken)
    {
        if (!File.Exists(home.Kubeconfig))
        {
            return null;
        }

        var client = await ApiClient.FromKubeconfigAsync(home.Kubeconfig, cancellationToken);
        if (await client.IsReadyAsync(cancellationToken))
        {
            return new RunningControlPlane(client, home.Kubeconfig, stop: null);
        }

        client.Dispose();
        return null;
    }

    public static async Task<RunningControlPlane> RequireAsync(ControlPlaneHome home, CancellationToken cancellationToken) =>
        await FindAsync(home, cancellationToken)
        ?? throw new FailureException($"No control plane is running in {home.Folder}.", hint: "Start one with: kfo up");

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        if (stop is not null)
        {
            await stop();
        }
    }
}
