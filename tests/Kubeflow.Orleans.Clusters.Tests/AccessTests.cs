using System.Diagnostics;
using System.Text.Json.Nodes;
using k8s;
using Kubeflow.Orleans.Clusters.Tests.Running;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training;
using Xunit;
using YamlDotNet.Serialization;

namespace Kubeflow.Orleans.Clusters.Tests;

/// <summary>How the control plane logs in to a cluster, and with how little it gets by.</summary>
public sealed class AccessTests(TargetCluster cluster)
{
    private const string Roles = "apis/rbac.authorization.k8s.io/v1/clusterroles";
    private const string Bindings = "apis/rbac.authorization.k8s.io/v1/clusterrolebindings";

    [Fact]
    public async Task Role_in_deploy_is_enough_for_a_job_from_start_to_clean_up()
    {
        Assert.SkipWhen(cluster.IsEmbedded, "The embedded cluster has no roles.");
        await using var team = await cluster.NamespaceAsync();
        await using var account = await AccountAsync(team);
        await using var plane = await ControlPlane.StartAsync([("default", await KubeconfigAsync(team, $"token: {account.Token}"))]);

        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "modest"));
        await plane.UntilAsync(team, "modest", "Succeeded");
        Assert.Contains(await cluster.Api.ListAsync(team.Events), said => (string?)said["reason"] == "TFJobSucceeded");
        await plane.Api.DeleteAsync($"{team.Jobs}/modest");

        await Until.TrueAsync("the pods to go", async () => (await cluster.Api.ListAsync(team.Pods)).Count == 0 && (await cluster.Api.ListAsync(team.Services)).Count == 0);
    }

    [Fact]
    public async Task Namespace_that_is_missing_and_may_not_be_made_shows_in_the_job_until_it_is_there()
    {
        Assert.SkipWhen(cluster.IsEmbedded, "The embedded cluster has no roles.");
        await using var home = await cluster.NamespaceAsync();
        await using var account = await AccountAsync(home);
        await using var plane = await ControlPlane.StartAsync([("default", await KubeconfigAsync(home, $"token: {account.Token}"))]);
        await using var team = cluster.Unmade();
        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "homeless"));
        await plane.UntilAsync(team, "homeless", "ClusterUnavailable");

        Assert.Equal("NamespaceNotFound", (string?)(await plane.JobAsync(team, "homeless")).Condition("ClusterUnavailable")!["reason"]);
        await cluster.Api.CreateAsync("api/v1/namespaces", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = team.Name } });

        await plane.UntilAsync(team, "homeless", "Succeeded");
        Assert.Null((await plane.JobAsync(team, "homeless")).Condition("ClusterUnavailable"));
    }

    [Fact]
    public async Task Credentials_the_cluster_does_not_accept_show_in_the_job()
    {
        await using var team = await cluster.NamespaceAsync();
        await using var plane = await ControlPlane.StartAsync([("default", await KubeconfigAsync(team, "token: nobody-knows-this"))]);

        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "shut"));

        await plane.UntilAsync(team, "shut", "ClusterUnavailable");
    }

    [Fact]
    public async Task Login_plugin_is_asked_for_the_token()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "The plugin is a shell script.");
        await using var team = await cluster.NamespaceAsync();
        await using var account = await AccountAsync(team);
        var plugin = Path.Combine(cluster.Scratch, $"{team.Name}-login");
        await File.WriteAllTextAsync(plugin, $$$"""
            echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"{{{account.Token}}}"}}'
            """, TestContext.Current.CancellationToken);
        var kubeconfig = await KubeconfigAsync(team, $"exec: {{ apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, args: [{plugin}] }}");
        await using var plane = await ControlPlane.StartAsync([("default", kubeconfig)]);

        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "plugged"));

        await plane.UntilAsync(team, "plugged", "Succeeded");
    }

    [Fact]
    public void Role_in_deploy_covers_every_kind_of_child()
    {
        var machines = TrainingFamily.StateMachines(new TrainingOptions());
        var rules = Role()["rules"]!.AsArray().Select(rule => rule!.AsObject()).ToList();

        var kinds = machines.SelectMany(machine => machine.ChildKinds)
            .Append(Kubernetes.ChildKind.Of<k8s.Models.V1Pod>()).Append(Kubernetes.ChildKind.Of<k8s.Models.V1Service>()).Distinct();

        Assert.All(kinds, kind => Assert.Contains(rules, rule =>
            Has(rule, "apiGroups", kind.Group) && Has(rule, "resources", kind.Plural) && new[] { "get", "list", "watch", "create", "patch", "delete" }.All(verb => Has(rule, "verbs", verb))));
    }

    [Theory]
    [InlineData("deploy/base")]
    [InlineData("deploy/overlays/own-namespaces")]
    public async Task Manifests_in_deploy_are_accepted(string folder)
    {
        Assert.SkipWhen(cluster.IsEmbedded, "The embedded cluster serves only what jobs need.");
        using var kubectl = Process.Start(new ProcessStartInfo("kubectl", ["--kubeconfig", cluster.Kubeconfig, "apply", "--dry-run=client", "-k", Path.Combine(Repository(), folder)])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var said = await kubectl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken) + await kubectl.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await kubectl.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(kubectl.ExitCode == 0, said);
    }

    private static bool Has(JsonObject rule, string list, string value) => rule[list]!.AsArray().Any(item => (string?)item == value);

    private static JsonObject Role()
    {
        var text = File.ReadAllText(Path.Combine(Repository(), "deploy", "base", "rbac.yaml")).Split("\n---\n")[0];
        var yaml = new DeserializerBuilder().Build().Deserialize(new StringReader(text));
        return JsonNode.Parse(new SerializerBuilder().JsonCompatible().Build().Serialize(yaml))!.AsObject();
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Kubeflow.Orleans.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return folder.FullName;
    }

    /// <summary>The target's address and authority, with another user.</summary>
    private async Task<string> KubeconfigAsync(TestNamespace team, string user)
    {
        var target = KubernetesClientConfiguration.BuildConfigFromConfigFile(cluster.Kubeconfig);
        var authority = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(string.Concat(target.SslCaCerts.Select(certificate => certificate.ExportCertificatePem() + "\n"))));
        var path = Path.Combine(cluster.Scratch, $"{team.Name}-kubeconfig");
        await File.WriteAllTextAsync(path, $$"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: target
              cluster: { server: "{{target.Host}}", certificate-authority-data: {{authority}} }
            users:
            - name: tester
              user: { {{user}} }
            contexts:
            - name: tester
              context: { cluster: target, user: tester }
            current-context: tester
            """, TestContext.Current.CancellationToken);
        return path;
    }

    private async Task<Account> AccountAsync(TestNamespace team)
    {
        if (cluster.IsEmbedded)
        {
            return new Account(cluster, team.Name, KubernetesClientConfiguration.BuildConfigFromConfigFile(cluster.Kubeconfig).AccessToken);
        }

        var role = Role();
        role["metadata"]!["name"] = team.Name;
        await cluster.Api.CreateAsync(Roles, role);
        await cluster.Api.CreateAsync(Bindings, new JsonObject
        {
            ["apiVersion"] = "rbac.authorization.k8s.io/v1",
            ["kind"] = "ClusterRoleBinding",
            ["metadata"] = new JsonObject { ["name"] = team.Name },
            ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "ClusterRole", ["name"] = team.Name },
            ["subjects"] = new JsonArray(new JsonObject { ["kind"] = "ServiceAccount", ["name"] = "default", ["namespace"] = team.Name }),
        });
        var token = await cluster.Api.CreateAsync(
            $"api/v1/namespaces/{team.Name}/serviceaccounts/default/token", new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = new JsonObject() });
        return new Account(cluster, team.Name, (string)token["status"]!["token"]!);
    }

    /// <summary>Somebody with the role of deploy and nothing else.</summary>
    private sealed class Account(TargetCluster cluster, string name, string token) : IAsyncDisposable
    {
        public string Token => token;

        public async ValueTask DisposeAsync()
        {
            if (!cluster.IsEmbedded)
            {
                await cluster.Api.DeleteAsync($"{Bindings}/{name}");
                await cluster.Api.DeleteAsync($"{Roles}/{name}");
            }
        }
    }
}
