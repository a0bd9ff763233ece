using System.Text.Json.Nodes;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.LocalCluster.Kubelet;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Kubelet;

/// <summary>What a container finds when it runs: files, variables, names, directories; in both network modes.</summary>
public sealed class PodRunTests
{
    [Theory]
    [InlineData(NetworkMode.Detect)]
    [InlineData(NetworkMode.Replacement)]
    public async Task Container_finds_its_volumes_at_their_mount_paths(NetworkMode mode)
    {
        await using var node = await TestNode.StartAsync(mode);
        node.Cluster.Put("configmaps", Object("ConfigMap", "settings", """{"data":{"a.txt":"hello"}}"""));
        node.Cluster.Put("secrets", Object("Secret", "keys", """{"data":{"token":"c2VjcmV0"}}"""));
        var pod = TestNode.ShellPod(
            "volumes",
            "cat /etc/settings/a.txt /keys/token; echo; cat /one/renamed; echo; echo mine >/scratch/x && cat /scratch/x; cat /podinfo/labels; echo; echo done >/dev/termination-log",
            """{"volumes":[{"name":"s","configMap":{"name":"settings"}},{"name":"k","secret":{"secretName":"keys"}},{"name":"e","emptyDir":{}},{"name":"d","downwardAPI":{"items":[{"path":"labels","fieldRef":{"fieldPath":"metadata.labels"}}]}},{"name":"p","projected":{"sources":[{"configMap":{"name":"settings","items":[{"key":"a.txt","path":"renamed"}]}}]}}]}""",
            """{"volumeMounts":[{"name":"s","mountPath":"/etc/settings"},{"name":"k","mountPath":"/keys"},{"name":"e","mountPath":"/scratch"},{"name":"d","mountPath":"/podinfo"},{"name":"p","mountPath":"/one"}]}""");
        pod["metadata"]!["labels"] = JsonNode.Parse("""{"app":"web"}""");
        node.Cluster.Put("pods", pod);
        await node.Cluster.PhaseAsync("volumes", "Succeeded");
        Assert.Equal("hellosecret\nhello\nmine\napp=\"web\"\n", await node.LogAsync("volumes"));
        Assert.Equal("done\n", Terminated(node, "volumes").GetProperty("message").GetString());
        Assert.False(Directory.Exists("/scratch"), "Nothing is created on the host.");
        Assert.False(Directory.Exists("/etc/settings"), "Nothing is created on the host.");
    }

    [Fact]
    public async Task Container_gets_its_variables_in_order_with_references_expanded_and_none_of_ours()
    {
        Environment.SetEnvironmentVariable("KFO_TOKEN", "ours");
        await using var node = await TestNode.StartAsync();
        node.Cluster.Put("configmaps", Object("ConfigMap", "settings", """{"data":{"COLOR":"red","SIZE":"1"}}"""));
        node.Cluster.Put("services", Object("Service", "web-ui", """{"spec":{"clusterIP":"10.96.0.9","ports":[{"name":"http","port":80}]}}"""));
        var pod = TestNode.ShellPod(
            "env", "echo $PRE_COLOR $SIZE $ALL $NAME $CPU $HOSTNAME [$KFO_TOKEN] $WEB_UI_SERVICE_PORT_HTTP $MISSING; echo '$(ALL)' '$$(ALL)' '$(NONE)'", "{}",
            """{"envFrom":[{"configMapRef":{"name":"settings"},"prefix":"PRE_"}],"resources":{"limits":{"cpu":"1500m"}},"env":[{"name":"SIZE","valueFrom":{"configMapKeyRef":{"name":"settings","key":"SIZE"}}},{"name":"ALL","value":"$(PRE_COLOR)-$(SIZE)-$(NONE)"},{"name":"NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},{"name":"CPU","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"}}},{"name":"MISSING","valueFrom":{"secretKeyRef":{"name":"none","key":"x","optional":true}}}]}""");
        node.Cluster.Put("pods", pod);
        await node.Cluster.PhaseAsync("env", "Succeeded");
        Assert.Equal("red 1 red-1-$(NONE) env 2 env [] 80\nred-1-$(NONE) $(ALL) $(NONE)\n", await node.LogAsync("env"));
    }

    [Fact]
    public async Task Pod_waits_for_a_missing_config_map_and_starts_once_it_is_there()
    {
        await using var node = await TestNode.StartAsync();
        node.Cluster.Put("pods", TestNode.ShellPod("late", "cat /v/a", """{"volumes":[{"name":"v","configMap":{"name":"later"}}]}""", """{"volumeMounts":[{"name":"v","mountPath":"/v"}]}"""));
        await node.Cluster.UntilAsync("FailedMount is told", cluster => cluster.Events.Any(entry => entry.Reason == "FailedMount"));
        Assert.Equal("MountVolume.SetUp failed for volume \"v\" : configmap \"later\" not found", node.Cluster.Events.First(entry => entry.Reason == "FailedMount").Message);
        node.Cluster.Put("configmaps", Object("ConfigMap", "later", """{"data":{"a":"now"}}"""));
        await node.Cluster.PhaseAsync("late", "Succeeded");
        Assert.Equal("now", await node.LogAsync("late"));
    }

