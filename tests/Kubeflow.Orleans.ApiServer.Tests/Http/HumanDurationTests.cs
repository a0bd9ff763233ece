using Kubeflow.Orleans.ApiServer.Views;

namespace Kubeflow.Orleans.ApiServer.Tests.Http;

public sealed class HumanDurationTests
{
    [Theory]
    [InlineData(-5, "<invalid>")]
    [InlineData(-1, "0s")]
    [InlineData(0, "0s")]
    [InlineData(95, "95s")]
    [InlineData(119, "119s")]
    [InlineData(330, "5m30s")]
    [InlineData(300, "5m")]
    [InlineData(2880, "48m")]
    [InlineData((3 * 3600) + 1200, "3h20m")]
    [InlineData(3 * 3600, "3h")]
    [InlineData(30 * 3600, "30h")]
    [InlineData((5 * 86400) + (3 * 3600), "5d3h")]
    [InlineData(5 * 86400, "5d")]
    [InlineData(40 * 86400, "40d")]
    [InlineData(760 * 86400, "2y30d")]
    [InlineData(9 * 365 * 86400, "9y")]
    public void Age_reads_as_kubectl_prints_it(long seconds, string expected) => Assert.Equal(expected, HumanDuration.Of(TimeSpan.FromSeconds(seconds)));
}
