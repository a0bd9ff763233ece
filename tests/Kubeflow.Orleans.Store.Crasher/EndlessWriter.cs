using System.Globalization;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Store.Crasher;

/// <summary>
/// Writes until it is killed. Prints the head it found, then a line for each write that was answered: what was done, the key, the
/// version, the generation and a full stop, by which a torn line is known.
/// </summary>
public static class EndlessWriter
{
    private const int Callers = 16;

    public static async Task<int> RunAsync(string target)
    {
        await using var store = await StoreTarget.OpenAsync(target);
        var head = await store.HeadAsync(CancellationToken.None);
        Print($"head {head}");
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => WriteAsync(store, caller, head)));
        return 0;
    }

    /// <summary>The life of one object after the other: created, updated twice, and every other one deleted; now and then a trim.</summary>
    private static async Task WriteAsync(IResourceStore store, int caller, long start)
    {
        for (var number = 0; ; number++)
        {
            var key = new ResourceKey("tfjobs.kubeflow.org", "team", $"job-{start}-{caller}-{number}");
            var version = await DoAsync(store, "create", new CreateOperation(key, SampleDocument.Create(key, 1, 2000)));
            for (var round = 2; round <= 3; round++)
            {
                version = await DoAsync(store, "update", new UpdateOperation(key, version, SampleDocument.Create(key, round, 2000)));
            }

            if (number % 2 == 1)
            {
                await DoAsync(store, "delete", new DeleteOperation(key, version));
            }

            if (caller == 0 && number % 50 == 49)
            {
                await store.TrimAsync(version - 500, CancellationToken.None);
            }
        }
    }

    private static async Task<long> DoAsync(IResourceStore store, string verb, WriteOperation operation)
    {
        var results = await store.WriteAsync([operation], CancellationToken.None);
        var written = ((Committed)results[0]).Document;
        Print(string.Create(CultureInfo.InvariantCulture, $"{verb} {operation.Key} {written.Metadata.ResourceVersion} {written.Metadata.Generation} ."));
        return written.Metadata.ResourceVersion;
    }

    private static void Print(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}
