using Kubeflow.Orleans.Clusters.Tests.Running;
using Kubeflow.Orleans.Silos.Tests.Running;
using Kubeflow.Orleans.Store.Tests.Postgres;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresServer))]
[assembly: AssemblyFixture(typeof(TargetCluster))]

namespace Kubeflow.Orleans.Silos.Tests;

public sealed class MembershipTests(PostgresServer postgres, TargetCluster target)
{
    [Fact]
    public async Task Silos_that_start_at_once_on_an_empty_database_become_one_control_plane()
    {
        await using var cluster = await SiloCluster.StartAsync(postgres, target);

        Assert.Equal(3, await cluster.ActiveAsync());
        var kubeconfigs = cluster.Silos.Select(silo => File.ReadAllLines(Path.Combine(silo.Home, "kubeconfig"))).ToList();
        Assert.Single(kubeconfigs.Select(lines => lines.Single(line => line.Contains("token:", StringComparison.Ordinal))).Distinct());
        Assert.Single(kubeconfigs.Select(lines => lines.Single(line => line.Contains("certificate-authority-data:", StringComparison.Ordinal))).Distinct());

        await using var team = await target.NamespaceAsync();
        await cluster.Silos[0].Api.CreateAsync(team.Jobs, Jobs.TFJob(target, "shared"));
        foreach (var silo in cluster.Silos)
        {
            Assert.NotNull(await silo.Api.FindAsync($"{team.Jobs}/shared"));
        }

        await Until.TrueAsync("the job to succeed", async () => (await cluster.Silos[2].Api.FindAsync($"{team.Jobs}/shared"))!.IsTrue("Succeeded"));
    }

    [Fact]
    public async Task The_password_of_the_database_is_in_no_output()
    {
        await using var cluster = await SiloCluster.CreateAsync(postgres, target, silos: 1);
        var password = new Npgsql.NpgsqlConnectionStringBuilder(cluster.ConnectionString).Password!;
        var silo = cluster.Silos[0];

        // An address nobody has: the start fails late, when everything has been configured.
        Assert.NotEqual(0, await silo.StartInVainAsync("--log-level", "Trace", "--listen", "192.0.2.1"));
        var output = silo.ReadOutput();

        Assert.Contains("orleans", output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(password, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silo_at_an_address_that_is_taken_is_refused_and_the_one_that_has_it_goes_on()
    {
        await using var cluster = await SiloCluster.CreateAsync(postgres, target, silos: 2);
        await cluster.Silos[0].StartAsync();

        Assert.Equal(1, await cluster.Silos[1].StartInVainAsync("--silo-address", cluster.Silos[0].SiloAddress.ToString()));

        Assert.Contains($"The silo did not start: The address {cluster.Silos[0].SiloAddress} ", cluster.Silos[1].ReadOutput(), StringComparison.Ordinal);
        Assert.Equal(1, await cluster.ActiveAsync());
        Assert.True(cluster.Silos[0].IsRunning);
    }
}
