using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Scheduling;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Scheduling;

public sealed class SchedulerStateTests
{
    private readonly SchedulerState state = new();

    [Fact]
    public void Higher_priority_goes_first_then_the_older_pod()
    {
        Add("young", "spec: {priority: 0, containers: [{}]}", 3, "2026-01-01T00:00:02Z");
        Add("urgent", "spec: {priority: 10, containers: [{resources: {requests: {cpu: 1}}}]}", 4, "2026-01-01T00:00:03Z");
        Add("old", "spec: {priority: 0, containers: [{}]}", 2, "2026-01-01T00:00:01Z");

        var heads = state.Pending.Candidates();

        Assert.Equal("urgent", heads.Dequeue().Head.Key.Name);
        Assert.Equal("old", heads.Dequeue().Head.Key.Name);
    }

    [Fact]
    public void Finished_pod_frees_its_node_for_the_next()
    {
        Node("{metadata: {name: n1}, status: {allocatable: {cpu: '1', pods: '10'}}}");
        Add("first", "spec: {nodeName: n1, containers: [{resources: {requests: {cpu: 1}}}]}", 1);
        Add("second", "spec: {containers: [{resources: {requests: {cpu: 1}}}]}", 2);
        var group = state.Pending.Candidates().Dequeue();
        var (node, message) = state.Place(group.Demand);
        Assert.Null(node);
        group.Blocked = message;

        Add("first", "{spec: {nodeName: n1, containers: [{resources: {requests: {cpu: 1}}}]}, status: {phase: Succeeded}}", 3);

        Assert.Null(group.Blocked);
        Assert.Equal("n1", state.Place(group.Demand).Node?.Name);
    }

    [Fact]
    public void Older_state_of_a_pod_changes_nothing()
    {
        Add("p", "spec: {nodeName: n1, containers: [{}]}", 5);
        Add("p", "spec: {containers: [{}]}", 4);

        Assert.Equal(0, state.Pending.Candidates().Count);
    }

    [Theory]
    [InlineData("spec: {schedulerName: volcano, containers: [{}]}")]
    [InlineData("spec: {schedulingGates: [{name: quota}], containers: [{}]}")]
    public void Pod_that_is_not_ours_to_place_does_not_wait(string spec)
    {
        Add("p", spec, 1);

        Assert.Equal(0, state.Pending.Candidates().Count);
    }

    [Fact]
    public void Gated_pod_is_reported_once()
    {
        Add("p", "spec: {schedulingGates: [{name: quota}], containers: [{}]}", 1);
        var pod = Assert.Single(state.Gated).Value;

        state.SetPod(pod.Key, PodScheduled.Refuse(pod.Waiting!, PodScheduled.Gated, "Scheduling is blocked due to non-empty scheduling gates", default).WithResourceVersion(2));

        Assert.Empty(state.Gated);
    }

    [Fact]
    public void Emptier_node_is_preferred()
    {
        Node("{metadata: {name: full}, status: {allocatable: {cpu: '4', memory: 4Gi, pods: '10'}}}");
        Node("{metadata: {name: free}, status: {allocatable: {cpu: '4', memory: 4Gi, pods: '10'}}}");
        Add("there", "spec: {nodeName: full, containers: [{resources: {requests: {cpu: 2}}}]}", 1);
        Add("new", "spec: {containers: [{resources: {requests: {cpu: 1}}}]}", 2);

        Assert.Equal("free", state.Place(state.Pending.Candidates().Dequeue().Demand).Node?.Name);
    }

    private void Node(string yaml) => state.SetNode(Yaml.Document(yaml));

    private void Add(string name, string rest, long version, string created = "2026-01-01T00:00:00Z")
    {
        var body = Yaml.Node(rest.StartsWith('{') ? rest : $"{{{rest}}}");
        body["metadata"] = Yaml.Node($"{{name: {name}, namespace: default, uid: {name}, creationTimestamp: '{created}'}}");
        state.SetPod(new ResourceKey("pods", "default", name), Document.FromNode(body).WithResourceVersion(version));
    }
}
