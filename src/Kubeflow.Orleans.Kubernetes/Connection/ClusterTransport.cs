using System.Net;
using k8s;

namespace Kubeflow.Orleans.Kubernetes.Connection;

/// <summary>
/// HTTP to one cluster: addresses, TLS, credentials and token renewal are KubernetesClient's; bodies stay JSON, because what we need
/// of an answer is a few fields and building whole typed objects would cost more than the call. All requests share one bound and one
/// pause, so that a cluster that is overloaded is left alone by everybody.
/// </summary>
/// <param name="configure">Where the cluster is and how to log in; asked again when the cluster does not know us any more.</param>
/// <param name="requestTimeout">The limit of one request that is no watch.</param>
public sealed class ClusterTransport(Func<KubernetesClientConfiguration> configure, TimeSpan requestTimeout, TimeProvider clock) : IDisposable
{
    private const int MostAttempts = 3;

    private readonly ClusterConnection connection = new(configure, clock);
    private readonly OverloadGate gate = new(clock);

    public ClusterHealth Health { get; } = new(clock);

    /// <summary>Sends one request and reads its whole answer. A patch is a merge patch.</summary>
    /// <exception cref="HttpRequestException">The cluster was not reached.</exception>
    /// <exception cref="TimeoutException">No answer within the limit: the outcome is unknown.</exception>
    public async Task<ClusterResponse> SendAsync(HttpMethod method, string path, string? body, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await SendOnceAsync(method, path, body, cancellationToken);
            if (!gate.HoldsBack(answer.Code, answer.RetryAfter) || attempt == MostAttempts)
            {
                return answer;
            }
        }
    }

    /// <summary>Opens a stream of lines (a watch). The caller disposes the response.</summary>
    /// <exception cref="HttpRequestException">The cluster was not reached.</exception>
    /// <exception cref="TimeoutException">No answer within the limit.</exception>
    public async Task<HttpResponseMessage> OpenAsync(string path, CancellationToken cancellationToken)
    {
        await gate.PauseAsync(cancellationToken);
        var response = await WithinLimitAsync(HttpMethod.Get, path, async limit =>
        {
            var response = await connection.SendAsync(HttpMethod.Get, path, null, HttpCompletionOption.ResponseHeadersRead, limit);
            return (response, response.StatusCode);
        }, cancellationToken);
        gate.HoldsBack(response.StatusCode, response.Headers.RetryAfter?.Delta);
        return response;
    }

    public void Dispose()
    {
        connection.Dispose();
        gate.Dispose();
    }

    private async Task<ClusterResponse> SendOnceAsync(HttpMethod method, string path, string? body, CancellationToken cancellationToken)
    {
        using var slot = await gate.EnterAsync(cancellationToken);
        return await WithinLimitAsync(method, path, async limit =>
        {
            using var response = await connection.SendAsync(method, path, body, HttpCompletionOption.ResponseContentRead, limit);
            var answer = new ClusterResponse(response.StatusCode, await response.Content.ReadAsByteArrayAsync(limit), response.Headers.RetryAfter?.Delta);
            return (answer, answer.Code);
        }, cancellationToken);
    }

    /// <summary>Every failure comes out in one of two forms: whatever a login plugin or a handler throws, the cluster was not reached.</summary>
    private async Task<T> WithinLimitAsync<T>(
        HttpMethod method, string path, Func<CancellationToken, Task<(T Answer, HttpStatusCode Code)>> send, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(requestTimeout);
        try
        {
            var (answer, code) = await send(limit.Token);
            Tell(code);
            return answer;
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            Exception told = failure is OperationCanceledException
                ? new TimeoutException($"The cluster did not answer {method} {path} within {requestTimeout.TotalSeconds:0} s.", failure)
                : failure as HttpRequestException ?? new HttpRequestException(failure.Message, failure);
            Health.Failed(told.Message);
            throw told;
        }
    }

    /// <summary>A proxy in front of a dead cluster answers too, and one that does not let us in is of no more use.</summary>
    private void Tell(HttpStatusCode code)
    {
        if (code is HttpStatusCode.Unauthorized or >= HttpStatusCode.InternalServerError)
        {
            Health.Failed($"the cluster answered {(int)code} {code}");
        }
        else
        {
            Health.Answered();
        }
    }
}
