namespace Kubeflow.Orleans.Silo;

/// <summary>A silo that serves. Disposing it stops it in order: watches end, grains settle, pods stop, the store closes.</summary>
public sealed class RunningSilo : IAsyncDisposable
{
    private readonly WebApplication app;

    internal RunningSilo(WebApplication app, Uri address, string kubeconfigPath)
    {
        this.app = app;
        Address = address;
        KubeconfigPath = kubeconfigPath;
        Completion = app.WaitForShutdownAsync();
    }

    /// <summary>Where the API is served.</summary>
    public Uri Address { get; }

    public string KubeconfigPath { get; }

    /// <summary>Completes when the silo has stopped, by a signal or by <see cref="StopAsync"/>.</summary>
    public Task Completion { get; }

    public IServiceProvider Services => app.Services;

    public Task StopAsync(CancellationToken cancellationToken) => app.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
