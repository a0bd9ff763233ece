using Kubeflow.Orleans.ApiServer.Health;
using Orleans.Runtime;

namespace Kubeflow.Orleans.Silo.Membership;

/// <summary>Takes no traffic before the other silos count on this one, nor while it leaves.</summary>
internal sealed class MembershipReadiness(ISiloStatusOracle members, IHostApplicationLifetime lifetime) : IReadinessCheck
{
    public string Name => "membership";

    public ValueTask<string?> CheckAsync(CancellationToken cancellationToken) => ValueTask.FromResult(lifetime.ApplicationStopping.IsCancellationRequested
        ? "The silo is stopping."
        : members.CurrentStatus == SiloStatus.Active ? null : $"The silo is {members.CurrentStatus}.");
}
