using System.Net;
using Kubeflow.Orleans.Silo;
using Kubeflow.Orleans.Silo.Clusters;
using Kubeflow.Orleans.Silo.Membership;
using Xunit;

namespace Kubeflow.Orleans.Silos.Tests;

public sealed class SettingsTests
{
    private const string Connection = "Host=db.example;Port=5433;Username=kfo;Password=open sesame;Database=plane";

    private static readonly IPEndPoint Address = new(IPAddress.Loopback, SiloMembership.DefaultPort);

    private static SiloSettings Elsewhere { get; } = new() { Clusters = [new ClusterSettings("default", new ClusterAccess.InCluster())] };

    [Fact]
    public void A_database_is_shown_without_who_we_are_there() =>
        Assert.Equal("postgresql://db.example:5433/plane", DatabaseSettings.Parse(Connection).ToString());

    [Fact]
    public void Settings_show_no_password() =>
        Assert.DoesNotContain("sesame", (Elsewhere with { Database = DatabaseSettings.Parse(Connection), SiloAddress = Address }).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("postgresql://kfo:sesame@db.example/plane")]
    [InlineData("Host=db.example;Port=sesame")]
    [InlineData("Host=db.example;Sesame=1")]
    [InlineData("Password=sesame")]
    public void A_connection_that_is_none_is_refused_without_repeating_it(string text)
    {
        var refusal = Assert.Throws<ArgumentException>(() => DatabaseSettings.Parse(text));

        Assert.DoesNotContain("sesame", refusal.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("10.0.0.7", "10.0.0.7:11111")]
    [InlineData("10.0.0.7:12000", "10.0.0.7:12000")]
    [InlineData("[fd00::7]:12000", "[fd00::7]:12000")]
    public void A_silo_address_is_an_address_with_or_without_a_port(string text, string expected) => Assert.Equal(expected, SiloMembership.ParseAddress(text).ToString());

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("[::]:11111")]
    [InlineData("silo-0")]
    public void An_address_other_silos_cannot_reach_is_refused(string text) => Assert.Throws<ArgumentException>(() => SiloMembership.ParseAddress(text));

    [Fact]
    public void Settings_that_contradict_themselves_are_refused()
    {
        var database = DatabaseSettings.Parse(Connection);

        Refused("--silo-address", Elsewhere with { Database = database });
        Refused("--database", Elsewhere with { SiloAddress = Address });
        Refused("embedded cluster", new SiloSettings { Database = database, SiloAddress = Address });
        Assert.NotNull((Elsewhere with { Database = database, SiloAddress = Address }).RequireSound());
        Assert.NotNull(new SiloSettings().RequireSound());

        static void Refused(string because, SiloSettings settings) => Assert.Contains(because, Assert.Throws<ArgumentException>(settings.RequireSound).Message, StringComparison.Ordinal);
    }
}
