using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Tests.Kinds;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Kubeflow.Orleans.ApiServer.Tests.Resources;

/// <summary>Of a kind whose versions cannot be converted, an object keeps the version it was created in.</summary>
public sealed class KeptVersionTests
{
    private const string First = "/apis/kubeflow.org/v1/namespaces/gold/mpijobs";
    private const string Second = "/apis/kubeflow.org/v2beta1/namespaces/gold/mpijobs";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Object_is_stored_in_the_version_it_was_created_in_and_shown_in_the_one_asked_for()
    {
        await using var api = await StartAsync();

        Assert.Equal("kubeflow.org/v2beta1", await StoredVersionAsync(api));
        Assert.Equal("kubeflow.org/v2beta1", (await api.GetAsync(Second + "/pi")).Body["apiVersion"]!.GetValue<string>());
        var (_, other) = await api.GetAsync(First + "/pi");
        Assert.Equal("kubeflow.org/v1", other["apiVersion"]!.GetValue<string>());
        Assert.Equal("/root/.ssh", other["spec"]!["sshAuthMountPath"]!.GetValue<string>());
        Assert.Equal("kubeflow.org/v1", (await api.GetAsync(First)).Body["items"]![0]!["apiVersion"]!.GetValue<string>());
    }

    [Fact]
    public async Task Patch_through_the_other_version_changes_what_it_says_and_loses_nothing()
    {
        await using var api = await StartAsync();

        var (code, patched) = await api.MergeAsync(First + "/pi", """{"apiVersion":"kubeflow.org/v1","metadata":{"labels":{"team":"red"}}}""");

        Assert.Equal(200, code);
        Assert.Equal("kubeflow.org/v1", patched["apiVersion"]!.GetValue<string>());
        Assert.Equal("kubeflow.org/v2beta1", await StoredVersionAsync(api));
        var (_, own) = await api.GetAsync(Second + "/pi");
        Assert.Equal("red", own["metadata"]!["labels"]!["team"]!.GetValue<string>());
        Assert.Equal("/root/.ssh", own["spec"]!["sshAuthMountPath"]!.GetValue<string>());
    }

    [Fact]
    public async Task Put_through_the_other_version_follows_the_objects_own_schema()
    {
        await using var api = await StartAsync();
        var (_, shown) = await api.GetAsync(First + "/pi");
        shown["spec"] = new JsonObject { ["mainContainer"] = "mpi", ["sshAuthMountPath"] = "/home/mpi/.ssh" };

        var (code, _) = await api.SendAsync(HttpMethod.Put, First + "/pi", shown.ToJsonString());

        Assert.Equal(200, code);
        Assert.Equal("kubeflow.org/v2beta1", await StoredVersionAsync(api));
        Assert.Equal("""{"sshAuthMountPath":"/home/mpi/.ssh"}""", (await api.GetAsync(Second + "/pi")).Body["spec"]!.ToJsonString());
    }

    [Fact]
    public async Task Put_of_what_was_read_in_the_other_version_changes_nothing()
    {
        await using var api = await StartAsync();
        var (_, shown) = await api.GetAsync(First + "/pi");
        var before = await api.Store.HeadAsync(Cancelled);

        Assert.Equal(200, (await api.SendAsync(HttpMethod.Put, First + "/pi", shown.ToJsonString())).Code);

        Assert.Equal(before, await api.Store.HeadAsync(Cancelled));
    }

    [Fact]
    public async Task Server_side_apply_through_the_other_version_keeps_the_objects_version()
    {
        await using var api = await StartAsync();

        var (code, _) = await api.SendAsync(
            HttpMethod.Patch, First + "/pi?fieldManager=me", """{"apiVersion":"kubeflow.org/v1","kind":"MPIJob","metadata":{"labels":{"team":"red"}}}""", "application/apply-patch+yaml");

        Assert.Equal(200, code);
        Assert.Equal("kubeflow.org/v2beta1", await StoredVersionAsync(api));
    }

    private static async Task<TestApi> StartAsync()
    {
        var api = await TestApi.StartWithNamespaceAsync(services => services.AddSingleton<ResourceKind, TwoShapeKind>());
        var (code, created) = await api.SendAsync(HttpMethod.Post, Second, """{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"pi"},"spec":{}}""");
        Assert.True(code == 201, created.ToJsonString());
        return api;
    }

    private static async Task<string> StoredVersionAsync(TestApi api) =>
        (await api.Store.GetAsync(new ResourceKey("mpijobs.kubeflow.org", "gold", "pi"), Cancelled))!.Document.ApiVersion;
}
