using System.Collections.Immutable;
using Kubeflow.Orleans.Store;
using Orleans.Runtime;
using StableHash = Kubeflow.Orleans.Core.StableHash;

namespace Kubeflow.Orleans.Grains.Framework;

/// <summary>
/// The shards this silo looks after: they are dealt out among the active silos. A hint that saves silos from all doing the same; while
/// silos come and go two may look after a shard, or for a moment nobody.
/// </summary>
internal sealed class SiloShare(ISiloStatusOracle members)
{
    public ImmutableArray<SiloAddress> Silos => [.. members.GetActiveSilos().Order()];

    public ShardRange Shards
    {
        get
        {
            var silos = Silos;
            return Of(silos.IndexOf(members.SiloAddress), silos.Length);
        }
    }

    public bool Includes(string uid)
    {
        var shards = Shards;
        var shard = StableHash.Shard(uid);
        return shard >= shards.From && shard < shards.To;
    }

    /// <param name="index">Negative: the silo is not counted yet, or no more, and assumes nothing about others.</param>
    internal static ShardRange Of(int index, int silos) =>
        index < 0 ? ShardRange.All : new ShardRange(index * StableHash.ShardCount / silos, (index + 1) * StableHash.ShardCount / silos);
}
