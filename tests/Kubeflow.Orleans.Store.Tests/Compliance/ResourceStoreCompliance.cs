using System.Text;
using Kubeflow.Orleans.Core.Resources;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Compliance;

/// <summary>What every store must do. A store's own test class inherits it and says how to open one.</summary>
public abstract partial class ResourceStoreCompliance : IAsyncLifetime
{
    protected const string Jobs = "tfjobs.kubeflow.org";
    protected const string Notebooks = "notebooks.kubeflow.org";

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected IResourceStore Store { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Store = await OpenAsync();

    public virtual async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Opens the store of this test; after closing it, the same one again.</summary>
    protected abstract Task<IResourceStore> OpenAsync(int queueCapacity = 10_000);

    /// <summary>Keeps the store from committing anything until disposed, as another user of its database could.</summary>
    protected abstract Task<IAsyncDisposable> BlockCommitsAsync();

    protected async Task ReopenAsync(int queueCapacity = 10_000)
    {
        await Store.DisposeAsync();
        Store = await OpenAsync(queueCapacity);
    }

    protected static ResourceKey Job(string name, string ns = "team-a") => new(Jobs, ns, name);

    protected static Document Sample(ResourceKey key, string value = "") => Json(
        $$$"""{"apiVersion":"kubeflow.org/v1","kind":"TFJob","metadata":{"name":"{{{key.Name}}}","namespace":"{{{key.Namespace}}}","uid":"{{{key}}}"},"spec":{"value":"{{{value}}}"}}""");

    protected static Document Json(string json) => new(Encoding.UTF8.GetBytes(json));

    protected static string ValueOf(Document document) => document.Root.GetProperty("spec").GetProperty("value").GetString()!;

    protected async Task<WriteResult> WriteAsync(WriteOperation operation) => Assert.Single(await Store.WriteAsync([operation], Cancellation));

    protected async Task<Document> CommitAsync(WriteOperation operation) => Assert.IsType<Committed>(await WriteAsync(operation)).Document;

    protected Task<Document> CreateAsync(string name, string value = "", string ns = "team-a") =>
        CommitAsync(new CreateOperation(Job(name, ns), Sample(Job(name, ns), value)));

    protected Task<Document> UpdateAsync(string name, Document current, string value) =>
        CommitAsync(new UpdateOperation(Job(name), current.Metadata.ResourceVersion, Sample(Job(name), value)));

    protected Task<Document> DeleteAsync(string name, Document current) => CommitAsync(new DeleteOperation(Job(name), current.Metadata.ResourceVersion));

    protected async Task<IReadOnlyList<Change>> ReadWholeLogAsync(long after = 0)
    {
        var all = new List<Change>();
        while (await Store.ReadLogAsync(after, 100, Cancellation) is { Count: > 0 } page)
        {
            all.AddRange(page);
            after = page[^1].Position;
        }

        return all;
    }
}
