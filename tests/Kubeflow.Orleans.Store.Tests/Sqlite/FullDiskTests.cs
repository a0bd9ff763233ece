using System.Diagnostics;
using System.Text;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store.Sqlite;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Sqlite;

/// <summary>A store on a disk of three megabytes.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("kfo-store-").FullName;
    private bool mounted;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Full_disk_is_said_so_keeps_what_was_acknowledged_and_is_written_again_once_there_is_room()
    {
        mounted = await RunAsync("mount", "-t", "tmpfs", "-o", "size=3m", "kfo-store", directory);
        Assert.SkipUnless(mounted, "Only root may mount a small disk.");
        var ballast = Path.Combine(directory, "ballast");
        await File.WriteAllBytesAsync(ballast, new byte[1024 * 1024], Cancellation);
        var options = new SqliteStoreOptions { Path = Path.Combine(directory, "store.db") };
        var acknowledged = new List<ResourceKey>();
        await using (var store = await SqliteResourceStore.OpenAsync(options, TimeProvider.System, null, Cancellation))
        {
            var full = await Assert.ThrowsAsync<StoreUnavailableException>(async () =>
            {
                while (acknowledged.Count < 1000)
                {
                    acknowledged.Add(await CreateAsync(store, acknowledged.Count));
                }
            });
            Assert.Contains("full", full.Message, StringComparison.Ordinal);
            Assert.NotEmpty(acknowledged);
            Assert.Equal(acknowledged.Count, await store.HeadAsync(Cancellation));

            File.Delete(ballast);
            acknowledged.Add(await CreateAsync(store, acknowledged.Count));
        }

        await using var reopened = await SqliteResourceStore.OpenAsync(options, TimeProvider.System, null, Cancellation);
        foreach (var key in acknowledged)
        {
            Assert.NotNull(await reopened.GetAsync(key, Cancellation));
        }
    }

    public void Dispose()
    {
        if (mounted)
        {
            using var unmount = Process.Start("umount", directory);
            unmount.WaitForExit();
        }

        Directory.Delete(directory, recursive: true);
    }

    private static async Task<ResourceKey> CreateAsync(SqliteResourceStore store, int number)
    {
        var key = new ResourceKey("tfjobs.kubeflow.org", "team", $"job-{number}");
        var body = $$$"""{"metadata":{"name":"{{{key.Name}}}","annotations":{"note":"{{{new string('x', 20_000)}}}" } } }""";
        var results = await store.WriteAsync([new CreateOperation(key, new Document(Encoding.UTF8.GetBytes(body)))], Cancellation);
        Assert.IsType<Committed>(results[0]);
        return key;
    }

    private static async Task<bool> RunAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync(Cancellation);
        return process.ExitCode == 0;
    }
}
