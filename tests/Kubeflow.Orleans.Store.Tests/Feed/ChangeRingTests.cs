using System.Text;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store.Feed;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Feed;

public sealed class ChangeRingTests
{
    private const int Limit = 100;

    private readonly ChangeRing ring = new(capacity: 4, byteCapacity: 1000, floor: 0);

    [Fact]
    public void Forgotten_changes_are_missed_only_by_who_has_not_read_them()
    {
        ring.Append([At(3), At(7)]);

        ring.Forget();

        Assert.False(ring.TryRead(6, Limit, out _));
        Assert.True(ring.TryRead(7, Limit, out var nothing));
        Assert.Empty(nothing);
        ring.Append([At(9)]);
        Assert.True(ring.TryRead(7, Limit, out var next));
        Assert.Equal([9], next.Select(change => change.Position));
    }

    [Fact]
    public void An_empty_ring_that_forgets_still_reaches_back_as_far_as_before()
    {
        ring.Forget();

        Assert.True(ring.TryRead(0, Limit, out _));
    }

    private static Change At(long position) => new(
        position, ChangeType.Added, new ResourceKey("tfjobs.kubeflow.org", "team", "job"), new Document(Encoding.UTF8.GetBytes("""{"metadata":{"name":"job"}}""")), null);
}
