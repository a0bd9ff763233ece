using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.GarbageCollection;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.GarbageCollection;

public sealed class GarbageDecisionTests
{
    private const string Going = "deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [foregroundDeletion]";

    private readonly OwnershipGraph graph = new(new KindCatalog(CoreKinds.All(new FixedAddresses())));

    [Fact]
    public void Object_without_owners_stays() => Assert.IsType<GarbageDecision.Keep>(Decide(Add("a")));

    [Fact]
    public void Object_whose_owner_exists_stays()
    {
        Add("owner");
        Assert.IsType<GarbageDecision.Keep>(Decide(Add("a", "owner")));
    }

    [Fact]
    public void Object_whose_only_owner_is_absent_is_deleted() =>
        Assert.Equal(new GarbageDecision.Delete("Background", ForeignOwner: false), Decide(Add("a", "nobody")));

    [Fact]
    public void Object_with_another_owner_only_loses_the_reference()
    {
        Add("owner");
        var decision = Assert.IsType<GarbageDecision.DropOwners>(Decide(Add("a", "owner", "nobody")));
        Assert.Equal(["nobody"], decision.Uids);
    }

    [Fact]
    public void Owner_in_another_namespace_counts_as_absent()
    {
        Add("owner", "elsewhere", "", []);
        Assert.Equal(new GarbageDecision.Delete("Background", ForeignOwner: true), Decide(Add("a", "owner")));
    }

    [Fact]
    public void Owner_of_an_unknown_kind_counts_as_there() =>
        Assert.IsType<GarbageDecision.Keep>(Decide(Add("a", "default", "", ["{apiVersion: example.com/v1, kind: Unknown, name: x, uid: x}"])));

    [Fact]
    public void Dependents_own_policy_is_followed() =>
        Assert.Equal(new GarbageDecision.Delete("Orphan", false), Decide(Add("a", "default", "finalizers: [orphan]", [Owner("nobody")])));

    [Fact]
    public void Foreground_deletion_waits_for_blocking_dependents_and_then_ends()
    {
        var owner = Add("owner", "default", Going, []);
        var leaf = Add("leaf", "owner");
        Assert.IsType<GarbageDecision.Keep>(Decide(owner));
        Assert.Equal(new GarbageDecision.Delete("Background", false), Decide(leaf));

        Assert.Contains("owner", graph.Remove("leaf"));
        Assert.Equal(new GarbageDecision.RemoveFinalizer("foregroundDeletion"), Decide(owner));
    }

    [Fact]
    public void Foreground_deletion_goes_down_through_the_middle()
    {
        Add("owner", "default", Going, []);
        var middle = Add("middle", "owner");
        Add("leaf", "middle");

        Assert.Equal(new GarbageDecision.Delete("Foreground", false), Decide(middle));
    }

    [Fact]
    public void Foreground_deletion_does_not_wait_for_dependents_that_do_not_block()
    {
        var owner = Add("owner", "default", Going, []);
        Add("leaf", "default", "", ["{apiVersion: v1, kind: ConfigMap, name: owner, uid: owner}"]);

        Assert.Equal(new GarbageDecision.RemoveFinalizer("foregroundDeletion"), Decide(owner));
    }

    [Fact]
    public void Orphaning_names_the_dependents_to_free()
    {
        var owner = Add("owner", "default", "deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [orphan]", []);
        Add("leaf", "owner");

        Assert.Equal("leaf", Assert.Single(Assert.IsType<GarbageDecision.Orphan>(Decide(owner)).Dependents).Uid);
    }

    [Fact]
    public void Deletion_of_an_owner_brings_its_dependents_to_attention()
    {
        Add("owner");
        Add("leaf", "owner");

        Assert.Contains("leaf", graph.Remove("owner"));
    }

    private GarbageDecision Decide(OwnedObject item) => GarbageDecision.For(item, graph);

    private OwnedObject Add(string name, params string[] owners) => Add(name, "default", "", [.. owners.Select(Owner)]);

    private OwnedObject Add(string name, string @namespace, string metadata, string[] owners)
    {
        var rest = metadata.Length == 0 ? "" : ", " + metadata;
        var document = Yaml.Document($"{{metadata: {{name: {name}, namespace: {@namespace}, uid: {name}, ownerReferences: [{string.Join(", ", owners)}]{rest}}}}}");
        var item = OwnedObject.Read(new ResourceKey("configmaps", @namespace, name), document);
        graph.Set(item);
        return item;
    }

    private static string Owner(string name) => $"{{apiVersion: v1, kind: ConfigMap, name: {name}, uid: {name}, controller: true, blockOwnerDeletion: true}}";
}
