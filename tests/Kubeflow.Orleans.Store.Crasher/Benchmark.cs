using System.Diagnostics;
using Kubeflow.Orleans.Core.Resources;
using Microsoft.Data.Sqlite;

namespace Kubeflow.Orleans.Store.Crasher;

/// <summary>Creates per second with everything durable, and what a finished object costs on disk.</summary>
internal static class Benchmark
{
    private const int Callers = 64;
    private const int Objects = 50_000;
    private const int DocumentBytes = 2000;
    private const int Versions = 5;

    public static async Task<int> RunAsync(string target)
    {
        await using (var store = await StoreTarget.OpenAsync(target))
        {
            var keys = Enumerable.Range(0, Objects).Select(Key).ToArray();
            var versions = new long[Objects];
            await MeasureAsync("creates", Objects, index => WriteAsync(store, new CreateOperation(keys[index], SampleDocument.Create(keys[index], 1, DocumentBytes)), versions, index));
            for (var round = 2; round <= Versions; round++)
            {
                await MeasureAsync("updates", Objects, index => WriteAsync(store, new UpdateOperation(keys[index], versions[index], SampleDocument.Create(keys[index], round, DocumentBytes)), versions, index));
            }

            await MeasureAsync("gets", Objects, async index => await store.GetAsync(keys[index], CancellationToken.None));
            await MeasureOnceAsync("list of all", async () => (await store.ListAsync(new ListQuery(keys[0].Resource), CancellationToken.None)).Items.Count);
            await MeasureOnceAsync("list of 500 at the position before the last round", async () => (await store.ListAsync(new ListQuery(keys[0].Resource) { Limit = 500, At = Objects * (Versions - 1) }, CancellationToken.None)).Items.Count);
            await MeasureOnceAsync("trim", () => store.TrimAsync(long.MaxValue, CancellationToken.None).AsTask());
            if (target != StoreTarget.Postgres)
            {
                await MeasureFileAsync(store, target, versions);
            }
        }

        return 0;
    }

    /// <summary>What the objects cost on disk, and whether freed pages are used again.</summary>
    private static async Task MeasureFileAsync(IResourceStore store, string path, long[] versions)
    {
        Console.WriteLine($"file with history: {new FileInfo(path).Length / Objects} bytes per object");
        Console.WriteLine($"in use after the trim: {UsedBytes(path) / Objects} bytes per object");
        var before = new FileInfo(path).Length;
        var more = Enumerable.Range(Objects, Objects).Select(Key).ToArray();
        await MeasureAsync("creates into freed pages", Objects, index => WriteAsync(store, new CreateOperation(more[index], SampleDocument.Create(more[index], 1, DocumentBytes)), versions, index));
        Console.WriteLine($"file grew by {new FileInfo(path).Length - before} bytes");
    }

    private static long UsedBytes(string path)
    {
        using var connection = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
        return (long)command.ExecuteScalar()!;
    }

    private static ResourceKey Key(int index) => new("tfjobs.kubeflow.org", $"team-{index % 20}", $"job-{(uint)index * 2654435761u:x8}");

    private static async Task WriteAsync(IResourceStore store, WriteOperation operation, long[] versions, int index)
    {
        var results = await store.WriteAsync([operation], CancellationToken.None);
        versions[index] = ((Committed)results[0]).Document.Metadata.ResourceVersion;
    }

    private static async Task MeasureAsync(string what, int count, Func<int, Task> work)
    {
        var next = -1;
        var (started, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            int index;
            while ((index = Interlocked.Increment(ref next)) < count)
            {
                await work(index);
            }
        })));
        var (elapsed, used) = (Stopwatch.GetElapsedTime(started), Environment.CpuUsage.TotalTime - cpu);
        Console.WriteLine($"{what}: {count / elapsed.TotalSeconds:N0}/s, {used.TotalMicroseconds / count:N0} us of processor time each");
    }

    private static async Task MeasureOnceAsync<TResult>(string what, Func<Task<TResult>> work)
    {
        var started = Stopwatch.GetTimestamp();
        var result = await work();
        Console.WriteLine($"{what}: {result} in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:N0} ms");
    }
}
