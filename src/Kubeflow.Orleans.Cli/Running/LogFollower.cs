using System.Runtime.CompilerServices;
using Kubeflow.Orleans.Cli.Api;

namespace Kubeflow.Orleans.Cli.Running;

/// <summary>Which lines of a container's log to read.</summary>
internal sealed record LogQuery(string Namespace, string Pod, string Container)
{
    public bool Follow { get; init; }

    public bool Previous { get; init; }

    /// <summary>How many of the last lines; null: all.</summary>
    public int? Tail { get; init; }

    public string Path(ResourceType pods) =>
        $"{pods.ItemPath(Namespace, Pod)}/log?container={Uri.EscapeDataString(Container)}"
        + (Follow ? "&follow=true" : "") + (Previous ? "&previous=true" : "") + (Tail is { } lines ? $"&tailLines={lines}" : "");
}

/// <summary>Reads the log of one instance of a container to its end; a broken connection is taken up where it broke.</summary>
internal sealed class LogFollower(ApiClient client, ResourceType pods, TimeProvider time)
{
    private const int MostAttempts = 5;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    public async IAsyncEnumerable<string> ReadAsync(LogQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = 0;
        for (var attempt = 1; ; attempt++)
        {
            var skip = seen;
            await using var lines = client.ReadLinesAsync(query.Path(pods), cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                try
                {
                    if (!await lines.MoveNextAsync())
                    {
                        yield break;
                    }
                }
                catch (Exception exception) when (query.Tail is null && attempt < MostAttempts && exception is (IOException or HttpRequestException))
                {
                    break;
                }

                if (skip > 0)
                {
                    skip--;
                    continue;
                }

                seen++;
                yield return lines.Current;
            }

            await Task.Delay(RetryDelay, time, cancellationToken);
        }
    }
}
