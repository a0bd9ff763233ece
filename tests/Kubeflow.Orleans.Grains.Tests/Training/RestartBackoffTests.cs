using Kubeflow.Orleans.Grains.Training;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training;

public sealed class RestartBackoffTests
{
    [Fact]
    public void First_restart_comes_at_once_and_further_ones_wait_longer_up_to_five_minutes()
    {
        RestartBackoff? backoff = null;
        var waits = new List<double>();
        for (var restart = 0; restart < 12; restart++)
        {
            backoff = RestartBackoff.After(backoff, World.Start, World.Start);
            waits.Add(((backoff.NotBefore ?? World.Start) - World.Start).TotalSeconds);
        }

        Assert.Equal([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300], waits);
    }

    [Fact]
    public void Streak_ends_when_the_pod_ran_for_ten_minutes()
    {
        var often = new RestartBackoff(9, null);

        Assert.Equal(10, RestartBackoff.After(often, World.Start, World.Start.AddSeconds(599)).Streak);
        Assert.Equal(new RestartBackoff(1, null), RestartBackoff.After(often, World.Start, World.Start.AddSeconds(600)));
    }

    [Fact]
    public void Pod_that_never_started_does_not_end_the_streak() =>
        Assert.Equal(3, RestartBackoff.After(new RestartBackoff(2, null), null, World.Start).Streak);
}
