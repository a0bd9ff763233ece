using System.Diagnostics;
using System.Globalization;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store.Crasher;
using Kubeflow.Orleans.Store.Sqlite;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Sqlite;

/// <summary>Another process writes; it is killed without warning, in the middle of whatever it does.</summary>
public sealed class CrashTests : IDisposable
{
    private static readonly TimeSpan ProcessLimit = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory directory = new();

    /// <summary>What was acknowledged, by position, over all rounds.</summary>
    private readonly Dictionary<long, Acknowledged> acknowledged = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Every_acknowledged_write_survives_a_kill_and_no_position_is_used_twice()
    {
        var random = new Random(20);
        for (var round = 0; round < 20; round++)
        {
            var before = acknowledged.Count;
            await WriteUntilKilledAsync(random.Next(1, 400));
            await AssertEverythingAcknowledgedIsThereAsync();
            Assert.True(acknowledged.Count > before);
        }
    }

    [Fact]
    public async Task A_second_process_is_refused_while_the_first_lives_and_admitted_once_it_is_killed()
    {
        using var first = Start();
        await ReadLineAsync(first);

        using var second = Start();
        Assert.Contains(directory.Database, await second.StandardError.ReadToEndAsync(Cancellation).WaitAsync(ProcessLimit, Cancellation), StringComparison.Ordinal);
        await second.WaitForExitAsync(Cancellation).WaitAsync(ProcessLimit, Cancellation);
        Assert.NotEqual(0, second.ExitCode);

        await KillAsync(first);
        await using var store = await OpenAsync();
    }

    /// <summary>Lets a process write until so many writes were acknowledged, kills it, and takes in what it still had said.</summary>
    private async Task WriteUntilKilledAsync(int writes)
    {
        using var process = Start();
        var head = (await ReadLineAsync(process))!.Split(' ')[1];
        Assert.True(long.Parse(head, CultureInfo.InvariantCulture) >= acknowledged.Keys.DefaultIfEmpty().Max());
        for (var line = 0; line < writes; line++)
        {
            Take(await ReadLineAsync(process));
        }

        await KillAsync(process);
        while (await ReadLineAsync(process) is { } rest)
        {
            Take(rest);
        }
    }

    private void Take(string? line)
    {
        // The last line may be torn: then the acknowledgement was not received.
        if (line?.Split(' ') is ["create" or "update" or "delete", var key, var version, var generation, "."] parts)
        {
            var position = long.Parse(version, CultureInfo.InvariantCulture);
            var added = acknowledged.TryAdd(position, new Acknowledged(parts[0], ResourceKey.Parse(key), generation));
            Assert.True(added, $"Position {position} was given out twice.");
        }
    }

    private async Task AssertEverythingAcknowledgedIsThereAsync()
    {
        Assert.Equal("ok", await IntegrityAsync());
        await using var store = await OpenAsync();
        var floor = await store.FloorAsync(Cancellation);
        var log = await ReadWholeLogAsync(store, floor);
        Assert.Equal(Enumerable.Range(1, log.Count).Select(offset => floor + offset), log.Select(change => change.Position));
        Assert.Equal(await store.HeadAsync(Cancellation), floor + log.Count);
        var byPosition = log.ToDictionary(change => change.Position);
        foreach (var (position, write) in acknowledged.Where(entry => entry.Key > floor))
        {
            var change = byPosition[position];
            Assert.Equal((write.Key, write.Type, write.Generation), (change.Key, change.Type, $"{change.Document.Metadata.Generation}"));
            Assert.Equal(change.Type == ChangeType.Added, change.Previous is null);
        }

        await AssertObjectsAreAtLeastAsNewAsync(store);
    }

    private async Task AssertObjectsAreAtLeastAsNewAsync(SqliteResourceStore store)
    {
        foreach (var last in acknowledged.GroupBy(entry => entry.Value.Key).Select(writes => writes.MaxBy(entry => entry.Key)))
        {
            var stored = await store.GetAsync(last.Value.Key, Cancellation);
            Assert.True(
                last.Value.Type == ChangeType.Deleted ? stored is null : stored is null ? last.Value.MayBeDeletedNext : stored.Document.Metadata.ResourceVersion >= last.Key,
                $"{last.Value.Key} was acknowledged at {last.Key}.");
        }
    }

    private static async Task<List<Change>> ReadWholeLogAsync(SqliteResourceStore store, long after)
    {
        var log = new List<Change>();
        while (await store.ReadLogAsync(after, 1000, Cancellation) is { Count: > 0 } page)
        {
            log.AddRange(page);
            after = page[^1].Position;
        }

        return log;
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            ArgumentList = { typeof(EndlessWriter).Assembly.Location, "write", directory.Database },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    private static async Task<string?> ReadLineAsync(Process process) => await process.StandardOutput.ReadLineAsync(Cancellation).AsTask().WaitAsync(ProcessLimit, Cancellation);

    private static async Task KillAsync(Process process)
    {
        process.Kill();
        await process.WaitForExitAsync(Cancellation).WaitAsync(ProcessLimit, Cancellation);
    }

    private Task<SqliteResourceStore> OpenAsync() =>
        SqliteResourceStore.OpenAsync(new SqliteStoreOptions { Path = directory.Database }, TimeProvider.System, null, Cancellation);

    private async Task<string?> IntegrityAsync()
    {
        await using var connection = new SqliteConnection($"Data Source={directory.Database};Pooling=False");
        await connection.OpenAsync(Cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        return (string?)await command.ExecuteScalarAsync(Cancellation);
    }

    private sealed record Acknowledged(string Verb, ResourceKey Key, string Generation)
    {
        public ChangeType Type => Verb switch
        {
            "create" => ChangeType.Added,
            "update" => ChangeType.Modified,
            _ => ChangeType.Deleted,
        };

        /// <summary>The writer deletes after the third generation: that may have been done but not acknowledged.</summary>
        public bool MayBeDeletedNext => Generation == "3";
    }
}
