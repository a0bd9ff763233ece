using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Runs handlers once: those of probes and of lifecycle hooks. What they find is a result, never an exception.</summary>
internal sealed class ProbeRunner(ProcessRuntime runtime) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        PooledConnectionLifetime = TimeSpan.Zero,
#pragma warning disable CA5359 // As the kubelet does: a probe asks whether the server answers, not who it is.
        SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
#pragma warning restore CA5359
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public async Task<ProbeOutcome> RunAsync(
        JsonElement handler, ContainerSpec container, ContainerProcess process, string podIp, TimeSpan timeLimit, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeLimit);
        try
        {
            return handler switch
            {
                _ when handler.Has("exec") => await ExecAsync([.. handler.At("exec").Texts("command")], process, timeLimit, cancellationToken),
                _ when handler.Has("httpGet") => await HttpAsync(handler.At("httpGet"), container, podIp, limit.Token),
                _ when handler.Has("tcpSocket") => await ConnectAsync(handler.At("tcpSocket"), container, podIp, limit.Token),
                // Whether the port takes connections is all we ask of a gRPC server; its health service is not called.
                _ when handler.Has("grpc") => await ConnectAsync(handler.At("grpc"), container, podIp, limit.Token),
                _ => ProbeOutcome.Succeeded,
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ProbeOutcome.Failed(string.Create(CultureInfo.InvariantCulture, $"context deadline exceeded after {BackOff.Format(timeLimit)}"));
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or UriFormatException or FormatException)
        {
            return ProbeOutcome.Failed(exception.Message);
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<ProbeOutcome> ExecAsync(IReadOnlyList<string> command, ContainerProcess process, TimeSpan timeLimit, CancellationToken cancellationToken)
    {
        var result = await runtime.ExecAsync(process, command, timeLimit, cancellationToken);
        return result switch
        {
            { TimedOut: true } => ProbeOutcome.Failed($"command timed out: \"{string.Join(' ', command)}\" timed out after {BackOff.Format(timeLimit)}"),
            { ExitCode: 0 } => ProbeOutcome.Succeeded,
            _ => ProbeOutcome.Failed(result.Output),
        };
    }

    private async Task<ProbeOutcome> HttpAsync(JsonElement get, ContainerSpec container, string podIp, CancellationToken cancellationToken)
    {
        if (container.ResolvePort(get.Scalar("port")) is not { } port)
        {
            return ProbeOutcome.Failed($"couldn't find port: {get.Scalar("port")}");
        }

        var path = get.TextOr("path", "/");
        var scheme = get.TextOr("scheme", "HTTP").ToLowerInvariant();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{scheme}://{get.TextOr("host", podIp)}:{port}{(path.StartsWith('/') ? path : "/" + path)}"));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("kube-probe", "1.36"));
        request.Headers.TryAddWithoutValidation("Accept", "*/*");
        foreach (var header in get.Items("httpHeaders"))
        {
            request.Headers.Remove(header.Text("name"));
            request.Headers.TryAddWithoutValidation(header.Text("name"), header.Text("value"));
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return (int)response.StatusCode is >= 200 and < 400
            ? ProbeOutcome.Succeeded
            : ProbeOutcome.Failed(string.Create(CultureInfo.InvariantCulture, $"HTTP probe failed with statuscode: {(int)response.StatusCode}"));
    }

    private static async Task<ProbeOutcome> ConnectAsync(JsonElement socket, ContainerSpec container, string podIp, CancellationToken cancellationToken)
    {
        if (container.ResolvePort(socket.Scalar("port")) is not { } port)
        {
            return ProbeOutcome.Failed($"couldn't find port: {socket.Scalar("port")}");
        }

        using var client = new TcpClient();
        await client.ConnectAsync(socket.TextOr("host", podIp), port, cancellationToken);
        return ProbeOutcome.Succeeded;
    }
}
