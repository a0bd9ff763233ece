using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Store.Crasher;

/// <summary>
/// Tries to be the first to create each of a row of keys, which others try as well, while following the log. Prints a line for each key won and,
/// once every key is in the log, what the whole log looked like from here.
/// </summary>
internal static class Race
{
    private const int Callers = 16;

    public static async Task<int> RunAsync(string target, int keys)
    {
        await using var store = await StoreTarget.OpenAsync(target);
        var following = Task.Run(() => FollowAsync(store, keys));
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            int number;
            while ((number = Interlocked.Increment(ref next)) < keys)
            {
                await TryCreateAsync(store, new ResourceKey("tfjobs.kubeflow.org", "team", $"race-{number}"));
            }
        })));
        Console.WriteLine($"log {await following}");
        return 0;
    }

    private static async Task TryCreateAsync(IResourceStore store, ResourceKey key)
    {
        var results = await store.WriteAsync([new CreateOperation(key, SampleDocument.Create(key, Environment.ProcessId, 200))], CancellationToken.None);
        if (results[0] is Committed won)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"won {key} {won.Document.Metadata.ResourceVersion}"));
        }
    }

    private static async Task<string> FollowAsync(IResourceStore store, int keys)
    {
        var (position, seen) = (0L, new StringBuilder());
        for (var count = 0; count < keys;)
        {
            await store.WaitForChangeAsync(position, CancellationToken.None);
            foreach (var change in await store.ReadLogAsync(position, 100, CancellationToken.None))
            {
                seen.Append(CultureInfo.InvariantCulture, $"{change.Position} {change.Type} {change.Document}\n");
                (position, count) = (change.Position, count + 1);
            }
        }

        return $"{position} {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(seen.ToString())))}";
    }
}
