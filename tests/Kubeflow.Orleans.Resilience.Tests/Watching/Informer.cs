using System.Globalization;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Resilience.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Resilience.Tests.Watching;

/// <summary>
/// What client libraries do: list once, watch from there, resume from the last version seen when the connection breaks. It notes
/// everything that a gap-free, ordered watch would not show.
/// </summary>
internal sealed class Informer : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly KillableSilo silo;
    private readonly string collection;
    private readonly CancellationTokenSource stopping = new();
    private readonly Dictionary<string, JsonObject> known = new(StringComparer.Ordinal);
    private readonly List<string> violations = [];
    private readonly Lock state = new();
    private readonly Task following;
    private long version;

    public Informer(KillableSilo silo, string collection)
    {
        this.silo = silo;
        this.collection = collection;
        following = FollowAsync();
    }

    /// <summary>How often it had to resume.</summary>
    public int Resumed { get; private set; }

    /// <summary>Waits until it has seen all there is, and compares.</summary>
    public async Task AssertSameAsListAsync()
    {
        var mine = "";
        var listed = "";
        await Until.TrueAsync(() => $"the watch of {collection} to show what a list shows.\nlist:  {listed}\nwatch: {mine}", async () =>
        {
            var (items, _) = await silo.Api.ListAsync(collection);
            lock (state)
            {
                mine = Summary(known.Values);
            }

            return (listed = Summary(items)) == mine;
        });
        lock (state)
        {
            Assert.Empty(violations);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.Dispose();
    }

    private static string Summary(IEnumerable<JsonObject> items) =>
        string.Join(' ', items.Select(item => $"{item.Name()}@{item.Version()}").Order(StringComparer.Ordinal));

    private async Task FollowAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                if (version == 0)
                {
                    var (items, listed) = await silo.Api.ListAsync(collection);
                    lock (state)
                    {
                        items.ToList().ForEach(item => known[item.Uid()] = item);
                    }

                    version = listed;
                }

                await WatchAsync();
            }
            catch (Exception problem) when (ApiClient.IsNoAnswer(problem) || problem is System.Text.Json.JsonException)
            {
                // The silo died, perhaps in the middle of a line.
                await Task.Delay(Pause, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task WatchAsync()
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"{collection}?watch=true&allowWatchBookmarks=true&resourceVersion={version}");
        using var response = await silo.Api.Http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, stopping.Token);
        if (!response.IsSuccessStatusCode)
        {
            Violate($"resuming from {version} was answered {(int)response.StatusCode}");
            return;
        }

        Resumed++;
        await using var stream = await response.Content.ReadAsStreamAsync(stopping.Token);
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync(stopping.Token) is { } line)
        {
            var change = JsonNode.Parse(line)!.AsObject();
            lock (state)
            {
                Apply((string)change["type"]!, change["object"]!.AsObject());
            }
        }
    }

    private void Apply(string type, JsonObject item)
    {
        if (type == "ERROR")
        {
            Violate($"resuming from {version} failed: {item.ToJsonString()}");
            return;
        }

        if (item.Version() <= version && type != "BOOKMARK")
        {
            Violate($"{type} {item.Name()} at {item.Version()} came after {version}");
        }

        version = Math.Max(version, item.Version());
        if (type == "BOOKMARK")
        {
            return;
        }

        if (known.ContainsKey(item.Uid()) == (type == "ADDED"))
        {
            Violate($"{type} {item.Name()} {item.Uid()} at {item.Version()} although it was {(type == "ADDED" ? "there" : "not there")}");
        }

        if (type == "DELETED")
        {
            known.Remove(item.Uid());
        }
        else
        {
            known[item.Uid()] = item;
        }
    }

    private void Violate(string what)
    {
        lock (state)
        {
            violations.Add(what);
        }
    }
}
