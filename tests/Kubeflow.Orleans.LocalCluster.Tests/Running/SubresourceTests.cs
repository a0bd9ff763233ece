using System.Text;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.LocalCluster.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Running;

public sealed class SubresourceTests
{
    private const string Pod = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}]}}";

    [Fact]
    public async Task Log_of_a_simulated_pod_says_that_there_is_no_process()
    {
        await using var cluster = await RunningCluster.StartAsync(options => options.SimulatedNodes = 1);
        await cluster.CreateAsync(Pod);
        await cluster.WaitAsync("pods/default/p", "to run", found => found?.Root.Text("status", "phase") == "Running");

        Assert.Equal("p runs on simulated node simulated-0000: there is no process and no output.\n", (await CallAsync(cluster, "log")).Body);
        Assert.Equal("container zz is not valid for pod p", (await RefusedAsync(cluster, "log", "?container=zz")).Message);
    }

    [Theory]
    [InlineData("?tailLines=-1")]
    [InlineData("?limitBytes=0")]
    [InlineData("?sinceSeconds=0")]
    [InlineData("?sinceSeconds=5&sinceTime=2026-01-01T00:00:00Z")]
    public async Task Log_options_out_of_range_are_invalid(string query)
    {
        await using var cluster = await RunningCluster.StartAsync(_ => { });
        await cluster.CreateAsync(Pod);

        Assert.Equal(422, (await RefusedAsync(cluster, "log", query)).Code);
    }

    [Fact]
    public async Task Log_of_an_unscheduled_pod_is_empty()
    {
        await using var cluster = await RunningCluster.StartAsync(_ => { });
        await cluster.CreateAsync(Pod);

        Assert.Equal("", (await CallAsync(cluster, "log")).Body);
    }

    [Fact]
    public async Task Binding_places_a_pod_once()
    {
        await using var cluster = await RunningCluster.StartAsync(_ => { });
        await cluster.CreateAsync("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {schedulerName: volcano, containers: [{name: c, image: i}]}}");
        const string Binding = """{"target":{"kind":"Node","name":"somewhere"}}""";

        Assert.Equal(201, (await CallAsync(cluster, "binding", body: Binding)).Code);

        Assert.Equal("somewhere", (await cluster.FindAsync("pods/default/p"))!.Root.Text("spec", "nodeName"));
        Assert.Equal(409, (await RefusedAsync(cluster, "binding", body: Binding)).Code);
    }

    [Fact]
    public async Task Eviction_says_why_and_deletes()
    {
        await using var cluster = await RunningCluster.StartAsync(options => options.SimulatedNodes = 1);
        await cluster.CreateAsync(Pod);
        await cluster.WaitAsync("pods/default/p", "to run", found => found?.Root.Text("status", "phase") == "Running");
        var start = await cluster.Store.HeadAsync(TestContext.Current.CancellationToken);

        Assert.Equal(201, (await CallAsync(cluster, "eviction", body: "{}")).Code);

        await cluster.WaitAsync("pods/default/p", "to be gone", found => found is null);
        var changes = await cluster.Store.ReadLogAsync(start, 100, TestContext.Current.CancellationToken);
        Assert.Contains(changes, change => change.Document.Root.Items("status", "conditions").Any(condition => condition.Text("reason") == "EvictionByEvictionAPI"));
    }

    [Fact]
    public async Task Exec_is_refused_clearly()
    {
        await using var cluster = await RunningCluster.StartAsync(_ => { });
        Assert.Equal(501, (await RefusedAsync(cluster, "exec")).Code);
    }

    private static async Task<(int Code, string Body)> CallAsync(RunningCluster cluster, string name, string query = "", string body = "")
    {
        var subresource = cluster.Services.GetServices<ISubresource>().Single(candidate => candidate.Resource == "pods" && candidate.Name == name);
        var context = new DefaultHttpContext { RequestAborted = TestContext.Current.CancellationToken };
        context.Request.QueryString = new QueryString(query);
        context.Request.ContentType = "application/json";
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        using var answer = new MemoryStream();
        context.Response.Body = answer;
        await subresource.HandleAsync(context, cluster.Services.GetRequiredService<KindCatalog>().Find("pods")!, "default", "p");
        return (context.Response.StatusCode, Encoding.UTF8.GetString(answer.ToArray()));
    }

    private static async Task<ApiStatus> RefusedAsync(RunningCluster cluster, string name, string query = "", string body = "") =>
        (await Assert.ThrowsAsync<StatusException>(() => CallAsync(cluster, name, query, body))).Status;
}
