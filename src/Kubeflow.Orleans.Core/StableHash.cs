using System.Text;

namespace Kubeflow.Orleans.Core;

/// <summary>
/// FNV-1a over UTF-8: the same in every process, on every machine and in every release, because shard numbers derived from it are
/// stored in columns and labels.
/// </summary>
public static class StableHash
{
    /// <summary>How many shards objects and pods are spread over. Part of the data format: never change it.</summary>
    public const int ShardCount = 64;

    public static uint Of(string text)
    {
        var hash = 2166136261u;
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            hash = (hash ^ value) * 16777619u;
        }

        return hash;
    }

    /// <summary>The shard, 0 to 63, of the object with this uid.</summary>
    public static int Shard(string uid) => (int)(Of(uid) % ShardCount);
}
