using System.Text;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store.Retention;
using Kubeflow.Orleans.Store.Sqlite;
using Kubeflow.Orleans.Store.Tests.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Feed;

public sealed class LogRetentionTests : IAsyncLifetime
{
    private static readonly TimeSpan Age = TimeSpan.FromMinutes(10);

    private readonly TemporaryDirectory directory = new();
    private readonly HandSetTime time = new();
    private SqliteResourceStore store = null!;
    private int created;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        store = await SqliteResourceStore.OpenAsync(new SqliteStoreOptions { Path = directory.Database }, TimeProvider.System, null, Cancellation);

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Change_is_kept_for_its_age_and_then_forgotten()
    {
        using var retention = Retention(maximumChanges: 1_000);
        await WriteAsync(5);
        Assert.Equal(0, await retention.TrimAsync(Cancellation));

        time.Advance(Age - TimeSpan.FromSeconds(1));
        await WriteAsync(5);
        Assert.Equal(0, await retention.TrimAsync(Cancellation));

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(5, await retention.TrimAsync(Cancellation));
        Assert.Equal(5, (await store.ReadLogAsync(5, 100, Cancellation)).Count);
        await Assert.ThrowsAsync<PositionExpiredException>(() => store.ReadLogAsync(4, 100, Cancellation).AsTask());
    }

    [Fact]
    public async Task Young_changes_are_forgotten_when_there_are_too_many()
    {
        using var retention = Retention(maximumChanges: 3);
        await WriteAsync(10);

        Assert.Equal(7, await retention.TrimAsync(Cancellation));
    }

    [Fact]
    public async Task Restart_keeps_what_a_watcher_may_still_need()
    {
        using (var before = Retention(maximumChanges: 1_000))
        {
            await WriteAsync(5);
            await before.TrimAsync(Cancellation);
        }

        time.Advance(Age);
        using var after = Retention(maximumChanges: 1_000);
        Assert.Equal(0, await after.TrimAsync(Cancellation));
    }

    private LogRetention Retention(long maximumChanges) =>
        new(store, new LogRetentionOptions { Age = Age, MaximumChanges = maximumChanges }, time, NullLogger<LogRetention>.Instance);

    private async Task WriteAsync(int count)
    {
        for (var number = 0; number < count; number++)
        {
            var key = new ResourceKey("tfjobs.kubeflow.org", "default", $"job-{created++}");
            var document = new Document(Encoding.UTF8.GetBytes($$"""{"metadata":{"name":"{{key.Name}}","uid":"{{created}}"} }"""));
            await store.WriteAsync([new CreateOperation(key, document)], Cancellation);
        }
    }

    private sealed class HandSetTime : TimeProvider
    {
        private DateTimeOffset now = DateTimeOffset.UnixEpoch;

        public void Advance(TimeSpan by) => now += by;

        public override DateTimeOffset GetUtcNow() => now;
    }
}
