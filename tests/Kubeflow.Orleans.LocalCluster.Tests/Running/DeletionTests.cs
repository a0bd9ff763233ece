using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.Store;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Running;

public sealed class DeletionTests
{
    [Fact]
    public async Task Deleted_namespace_takes_all_its_content_with_it()
    {
        await using var cluster = await RunningCluster.StartAsync(options => options.SimulatedNodes = 1);
        await cluster.CreateAsync("{apiVersion: v1, kind: Namespace, metadata: {name: team}}");
        await cluster.WaitAsync("serviceaccounts/team/default", "to be there", found => found is not null);
        await cluster.WaitAsync("configmaps/team/kube-root-ca.crt", "to be there", found => found is not null);
        await cluster.CreateAsync("{apiVersion: v1, kind: Service, metadata: {name: s, namespace: team}, spec: {selector: {app: a}, ports: [{port: 80}]}}");
        await cluster.CreateAsync("{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: team, labels: {app: a}}, spec: {containers: [{name: c, image: i}]}}");
        await cluster.CreateAsync("""
            {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data, namespace: team},
             spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
            """);
        await cluster.WaitAsync("pods/team/p", "to run", found => found?.Root.Text("status", "phase") == "Running");
        await cluster.WaitAsync("persistentvolumeclaims/team/data", "to be bound", found => found?.Root.Text("status", "phase") == "Bound");

        var outcome = await cluster.DeleteAsync("namespaces//team", new DeleteRequest { GracePeriodSeconds = 0 });
        Assert.False(outcome.Removed);
        var refused = await Assert.ThrowsAsync<StatusException>(() => cluster.CreateAsync("{apiVersion: v1, kind: ConfigMap, metadata: {name: late, namespace: team}}"));
        Assert.Equal(403, refused.Status.Code);

        await cluster.WaitAsync("namespaces//team", "to be gone", found => found is null);
        foreach (var kind in CoreKinds.All(new FixedAddresses()).Where(kind => kind.Namespaced))
        {
            Assert.Empty(await cluster.ListAsync(kind.Resource, "team"));
        }

        await cluster.WaitAsync("persistentvolumes", () => "the volume to be gone", async () => (await cluster.ListAsync("persistentvolumes")).Count == 0);
        Assert.Empty(Directory.GetDirectories(Path.Combine(cluster.DataDirectory, "volumes")));
    }

    [Fact]
    public async Task Foreground_deletion_ends_dependents_before_their_owner()
    {
        await using var cluster = await RunningCluster.StartAsync(_ => { });
        var owner = await cluster.CreateAsync("{apiVersion: v1, kind: ConfigMap, metadata: {name: owner}}");
        var middle = await CreateOwnedAsync(cluster, "middle", owner);
        await CreateOwnedAsync(cluster, "leaf", middle);
        var start = await cluster.Store.HeadAsync(TestContext.Current.CancellationToken);

        await cluster.DeleteAsync("configmaps/default/owner", new DeleteRequest { PropagationPolicy = "Foreground" });

        await cluster.WaitAsync("configmaps/default/owner", "to be gone", found => found is null);
        var log = await cluster.Store.ReadLogAsync(start, 1000, TestContext.Current.CancellationToken);
        Assert.Equal(["leaf", "middle", "owner"], log.Where(change => change.Type == ChangeType.Deleted).Select(change => change.Key.Name));
    }

    [Fact]
    public async Task Background_deletion_ends_dependents_after_their_owner()
    {
        await using var cluster = await RunningCluster.StartAsync(_ => { });
        var owner = await cluster.CreateAsync("{apiVersion: v1, kind: ConfigMap, metadata: {name: owner}}");
        await CreateOwnedAsync(cluster, "leaf", owner);

        await cluster.DeleteAsync("configmaps/default/owner");

        await cluster.WaitAsync("configmaps/default/leaf", "to be gone", found => found is null);
        Assert.Null(await cluster.FindAsync("configmaps/default/owner"));
    }

    [Fact]
    public async Task Orphaning_deletion_keeps_dependents_without_the_reference()
    {
        await using var cluster = await RunningCluster.StartAsync(_ => { });
        var owner = await cluster.CreateAsync("{apiVersion: v1, kind: ConfigMap, metadata: {name: owner}}");
        await CreateOwnedAsync(cluster, "leaf", owner);

        await cluster.DeleteAsync("configmaps/default/owner", new DeleteRequest { PropagationPolicy = "Orphan" });

        await cluster.WaitAsync("configmaps/default/owner", "to be gone", found => found is null);
        Assert.Empty((await cluster.FindAsync("configmaps/default/leaf"))!.Metadata.OwnerReferences);
    }

    [Fact]
    public async Task Pod_on_a_node_is_told_to_end_before_it_goes()
    {
        await using var cluster = await RunningCluster.StartAsync(options => options.SimulatedNodes = 1);
        await cluster.CreateAsync("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}]}}");
        await cluster.WaitAsync("pods/default/p", "to run", found => found?.Root.Text("status", "phase") == "Running");
        var start = await cluster.Store.HeadAsync(TestContext.Current.CancellationToken);

        await cluster.DeleteAsync("pods/default/p");

        await cluster.WaitAsync("pods/default/p", "to be gone", found => found is null);
        var phases = (await cluster.Store.ReadLogAsync(start, 1000, TestContext.Current.CancellationToken)).Where(change => change.Key.Resource == "pods")
            .Select(change => (change.Type, change.Document.Root.Text("status", "phase")));
        Assert.Equal([(ChangeType.Modified, "Running"), (ChangeType.Modified, "Failed"), (ChangeType.Deleted, "Failed")], phases);
    }

    private static Task<Document> CreateOwnedAsync(RunningCluster cluster, string name, Document owner) => cluster.CreateAsync($$"""
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: {{name}}
          ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: {{owner.Metadata.Name}}, uid: {{owner.Metadata.Uid}}, controller: true, blockOwnerDeletion: true}]
        """);
}
