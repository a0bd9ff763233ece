using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Store;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Framework;

public sealed class SiloShareTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(100)]
    public void Silos_share_all_shards_and_none_twice(int silos)
    {
        var shares = Enumerable.Range(0, silos).Select(index => SiloShare.Of(index, silos)).ToList();

        Assert.Equal(Enumerable.Range(ShardRange.All.From, ShardRange.All.To), shares.SelectMany(share => Enumerable.Range(share.From, share.To - share.From)));
        Assert.True(shares.Max(Size) - shares.Min(Size) <= 1);

        static int Size(ShardRange share) => share.To - share.From;
    }

    [Fact]
    public void A_silo_that_is_not_counted_looks_after_everything() => Assert.Equal(ShardRange.All, SiloShare.Of(-1, 3));
}
