using System.Net;
using System.Net.Http.Headers;
using System.Text;
using k8s;

namespace Kubeflow.Orleans.Kubernetes.Connection;

/// <summary>
/// The client and credentials of one cluster. They are made when first needed and again when the cluster does not know them any more: a
/// kubeconfig is rewritten, a login plugin gives certificates that expire. What cannot be made now may be possible later.
/// </summary>
internal sealed class ClusterConnection(Func<KubernetesClientConfiguration> configure, TimeProvider clock) : IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private static readonly MediaTypeHeaderValue MergePatch = new("application/merge-patch+json");
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan RenewAtMostEvery = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim making = new(1);
    private volatile k8s.Kubernetes? client;
    private long made;

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        var kubernetes = client ?? await MakeAsync(cancellationToken);
        using var request = Request(method, new Uri(kubernetes.BaseUri, path), body);
        if (kubernetes.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, cancellationToken);
        }

        var response = await kubernetes.HttpClient.SendAsync(request, completion, cancellationToken);
        if (response.StatusCode == HttpStatusCode.Unauthorized && clock.GetElapsedTime(Volatile.Read(ref made)) > RenewAtMostEvery)
        {
            // Not disposed: others may be using it; its connections close by themselves when idle.
            client = null;
        }

        return response;
    }

    public void Dispose()
    {
        client?.Dispose();
        making.Dispose();
    }

    private async Task<k8s.Kubernetes> MakeAsync(CancellationToken cancellationToken)
    {
        await making.WaitAsync(cancellationToken);
        try
        {
            // A login plugin is run in there, and waited for.
            return client ??= await Task.Run(Make, cancellationToken).WaitAsync(cancellationToken);
        }
        finally
        {
            making.Release();
        }
    }

    private k8s.Kubernetes Make()
    {
        var configuration = configure();

        // Watches last: each request brings its own limit.
        configuration.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        var setup = configuration.FirstMessageHandlerSetup;
        configuration.FirstMessageHandlerSetup = handler =>
        {
            handler.ConnectTimeout = ConnectLimit;
            handler.KeepAlivePingDelay = PingAfter;
            handler.KeepAlivePingTimeout = ConnectLimit;
            setup?.Invoke(handler);
        };
        Volatile.Write(ref made, clock.GetTimestamp());
        return new k8s.Kubernetes(configuration);
    }

    private static HttpRequestMessage Request(HttpMethod method, Uri address, string? body)
    {
        var request = new HttpRequestMessage(method, address)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.UserAgent.ParseAdd(Core.WellKnown.ManagerName);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, method == HttpMethod.Patch ? MergePatch : Json);
        }

        return request;
    }
}
