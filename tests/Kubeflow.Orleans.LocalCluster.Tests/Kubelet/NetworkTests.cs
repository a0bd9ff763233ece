using System.Text.Json.Nodes;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.LocalCluster.Kubelet;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Kubelet;

/// <summary>Pods of one job find each other by name, whichever way names are made real.</summary>
public sealed class NetworkTests
{
    private const string TensorFlowConfiguration = """{"cluster":{"chief":["job-chief-0.default.svc:2222"],"worker":["job-worker-0.default.svc:2222"]},"task":{"type":"ROLE","index":0}}""";

    private const string Peer = """
        import json, os, socket, sys, time
        config = json.loads(os.environ["TF_CONFIG"])
        own, = config["cluster"][config["task"]["type"]]
        other, = config["cluster"]["worker" if config["task"]["type"] == "chief" else "chief"]
        def address(entry):
            host, port = entry.rsplit(":", 1)
            return host, int(port)
        def resolve(entry):
            while True:
                try:
                    return socket.getaddrinfo(*address(entry), family=socket.AF_INET)[0][4]
                except socket.gaierror:
                    time.sleep(0.1)
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(resolve(own))
        server.listen()
        def call():
            while True:
                try:
                    return socket.create_connection(resolve(other), timeout=5)
                except OSError:
                    time.sleep(0.1)
        client = call()
        client.sendall(config["task"]["type"].encode())
        connection, _ = server.accept()
        print("heard", connection.recv(100).decode())
        time.sleep(0.5)

        """;

    [Theory]
    [InlineData(NetworkMode.Detect)]
    [InlineData(NetworkMode.Replacement)]
    public async Task Python_process_that_reads_names_from_TF_CONFIG_reaches_its_peer(NetworkMode mode)
    {
        await using var node = await TestNode.StartAsync(mode);
        Assert.SkipUnless(File.Exists("/usr/bin/python3") || Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(path => File.Exists($"{path}/python3")), "python3 is needed.");
        await File.WriteAllTextAsync(Path.Combine(node.Directory, "peer.py"), Peer, TestNode.Token);
        foreach (var role in new[] { "chief", "worker" })
        {
            // As the operators do it: the pod first, its service a moment later.
            node.Cluster.Put("pods", PeerPod(node, role));
            node.Cluster.Put("services", Service($"job-{role}-0", "None", role, 2222));
        }

        await node.Cluster.PhaseAsync("job-chief-0", "Succeeded", TimeSpan.FromSeconds(40));
        await node.Cluster.PhaseAsync("job-worker-0", "Succeeded", TimeSpan.FromSeconds(40));
        Assert.Equal("heard worker\n", await node.LogAsync("job-chief-0"));
        Assert.Equal("heard chief\n", await node.LogAsync("job-worker-0"));
        Assert.Contains("job-chief-0.default.svc:2222", node.Cluster.Find("pods", "job-worker-0")!.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(NetworkMode.Detect)]
    [InlineData(NetworkMode.Replacement)]
    public async Task Nslookup_succeeds_only_once_the_service_has_a_ready_pod(NetworkMode mode)
    {
        await using var node = await TestNode.StartAsync(mode);
        node.Cluster.Put("services", Service("job-master-0", "None", "master", 23456));
        node.Cluster.Put("pods", TestNode.ShellPod("job-worker-0", "nslookup job-master-0 >/dev/null && echo early; until nslookup job-master-0; do echo waiting; sleep 0.2; done"));
        await node.Cluster.UntilAsync("the worker waits", async cluster =>
            cluster.Phase("job-worker-0") == "Running" && (await node.LogAsync("job-worker-0")).Contains("waiting", StringComparison.Ordinal));
        var master = TestNode.ShellPod("job-master-0", "sleep 1000");
        master["metadata"]!["labels"] = new JsonObject { ["role"] = "master" };
        node.Cluster.Put("pods", master);
        await node.Cluster.PhaseAsync("job-worker-0", "Succeeded");
        Assert.DoesNotContain("early", await node.LogAsync("job-worker-0"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Virtual_address_of_a_service_leads_to_a_ready_pod()
    {
        await using var node = await TestNode.StartAsync();
        var service = Service("web", node.Network.ReserveServiceAddress("default", "web"), "web", 8088);
        service["spec"]!["ports"]![0]!["targetPort"] = "http";
        node.Cluster.Put("services", service);
        var pod = TestNode.ShellPod("web-1", "python3 -c 'import http.server,os; http.server.HTTPServer((os.environ[\"IP\"], 8080), http.server.SimpleHTTPRequestHandler).serve_forever()'", "{}",
            """{"ports":[{"name":"http","containerPort":8080}],"env":[{"name":"IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}}],"readinessProbe":{"httpGet":{"port":"http"},"periodSeconds":1}}""");
        pod["metadata"]!["labels"] = new JsonObject { ["role"] = "web" };
        node.Cluster.Put("pods", pod);
        await node.Cluster.UntilAsync("the pod is ready", cluster => cluster.HistoryOf("web-1")[^1].At("status").Items("conditions").Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == "True"));
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        var answer = await http.GetAsync(new Uri($"http://{node.Network.ReserveServiceAddress("default", "web")}:8088/"), TestNode.Token);
        Assert.True(answer.IsSuccessStatusCode);
    }

    private static JsonObject PeerPod(TestNode node, string role)
    {
        var pod = TestNode.ShellPod($"job-{role}-0", $"exec python3 {node.Directory}/peer.py");
        pod["metadata"]!["labels"] = new JsonObject { ["role"] = role };
        pod["spec"]!["containers"]![0]!["env"] = new JsonArray(new JsonObject { ["name"] = "TF_CONFIG", ["value"] = TensorFlowConfiguration.Replace("ROLE", role, StringComparison.Ordinal) });
        return pod;
    }

    private static JsonObject Service(string name, string clusterIp, string role, int port) => JsonNode.Parse(
        $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{name}}}"},"spec":{"clusterIP":"{{{clusterIp}}}","selector":{"role":"{{{role}}}"},"ports":[{"port":{{{port}}}}]}}""")!.AsObject();
}
