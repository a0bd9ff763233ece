using System.Text.Json;
using k8s.Models;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Kubernetes;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Framework;

public sealed class WantedChildrenTests
{
    private static readonly ChildKind ConfigMaps = ChildKind.Of<V1ConfigMap>();

    [Fact]
    public void Kind_of_a_child_says_where_the_cluster_keeps_it()
    {
        Assert.Equal("api/v1/namespaces/team/configmaps", ConfigMaps.PathIn("team"));
        Assert.Equal("apis/autoscaling/v2/horizontalpodautoscalers", ChildKind.Of<V2HorizontalPodAutoscaler>().Path);
        Assert.Equal("apis/rbac.authorization.k8s.io/v1/namespaces/team/rolebindings", ChildKind.Of(new V1RoleBinding()).PathIn("team"));
    }

    [Fact]
    public void Missing_child_is_created_and_surplus_one_deleted_unless_it_is_going_already()
    {
        ObservedChild[] seen = [Seen("old", "{}"), Seen("going", "{}") with { Terminating = true }];
        var actions = WantedChildren.Actions([ConfigMap("new", "a")], seen).ToList();

        Assert.Equal("new", Assert.Single(actions.OfType<ClusterAction.Create>()).Item.Metadata.Name);
        Assert.Equal(new ClusterAction.Delete(ConfigMaps, "old", "old-uid"), Assert.Single(actions.OfType<ClusterAction.Delete>()));
        Assert.Equal(2, actions.Count);
    }

    [Fact]
    public void Child_that_is_going_is_neither_repaired_nor_created_beside()
    {
        Assert.Empty(WantedChildren.Actions([ConfigMap("c", "a")], [Seen("c", "{}") with { Terminating = true }]));
    }

    [Fact]
    public void Child_of_another_kind_with_the_same_name_is_another_child()
    {
        var secret = Seen("c", "{}") with { Kind = ChildKind.Of<V1Secret>() };
        Assert.Equal(["Create", "Delete"], WantedChildren.Actions([ConfigMap("c", "a")], [secret]).Select(action => action.GetType().Name));
    }

    /// <summary>What the cluster shows of a config map that should hold <c>data: {key: a}</c>, and whether that must be written.</summary>
    [Theory]
    [InlineData("""{"metadata":{"name":"c"},"data":{"key":"a"}}""", false)]
    [InlineData("""{"metadata":{"name":"c","uid":"1","labels":{"of":"others"}},"data":{"key":"a","more":"b"},"immutable":false}""", false)]
    [InlineData("""{"metadata":{"name":"c"},"data":{"key":"b"}}""", true)]
    [InlineData("""{"metadata":{"name":"c"},"data":{}}""", true)]
    [InlineData("""{"metadata":{"name":"c"},"data":"a"}""", true)]
    [InlineData("""{"metadata":{"name":"c"}}""", true)]
    public void Only_what_is_wanted_and_not_so_is_drift(string seen, bool drifted)
    {
        var action = Assert.Single(WantedChildren.Actions([ConfigMap("c", "a")], [Seen("c", seen), Seen("d", "{}")]).Where(action => action is not ClusterAction.Delete).DefaultIfEmpty());
        Assert.Equal(drifted ? "c-uid 7" : null, action is ClusterAction.Update update ? $"{update.Uid} {update.SeenVersion}" : null);
    }

    [Theory]
    [InlineData("1000m", "1", false)]
    [InlineData("1500m", "1500m", false)]
    [InlineData("1024Mi", "1Gi", false)]
    [InlineData("1", "2", true)]
    public void Quantity_the_cluster_writes_in_another_way_is_no_drift(string wanted, string shown, bool drifted)
    {
        var autoscaler = new V2HorizontalPodAutoscaler
        {
            Spec = new V2HorizontalPodAutoscalerSpec
            {
                MaxReplicas = 3,
                Metrics = [new V2MetricSpec { Type = "Resource", Resource = new V2ResourceMetricSource { Name = "cpu", Target = new V2MetricTarget { Type = "AverageValue", AverageValue = new ResourceQuantity(wanted) } } }],
            },
        };
        var seen = """{"spec":{"maxReplicas":3,"minReplicas":1,"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"AverageValue","averageValue":"SHOWN"}}}]}}""".Replace("SHOWN", shown, StringComparison.Ordinal);
        Assert.Equal(drifted, WantedChildren.HasDrifted(autoscaler, JsonSerializer.Deserialize<JsonElement>(seen)));
    }

    private static V1ConfigMap ConfigMap(string name, string value) =>
        new() { ApiVersion = "v1", Kind = "ConfigMap", Metadata = new V1ObjectMeta { Name = name }, Data = new Dictionary<string, string> { ["key"] = value } };

    private static ObservedChild Seen(string name, string content) =>
        new() { Kind = ConfigMaps, Name = name, Uid = $"{name}-uid", ResourceVersion = "7", Content = JsonSerializer.Deserialize<JsonElement>(content) };
}
