using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Postgres;

/// <summary>What happens to the connection in which a marked request is seen.</summary>
/// <param name="RequestBytes">So many bytes of the request get through; null: all.</param>
/// <param name="ReplyBytes">So many bytes of the reply get back.</param>
/// <param name="Late">The server does not notice: the connection to it stays, and <see cref="CuttableProxy.DeliverLateAsync"/> sends the rest.</param>
internal sealed record Cut(string Marker, int? RequestBytes, int ReplyBytes, bool Late = false);

/// <summary>A network between a store and its database that breaks where a test wants it to.</summary>
internal sealed class CuttableProxy : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly int target;
    private readonly Task accepting;
    private TaskCompletionSource<(Socket Server, byte[] HeldBack)> held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Cut? cut;

    public CuttableProxy(int target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>True once the next cut has happened.</summary>
    public bool HasCut => Volatile.Read(ref cut) is null;

    public void Arm(Cut next)
    {
        held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref cut, next);
    }

    /// <summary>Waits until the late connection is left alone by its client.</summary>
    public Task WaitUntilHeldAsync() => held.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);

    /// <summary>Sends what was held back and waits until the server has dealt with it.</summary>
    public async Task DeliverLateAsync()
    {
        var (server, heldBack) = await held.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        using (server)
        {
            await server.SendAsync(heldBack);
            server.Shutdown(SocketShutdown.Send);
            var ignored = new byte[4096];
            using var limit = new CancellationTokenSource(Limit);
            while (await server.ReceiveAsync(ignored, limit.Token) > 0)
            {
            }
        }
    }

    /// <summary>Ends every connection and takes no more.</summary>
    public async Task BreakDownAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await accepting;
    }

    public async ValueTask DisposeAsync()
    {
        await BreakDownAsync();
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                var client = await listener.AcceptSocketAsync(stopping.Token);
                connections.Add(Task.Run(() => CarryAsync(client)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task CarryAsync(Socket client)
    {
        var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var link = new Link(client, server);
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, target, stopping.Token);
            await Task.WhenAny(RequestsAsync(link), RepliesAsync(link));
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
        }
        finally
        {
            client.Dispose();
            if (link.HeldBack is { } heldBack)
            {
                held.TrySetResult((server, heldBack));
            }
            else
            {
                server.Dispose();
            }
        }
    }

    private async Task RequestsAsync(Link link)
    {
        var buffer = new byte[1 << 20];
        while (await link.Client.ReceiveAsync(buffer, stopping.Token) is > 0 and var count)
        {
            var request = buffer.AsMemory(0, count);
            if (Volatile.Read(ref cut) is not { } wanted || request.Span.IndexOf(Encoding.UTF8.GetBytes(wanted.Marker)) < 0)
            {
                await link.Server.SendAsync(request, stopping.Token);
                continue;
            }

            Volatile.Write(ref cut, null);
            var through = Math.Min(wanted.RequestBytes ?? count, count);
            Volatile.Write(ref link.ReplyBytesLeft, wanted.ReplyBytes);
            await link.Server.SendAsync(request[..through], stopping.Token);
            if (wanted.Late)
            {
                link.HeldBack = request[through..].ToArray();
                return;
            }

            if (through < count || wanted.ReplyBytes == 0)
            {
                return;
            }
        }
    }

    private async Task RepliesAsync(Link link)
    {
        var buffer = new byte[1 << 16];
        while (await link.Server.ReceiveAsync(buffer, stopping.Token) is > 0 and var count)
        {
            var left = Volatile.Read(ref link.ReplyBytesLeft);
            await link.Client.SendAsync(buffer.AsMemory(0, (int)Math.Min(count, left)), stopping.Token);
            if (count >= left)
            {
                return;
            }

            if (left < long.MaxValue)
            {
                Volatile.Write(ref link.ReplyBytesLeft, left - count);
            }
        }
    }

    private sealed class Link(Socket client, Socket server)
    {
        public long ReplyBytesLeft = long.MaxValue;

        public Socket Client => client;

        public Socket Server => server;

        /// <summary>What the server is to get after the client is gone; null: the server notices.</summary>
        public byte[]? HeldBack { get; set; }
    }
}
