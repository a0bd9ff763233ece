using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Progress;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Progress;
using Kubeflow.Orleans.Core.Schemas;
using Microsoft.Extensions.DependencyInjection;

namespace Kubeflow.Orleans.ApiServer.Tests.Http;

/// <summary>Programs say how far they are.</summary>
public sealed class ProgressTests : IAsyncLifetime
{
    private const string Runs = "/apis/lab.example/v1/namespaces/gold/runs";

    private static readonly byte[] Key = ProgressToken.KeyFrom("secret");
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private TestApi api = null!;
    private string uid = "";

    public async ValueTask InitializeAsync()
    {
        var kind = new RunKind();
        api = await TestApi.StartWithNamespaceAsync(services => services.AddSingleton<ResourceKind>(kind).AddProgressReports([kind], Key));
        var (_, created) = await api.SendAsync(HttpMethod.Post, Runs, """{"apiVersion":"lab.example/v1","kind":"Run","metadata":{"name":"r"}}""");
        uid = created["metadata"]!["uid"]!.GetValue<string>();
    }

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    public async Task Report_is_echoed_and_stands_in_the_status_with_its_time()
    {
        const string report = """{"trainerStatus":{"progressPercentage":42,"estimatedRemainingSeconds":7,"metrics":[{"name":"loss","value":"0.1"}]}}""";
        var (code, body) = await ReportAsync(report);

        Assert.Equal((200, report), (code, body));
        var status = await StatusAsync();
        Assert.Equal(42, status["progressPercentage"]!.GetValue<int>());
        Assert.Equal("0.1", status["metrics"]![0]!["value"]!.GetValue<string>());
        Assert.NotNull(status["lastUpdatedTime"]);
    }

    [Fact]
    public async Task Reports_in_quick_succession_are_one_write_and_later_the_newest_of_them()
    {
        await ReportAsync("""{"trainerStatus":{"progressPercentage":1,"metrics":[{"name":"loss","value":"9"}]}}""");
        var first = await VersionAsync();
        for (var percentage = 2; percentage <= 50; percentage++)
        {
            Assert.Equal(200, (await ReportAsync($$$"""{"trainerStatus":{"progressPercentage":{{{percentage}}}}}""")).Code);
        }

        await UntilAsync(async () => (await StatusAsync())["progressPercentage"]!.GetValue<int>() == 50, "the newest report is written");
        Assert.Null((await StatusAsync())["metrics"]);
        Assert.Equal(1, await WritesSinceAsync(first));
    }

    [Theory]
    [InlineData("""{"trainerStatus":{"progressPercentage":101}}""")]
    [InlineData("""{"trainerStatus":{"progressPercentage":"half"}}""")]
    [InlineData("""{"trainerStatus":7}""")]
    [InlineData("""{"other":7}""")]
    [InlineData("[]")]
    [InlineData("not json")]
    public async Task Impossible_report_is_refused_first_or_later(string report)
    {
        Assert.Equal(422, (await ReportAsync(report)).Code);
        Assert.Equal(200, (await ReportAsync("""{"trainerStatus":{"progressPercentage":1}}""")).Code);
        Assert.Equal(422, (await ReportAsync(report)).Code);
    }

    [Fact]
    public async Task Empty_report_changes_nothing()
    {
        var before = await VersionAsync();
        Assert.Equal((200, "{}"), await ReportAsync("{}"));
        Assert.Equal(before, await VersionAsync());
    }

    [Fact]
    public async Task Long_report_is_refused() =>
        Assert.Equal(413, (await ReportAsync($$"""{"trainerStatus":{},"padding":"{{new string('x', 64 * 1024)}}"}""")).Code);

    [Fact]
    public async Task Token_of_another_object_or_of_an_earlier_one_of_this_name_is_not_accepted()
    {
        Assert.Equal(401, (await ReportAsync("{}", ProgressToken.Of(Key, "runs.lab.example", "another"))).Code);
        Assert.Equal(401, (await ReportAsync("{}", ProgressToken.Of(ProgressToken.KeyFrom("other"), "runs.lab.example", uid))).Code);
    }

    [Theory]
    [InlineData("GET", Runs)]
    [InlineData("GET", Runs + "/r")]
    [InlineData("DELETE", Runs + "/r")]
    [InlineData("PATCH", Runs + "/r/status")]
    [InlineData("GET", Runs + "/r/progress")]
    [InlineData("GET", "/api/v1/namespaces/gold/configmaps")]
    public async Task Token_opens_nothing_else(string method, string path)
    {
        using var client = api.NewClient(ProgressToken.Of(Key, "runs.lab.example", uid));
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(401, (int)response.StatusCode);
    }

    private Task<(int Code, string Body)> ReportAsync(string report) => ReportAsync(report, ProgressToken.Of(Key, "runs.lab.example", uid));

    private async Task<(int Code, string Body)> ReportAsync(string report, string token)
    {
        using var client = api.NewClient(token);
        using var content = new StringContent(report, System.Text.Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(new Uri(Runs + "/r/progress", UriKind.Relative), content, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private async Task<JsonNode> StatusAsync() => (await api.GetAsync(Runs + "/r")).Body["status"]!["trainerStatus"]!;

    private async Task<string> VersionAsync() => (await api.GetAsync(Runs + "/r")).Body["metadata"]!["resourceVersion"]!.GetValue<string>();

    /// <summary>Changes of the object after the version, from the log.</summary>
    private async Task<int> WritesSinceAsync(string version)
    {
        var last = await VersionAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Runs}?watch=true&resourceVersion={version}");
        using var response = await api.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        for (var writes = 1; ; writes++)
        {
            var line = JsonNode.Parse((await lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Limit))!)!;
            if (line["object"]!["metadata"]!["resourceVersion"]!.GetValue<string>() == last)
            {
                return writes;
            }
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Limit, $"{what} did not come true within {Limit}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
        }
    }

    private sealed class RunKind : ResourceKind, IReportsProgress
    {
        public override string Group => "lab.example";

        public override string Kind => "Run";

        public override string Plural => "runs";

        public override ImmutableArray<KindVersion> Versions { get; } =
        [
            new("v1", Schema.Object(("status", Schema.Object(("trainerStatus", Schema.Object(
                ("progressPercentage", Schema.Int32 with { Minimum = 0, Maximum = 100 }),
                ("estimatedRemainingSeconds", Schema.Int32),
                ("lastUpdatedTime", Schema.Time),
                ("metrics", Schema.ListOf(Schema.Object(("name", Schema.String), ("value", Schema.String))))))))), []),
        ];
    }
}
