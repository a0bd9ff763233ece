using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Kubeflow.Orleans.Resilience.Tests.Processes;
using Kubeflow.Orleans.Resilience.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Resilience.Tests;

/// <summary>Clients that do not behave, many at once: the silo stays as quick and as small as it was.</summary>
public sealed class ClientTests
{
    private const int Watchers = 200;
    private const int Broken = 200;

    [Fact]
    public async Task Idle_watchers_slow_watchers_and_broken_requests_do_the_silo_no_harm()
    {
        await using var silo = await KillableSilo.StartAsync("--simulated-nodes", "2");
        await RunJobsAsync(silo, "before");
        var before = ProcessTable.Size(silo.ProcessId);

        var watchers = await Task.WhenAll(Enumerable.Range(0, Watchers).Select(_ => OpenWatchAsync(silo)));
        await RunJobsAsync(silo, "watched");
        await Task.WhenAll(Enumerable.Range(0, Broken).Select(index => BreakOffAsync(silo, index)));
        await RunJobsAsync(silo, "afterwards");

        // None of the watchers has read anything so far; what they are owed is still complete.
        Assert.Contains("watched-9", await ReadUntilAsync(watchers[0], "watched-9"), StringComparison.Ordinal);
        foreach (var watcher in watchers)
        {
            await watcher.DisposeAsync();
        }

        await RunJobsAsync(silo, "last");
        (int Threads, int Megabytes) after = default;
        await Until.TrueAsync(() => $"the silo to be as small as before: {before} then, {after} now", () =>
        {
            after = ProcessTable.Size(silo.ProcessId);
            return Task.FromResult(after.Threads < before.Threads + 40 && after.Megabytes < before.Megabytes + 200);
        });
    }

    [Fact]
    public async Task A_watcher_that_never_reads_holds_up_neither_writers_nor_other_watchers_nor_the_stop()
    {
        await using var silo = await KillableSilo.StartAsync("--simulated-nodes", "2");
        await using var stuck = await OpenWatchAsync(silo);
        var annotation = new string('x', 200_000);
        await RunJobsAsync(silo, "job");

        // 40 MB for somebody who takes none of it.
        for (var round = 0; round < 200; round++)
        {
            var number = round.ToString(CultureInfo.InvariantCulture);
            (await silo.Api.PatchAsync($"{Jobs.TFJobs}/job-0", $$$$"""{"metadata":{"annotations":{"round":"{{{{number}}}}","filling":"{{{{annotation}}}}"}}}""")).RequireSuccess();
        }

        await using var other = await OpenWatchAsync(silo);
        (await silo.Api.PatchAsync($"{Jobs.TFJobs}/job-1", """{"metadata":{"annotations":{"seen":"by-others"}}}""")).RequireSuccess();
        Assert.Contains("by-others", await ReadUntilAsync(other, "by-others"), StringComparison.Ordinal);
        Assert.Equal(0, await silo.TerminateAsync());
    }

    private static async Task RunJobsAsync(KillableSilo silo, string name)
    {
        for (var number = 0; number < 10; number++)
        {
            (await silo.Api.CreateAsync(Jobs.TFJobs, Jobs.SimulatedTFJob(string.Create(CultureInfo.InvariantCulture, $"{name}-{number}")))).RequireSuccess();
        }

        await Until.TrueAsync(() => $"the jobs {name} to succeed", async () =>
            (await silo.Api.ListAsync(Jobs.TFJobs)).Items.Count(job => job.Name().StartsWith(name, StringComparison.Ordinal) && job.IsTrue("Succeeded")) == 10);
    }

    private static async Task<SslStream> OpenWatchAsync(KillableSilo silo)
    {
        var stream = await ConnectAsync(silo);
        await SendAsync(stream, $"GET /{Jobs.TFJobs}?watch=true&resourceVersion=0 HTTP/1.1\r\nHost: {silo.Api.Address.Authority}\r\nAuthorization: Bearer {silo.Api.Token}\r\n\r\n");
        return stream;
    }

    /// <summary>Clients that vanish at every stage of a request, and requests that are none.</summary>
    private static async Task BreakOffAsync(KillableSilo silo, int index)
    {
        await using var stream = await ConnectAsync(silo);
        var start = $"POST /{Jobs.TFJobs} HTTP/1.1\r\nHost: {silo.Api.Address.Authority}\r\nAuthorization: Bearer {silo.Api.Token}\r\nContent-Type: application/json\r\n";
        await SendAsync(stream, (index % 5) switch
        {
            0 => "",
            1 => start,
            2 => $$"""{{start}}Content-Length: 100000{{"\r\n\r\n"}}{"apiVersion":"kubeflow.org/v1","kind":"TFJob","meta""",
            3 => $$"""{{start}}Transfer-Encoding: chunked{{"\r\n\r\n"}}10{{"\r\n"}}{"apiVersion":""",
            _ => "\u0001\u0002 nothing like HTTP\r\n\r\n",
        });
    }

    private static async Task<string> ReadUntilAsync(SslStream stream, string text)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Until.Limit);
        var buffer = new byte[64 * 1024];
        var read = new StringBuilder();
        while (!Tail(read).Contains(text, StringComparison.Ordinal) && await stream.ReadAsync(buffer, limit.Token) is > 0 and var count)
        {
            read.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return Tail(read);

        string Tail(StringBuilder all) => all.ToString(Math.Max(0, all.Length - buffer.Length - text.Length), Math.Min(all.Length, buffer.Length + text.Length));
    }

    private static async Task<SslStream> ConnectAsync(KillableSilo silo)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 8192 };
        await socket.ConnectAsync(silo.Api.Address.Host, silo.Api.Address.Port, TestContext.Current.CancellationToken);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(silo.Api.Tls, TestContext.Current.CancellationToken);
        return stream;
    }

    private static Task SendAsync(SslStream stream, string text) => stream.WriteAsync(Encoding.UTF8.GetBytes(text), TestContext.Current.CancellationToken).AsTask();
}
