using Kubeflow.Orleans.LocalCluster.Scheduling;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Scheduling;

public sealed class NodeFilterTests
{
    private const string Node = "{metadata: {name: n1, labels: {disk: ssd, slots: '5'}}, status: {allocatable: {cpu: '4', memory: 8Gi, pods: '10', nvidia.com/gpu: '2'}}}";

    /// <summary>Pod spec, additions to the node, the reason it is refused for; empty: it fits.</summary>
    public static TheoryData<string, string, string> Cases => new()
    {
        { "{containers: [{resources: {requests: {cpu: '4', memory: 8Gi}}}]}", "", "" },
        { "{containers: [{resources: {requests: {cpu: 4001m}}}]}", "", "Insufficient cpu" },
        { "{containers: [{resources: {requests: {memory: 9Gi}}}]}", "", "Insufficient memory" },
        { "{containers: [{resources: {requests: {nvidia.com/gpu: 3}}}]}", "", "Insufficient nvidia.com/gpu" },
        { "{containers: [{resources: {requests: {example.com/npu: 1}}}]}", "", "Insufficient example.com/npu" },
        { "{containers: [{resources: {requests: {cpu: 3}}}, {resources: {requests: {cpu: 2}}}]}", "", "Insufficient cpu" },
        { "{initContainers: [{resources: {requests: {cpu: 4}}}], containers: [{resources: {requests: {cpu: 2}}}]}", "", "" },
        { "{initContainers: [{restartPolicy: Always, resources: {requests: {cpu: 2}}}, {resources: {requests: {cpu: 3}}}], containers: [{}]}", "", "Insufficient cpu" },
        { "{initContainers: [{restartPolicy: Always, resources: {requests: {cpu: 2}}}], containers: [{resources: {requests: {cpu: 3}}}]}", "", "Insufficient cpu" },
        { "{overhead: {cpu: '1'}, containers: [{resources: {requests: {cpu: 3500m}}}]}", "", "Insufficient cpu" },
        { "{containers: [{}]}", "spec: {unschedulable: true}", "node(s) were unschedulable" },
        { "{containers: [{}], tolerations: [{key: node.kubernetes.io/unschedulable, operator: Exists}]}", "spec: {unschedulable: true}", "" },
        { "{containers: [{}]}", "spec: {taints: [{key: gpu, value: 'yes', effect: NoSchedule}]}", "node(s) had untolerated taint(s)" },
        { "{containers: [{}]}", "spec: {taints: [{key: gpu, value: 'yes', effect: PreferNoSchedule}]}", "" },
        { "{containers: [{}], tolerations: [{key: gpu, value: 'yes'}]}", "spec: {taints: [{key: gpu, value: 'yes', effect: NoSchedule}]}", "" },
        { "{containers: [{}], tolerations: [{key: gpu, value: 'no'}]}", "spec: {taints: [{key: gpu, value: 'yes', effect: NoSchedule}]}", "node(s) had untolerated taint(s)" },
        { "{containers: [{}], tolerations: [{operator: Exists}]}", "spec: {taints: [{key: gpu, value: 'yes', effect: NoExecute}]}", "" },
        { "{containers: [{}], tolerations: [{key: gpu, operator: Exists, effect: NoExecute}]}", "spec: {taints: [{key: gpu, value: 'yes', effect: NoSchedule}]}", "node(s) had untolerated taint(s)" },
        { "{containers: [{}], nodeSelector: {disk: ssd}}", "", "" },
        { "{containers: [{}], nodeSelector: {disk: hdd}}", "", "node(s) didn't match Pod's node affinity/selector" },
        { Affinity("{matchExpressions: [{key: disk, operator: In, values: [hdd, ssd]}]}"), "", "" },
        { Affinity("{matchExpressions: [{key: disk, operator: NotIn, values: [ssd]}]}"), "", "node(s) didn't match Pod's node affinity/selector" },
        { Affinity("{matchExpressions: [{key: none, operator: Exists}]}, {matchExpressions: [{key: disk, operator: Exists}]}"), "", "" },
        { Affinity("{matchExpressions: [{key: disk, operator: DoesNotExist}]}"), "", "node(s) didn't match Pod's node affinity/selector" },
        { Affinity("{matchExpressions: [{key: slots, operator: Gt, values: ['4']}]}"), "", "" },
        { Affinity("{matchExpressions: [{key: slots, operator: Lt, values: ['5']}]}"), "", "node(s) didn't match Pod's node affinity/selector" },
        { Affinity("{matchFields: [{key: metadata.name, operator: In, values: [n1]}]}"), "", "" },
        { Affinity("{matchFields: [{key: metadata.name, operator: In, values: [n2]}]}"), "", "node(s) didn't match Pod's node affinity/selector" },
        { Affinity("{}"), "", "node(s) didn't match Pod's node affinity/selector" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Pod_is_refused_for_the_reason_Kubernetes_gives(string spec, string nodeAddition, string reason)
    {
        var node = ReadNode(nodeAddition);

        var obstacles = NodeFilter.Obstacles(Demand(spec), node);

        Assert.Equal(reason, string.Join(", ", obstacles.Select(obstacle => obstacle.Reason)));
    }

    [Fact]
    public void Pod_count_and_host_ports_are_used_up()
    {
        var node = ReadNode("");
        var demand = Demand("{containers: [{ports: [{containerPort: 80, hostPort: 80, protocol: TCP}]}]}");
        node.Take(demand);
        Assert.Equal("node(s) didn't have free ports for the requested pod ports", Assert.Single(NodeFilter.Obstacles(demand, node)).Reason);

        node.Release(demand);
        Assert.Empty(NodeFilter.Obstacles(demand, node));

        var plain = Demand("{containers: [{}]}");
        for (var count = 0; count < 10; count++)
        {
            node.Take(plain);
        }

        Assert.Equal("Too many pods", Assert.Single(NodeFilter.Obstacles(plain, node)).Reason);
    }

    [Fact]
    public void Message_counts_reasons_and_says_whether_preemption_could_help()
    {
        var message = new UnschedulableMessage();
        message.Add([new Obstacle("Insufficient nvidia.com/gpu", Permanent: true)]);
        Assert.Equal(
            "0/1 nodes are available: 1 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
            message.ToString());

        message.Add([new Obstacle("Insufficient cpu", Permanent: false), new Obstacle("Too many pods", Permanent: false)]);
        message.Add([new Obstacle("Insufficient cpu", Permanent: false)]);
        Assert.Equal(
            "0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 1 Too many pods, 2 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: "
            + "1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.",
            message.ToString());
        Assert.Equal("Insufficient cpu, Insufficient nvidia.com/gpu, Too many pods", message.Reasons);
    }

    [Fact]
    public void Message_without_nodes_says_so() => Assert.Equal("no nodes available to schedule pods", new UnschedulableMessage().ToString());

    private static NodeState ReadNode(string addition)
    {
        var body = Yaml.Node(Node);
        foreach (var (name, value) in Yaml.Node($"{{{addition}}}"))
        {
            body[name] = value!.DeepClone();
        }

        var node = new NodeState("n1");
        node.Update(Core.Resources.Document.FromNode(body).Root);
        return node;
    }

    private static PodDemand Demand(string spec) => PodDemand.Read(Yaml.Document($"{{metadata: {{name: p}}, spec: {spec}}}").Root, 0);

    private static string Affinity(string terms) =>
        $"{{containers: [{{}}], affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: [{terms}]}}}}}}}}";
}
