using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.ApiServer.Tests.Golden;

/// <summary>Replays what a real API server was asked and compares every answer with its.</summary>
public sealed class GoldenReplayTests
{
    private const string TooLarge = "<3.2 MB JSON omitted>";

    /// <summary>Exchanges that are answered differently on purpose. Each must really differ, or it leaves this table.</summary>
    private static readonly Dictionary<string, IReadOnlyList<int>> Different = new(StringComparer.Ordinal)
    {
        ["nobody is anonymous here: without a token the answer is 401"] = [140],
        ["permissions of users are not judged yet; the token is unknown"] = [142, 143, 148],
        ["the version is this server's own"] = [144],
        ["impersonation is not served yet"] = [146, 147],
        ["review endpoints are not served yet"] = [.. Enumerable.Range(149, 6)],
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_recorded_exchange_is_answered_as_recorded()
    {
        var exchanges = GoldenExchange.ReadAll(Fixtures.Require("apimachinery/golden-http.jsonl"));
        await using var api = await TestApi.StartAsync(prepare: ForgetFirstPositionAsync);
        using var client = api.NewClient();
        client.DefaultRequestHeaders.Clear();
        var names = new RecordedNames();
        var failures = new List<string>();
        foreach (var exchange in exchanges)
        {
            var answer = await SendAsync(client, exchange with { Body = names.Translate(exchange.Body) });
            names.Learn(exchange.Answer.Text, answer.Text);
            var difference = Compare(exchange.Answer, answer);
            var reason = Different.FirstOrDefault(entry => entry.Value.Contains(exchange.Number)).Key;
            if (difference is not null != reason is not null)
            {
                failures.Add($"{exchange}\n{difference ?? $"is listed as different ({reason}) and is not"}");
            }
        }

        Assert.True(failures.Count == 0, $"{failures.Count} of {exchanges.Count} exchanges:\n{string.Join("\n\n", failures)}");
    }

    /// <summary>The recording asks for position 1, which its server had long forgotten.</summary>
    private static async Task ForgetFirstPositionAsync(IResourceStore store)
    {
        for (var number = 0; number < 3; number++)
        {
            var document = new Document(Encoding.UTF8.GetBytes($$$"""{"metadata":{"name":"before-{{{number}}}","uid":"{{{number}}}"}}"""));
            await store.WriteAsync([new CreateOperation(new ResourceKey("others", "", $"before-{number}"), document)], Cancelled);
        }

        await store.TrimAsync(await store.HeadAsync(Cancelled), Cancelled);
    }

    private static async Task<GoldenAnswer> SendAsync(HttpClient client, GoldenExchange exchange)
    {
        using var request = new HttpRequestMessage(new HttpMethod(exchange.Method), exchange.Path);
        request.Headers.UserAgent.ParseAdd("golden/1.0");
        if (exchange.Body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(exchange.Body == TooLarge ? LargeBody() : exchange.Body));
        }

        foreach (var (name, value) in exchange.Headers)
        {
            if (name == "Content-Type" && request.Content is not null)
            {
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
            }
            else if (name != "Content-Type")
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await client.SendAsync(request, Cancelled);
        var headers = response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(",", header.Value), StringComparer.OrdinalIgnoreCase);
        return new GoldenAnswer((int)response.StatusCode, headers, await response.Content.ReadAsStringAsync(Cancelled));
    }

    private static string? Compare(GoldenAnswer recorded, GoldenAnswer answered)
    {
        var problems = new List<string>();
        if (recorded.Code != answered.Code)
        {
            problems.Add($"code: recorded {recorded.Code}, answered {answered.Code}");
        }

        foreach (var name in (string[])["Content-Type", "Cache-Control", "Warning", "Retry-After", "X-Content-Type-Options"])
        {
            var (then, now) = (recorded.Headers.GetValueOrDefault(name, ""), answered.Headers.GetValueOrDefault(name, ""));
            if (then != now)
            {
                problems.Add($"{name}: recorded '{then}', answered '{now}'");
            }
        }

        var (left, right) = (GoldenMask.Of(recorded.Text), GoldenMask.Of(answered.Text));
        if (left != right)
        {
            problems.Add($"recorded: {left}\nanswered: {right}");
        }

        return problems.Count == 0 ? null : string.Join('\n', problems);
    }

    private static string LargeBody() => new JsonObject
    {
        ["apiVersion"] = "kubeflow.org/v1",
        ["kind"] = "TFJob",
        ["metadata"] = new JsonObject { ["name"] = "big" },
        ["spec"] = new JsonObject { ["queue"] = new string('q', 3_200_000) },
    }.ToJsonString();
}
