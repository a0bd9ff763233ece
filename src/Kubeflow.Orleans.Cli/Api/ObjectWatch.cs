using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Cli.Api;

/// <summary>An object as a watch tells it; gone: it was deleted (or was missing after the watch had to start anew).</summary>
internal readonly record struct Seen(Document Document, bool Gone);

/// <summary>
/// List, then watch from there, for as long as the caller listens: a broken or expired watch is taken up again where it ended, or
/// from a new list, and what vanished in between is told as gone.
/// </summary>
internal sealed class ObjectWatch(ApiClient client, string collectionPath, string selector, TimeProvider time)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, Document> known = new(StringComparer.Ordinal);

    private string position = "";

    public async IAsyncEnumerable<Seen> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var listing = position.Length == 0;
            var quiet = true;
            await foreach (var seen in Resilient(listing ? ListAsync(cancellationToken) : WatchAsync(cancellationToken), cancellationToken))
            {
                quiet = false;
                yield return seen;
            }

            if (quiet && !listing)
            {
                // A server that ends every watch at once must not be asked in a busy loop.
                await Task.Delay(RetryDelay, time, cancellationToken);
            }
        }
    }

    /// <summary>Ends where the source fails for a reason that may pass; a refusal goes to the caller.</summary>
    private async IAsyncEnumerable<Seen> Resilient(IAsyncEnumerable<Seen> source, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var reader = source.GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await reader.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (ApiException exception) when (exception.Status.Code == 410)
            {
                position = "";
                yield break;
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException or JsonException or ApiException { Status.Code: 429 or >= 500 })
            {
                await Task.Delay(RetryDelay, time, cancellationToken);
                yield break;
            }

            yield return reader.Current;
        }
    }

    private async IAsyncEnumerable<Seen> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var list = await client.GetAsync($"{collectionPath}?{selector}", cancellationToken);
        var items = (list["items"] as JsonArray ?? []).OfType<JsonObject>().Select(Document.FromNode).ToDictionary(item => item.Metadata.Uid, StringComparer.Ordinal);
        foreach (var (uid, missing) in known.Where(entry => !items.ContainsKey(entry.Key)).ToList())
        {
            known.Remove(uid);
            yield return new Seen(missing, Gone: true);
        }

        foreach (var (uid, item) in items)
        {
            known[uid] = item;
            yield return new Seen(item, Gone: false);
        }

        position = list["metadata"]?["resourceVersion"]?.GetValue<string>() ?? "";
    }

    private async IAsyncEnumerable<Seen> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var path = $"{collectionPath}?watch=true&allowWatchBookmarks=true&resourceVersion={position}&{selector}";
        await foreach (var line in client.ReadLinesAsync(path, cancellationToken))
        {
            var entry = JsonNode.Parse(line)!.AsObject();
            var type = entry["type"]!.GetValue<string>();
            var node = entry["object"]!.AsObject();
            if (type == "ERROR")
            {
                throw ApiException.Read(node, 500);
            }

            var document = Document.FromNode(node);
            position = node["metadata"]?["resourceVersion"]?.GetValue<string>() ?? position;
            if (type != "BOOKMARK")
            {
                yield return Remember(document, gone: type == "DELETED");
            }
        }
    }

    private Seen Remember(Document document, bool gone)
    {
        if (gone)
        {
            known.Remove(document.Metadata.Uid);
        }
        else
        {
            known[document.Metadata.Uid] = document;
        }

        return new Seen(document, gone);
    }
}
