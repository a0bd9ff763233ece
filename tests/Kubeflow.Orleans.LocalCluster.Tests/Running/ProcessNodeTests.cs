using System.Text;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.LocalCluster.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using PodLogOptions = Kubeflow.Orleans.LocalCluster.Kubelet.PodLogOptions;

namespace Kubeflow.Orleans.LocalCluster.Tests.Running;

public sealed class ProcessNodeTests
{
    [Fact]
    public async Task Pod_runs_its_command_on_this_host_beside_simulated_nodes_and_keeps_its_log()
    {
        await using var cluster = await RunningCluster.StartAsync(options =>
        {
            options.ProcessNode = true;
            options.NodeName = "here";
            options.SimulatedNodes = 2;
        });

        await cluster.CreateAsync("""
            {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {restartPolicy: Never, containers: [{name: c, image: busybox, command: [sh, -c, echo from the pod]}]}}
            """);

        var pod = await cluster.WaitAsync("pods/default/p", "to succeed", found => found?.Root.Text("status", "phase") == "Succeeded");
        Assert.Equal("here", pod!.Root.Text("spec", "nodeName"));
        using var log = new MemoryStream();
        var node = cluster.Services.GetRequiredService<ProcessNodeHost>();
        await node.Logs.ReadAsync("default", "p", "", new PodLogOptions(), log, TestContext.Current.CancellationToken);
        Assert.Equal("from the pod\n", Encoding.UTF8.GetString(log.ToArray()));

        await cluster.WaitAsync("events", () => "the pod's events", async () =>
            (await cluster.ListAsync("events", "default")).Select(found => found.Root.Text("reason")).Intersect(["Scheduled", "Pulled", "Created", "Started"]).Count() == 4);
    }

    [Fact]
    public async Task Service_gets_an_address_of_its_own_and_a_slice_of_ready_pods()
    {
        await using var cluster = await RunningCluster.StartAsync(options => options.SimulatedNodes = 1);
        var first = await cluster.CreateAsync("{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}}");
        var second = await cluster.CreateAsync("{apiVersion: v1, kind: Service, metadata: {name: other}, spec: {ports: [{port: 80}]}}");
        Assert.StartsWith("127.", first.Root.Text("spec", "clusterIP"));
        Assert.NotEqual(first.Root.Text("spec", "clusterIP"), second.Root.Text("spec", "clusterIP"));

        await cluster.CreateAsync("""
            {apiVersion: v1, kind: Pod, metadata: {name: p, labels: {app: web}}, spec: {containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}}
            """);

        await cluster.WaitAsync("endpointslices.discovery.k8s.io", () => "a ready endpoint", async () =>
            (await cluster.ListAsync("endpointslices.discovery.k8s.io", "default")).Any(slice =>
                slice.Root.Items("endpoints").Any(endpoint => endpoint.Flag("conditions", "ready")) && slice.Root.Items("ports").Single().Integer("port") == 8080));
    }

    [Fact]
    public async Task Cluster_started_again_takes_up_where_it_stopped()
    {
        var first = await RunningCluster.StartAsync(_ => { });
        await first.CreateAsync("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}");
        var directory = await first.StopAsync();

        await using var second = await RunningCluster.StartAsync(options => options.SimulatedNodes = 1, directory);

        await second.WaitAsync("pods/default/p", "to succeed", found => found?.Root.Text("status", "phase") == "Succeeded");
    }

    [Fact]
    public async Task Claim_in_use_stays_until_its_pod_has_ended()
    {
        await using var cluster = await RunningCluster.StartAsync(options => options.SimulatedNodes = 1);
        await cluster.CreateAsync("{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}");
        await cluster.CreateAsync("""
            {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}], volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]}}
            """);
        var claim = await cluster.WaitAsync("persistentvolumeclaims/default/data", "to be bound", found => found?.Root.Text("status", "phase") == "Bound");
        Assert.Equal("1Gi", claim!.Root.Text("status", "capacity", "storage"));
        await cluster.WaitAsync("pods/default/p", "to run", found => found?.Root.Text("status", "phase") == "Running");

        Assert.False((await cluster.DeleteAsync("persistentvolumeclaims/default/data")).Removed);
        Assert.NotNull(await cluster.FindAsync("persistentvolumeclaims/default/data"));
        await cluster.DeleteAsync("pods/default/p");

        await cluster.WaitAsync("persistentvolumeclaims/default/data", "to be gone", found => found is null);
        await cluster.WaitAsync("persistentvolumes", () => "the volume to be gone", async () => (await cluster.ListAsync("persistentvolumes")).Count == 0);
    }
}