    [Fact]
    public async Task Container_without_a_command_waits_and_says_what_to_do()
    {
        await using var node = await TestNode.StartAsync();
        node.Cluster.Put("pods", TestNode.Pod("image", """{"containers":[{"name":"c","image":"org/train:1","args":["--epochs=3"]}]}"""));
        await node.Cluster.UntilAsync("it is held back", cluster => cluster.HistoryOf("image")[^1].At("status").Items("containerStatuses").Any(status => status.At("state").At("waiting").Text("reason") == "ImagePullBackOff"));
        var message = node.Cluster.HistoryOf("image")[^1].At("status").Items("containerStatuses").Single().At("state").At("waiting").Text("message");
        Assert.Contains("set `command:` for container \"c\"", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_a_container_leaves_running_ends_with_it()
    {
        await using var node = await TestNode.StartAsync();
        node.Cluster.Put("pods", TestNode.ShellPod("strays", $"setsid sleep 987 & sleep 986 & echo $! >{node.Directory}/stray; sleep 0.2"));
        await node.Cluster.PhaseAsync("strays", "Succeeded");
        Assert.DoesNotContain(Directory.GetDirectories("/proc").Select(CommandLine), line => line is "sleep 987" or "sleep 986");
    }

    [Fact]
    public async Task Stopping_kubelet_ends_its_pods_and_reports_them_failed()
    {
        await using var node = await TestNode.StartAsync();
        node.Cluster.Put("pods", TestNode.ShellPod("worker", "sleep 985"));
        await node.Cluster.PhaseAsync("worker", "Running");
        await node.StopKubeletAsync();
        var status = node.Cluster.HistoryOf("worker")[^1].At("status");
        Assert.Equal(("Failed", "Terminated"), (status.Text("phase"), status.Text("reason")));
        Assert.Contains(status.Items("conditions"), condition => condition.Text("type") == "DisruptionTarget" && condition.Text("reason") == "TerminationByKubelet");
        Assert.DoesNotContain(Directory.GetDirectories("/proc").Select(CommandLine), line => line == "sleep 985");
        await node.StartKubeletAsync();
    }

    [Fact]
    public async Task Pod_left_running_is_found_again_and_its_end_is_noticed()
    {
        await using var node = await TestNode.StartAsync(configure: options => options with { StopPodsOnShutdown = false });
        var gate = Path.Combine(node.Directory, "gate");
        node.Cluster.Put("pods", TestNode.ShellPod("kept", $"until [ -e {gate} ]; do sleep 0.1; done; exit 4"));
        await node.Cluster.PhaseAsync("kept", "Running");
        await node.StopKubeletAsync();
        await node.StartKubeletAsync();
        Assert.Equal("Running", node.Cluster.Phase("kept"));
        await File.WriteAllTextAsync(gate, "", TestNode.Token);
        await node.Cluster.PhaseAsync("kept", "Failed");
        Assert.Equal(4, Terminated(node, "kept").GetProperty("exitCode").GetInt32());
    }

    [Fact]
    public async Task Pod_deleted_while_the_kubelet_was_away_leaves_no_process_and_no_file()
    {
        await using var node = await TestNode.StartAsync(configure: options => options with { StopPodsOnShutdown = false });
        node.Cluster.Put("pods", TestNode.ShellPod("orphan", "sleep 984"));
        await node.Cluster.UntilAsync("the command runs", _ => Directory.GetDirectories("/proc").Select(CommandLine).Contains("sleep 984"));
        await node.StopKubeletAsync();
        node.Cluster.Delete("orphan", 0);
        await node.StartKubeletAsync();
        Assert.DoesNotContain(Directory.GetDirectories("/proc").Select(CommandLine), line => line == "sleep 984");
        Assert.Empty(Directory.GetFiles(Path.Combine(node.Directory, "node", "logs")));
    }

    private static JsonObject Object(string kind, string name, string content)
    {
        var node = JsonNode.Parse(content)!.AsObject();
        node["kind"] = kind;
        node["metadata"] = new JsonObject { ["name"] = name };
        return node;
    }

    private static System.Text.Json.JsonElement Terminated(TestNode node, string pod) =>
        node.Cluster.Find("pods", pod)!.Root.At("status").Items("containerStatuses").Single().At("state").At("terminated");

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).TrimEnd('\0').Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }
}
