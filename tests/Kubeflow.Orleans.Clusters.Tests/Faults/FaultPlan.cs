namespace Kubeflow.Orleans.Clusters.Tests.Faults;

/// <summary>Which faults happen. The same seed draws the same faults for the same order of requests.</summary>
internal abstract class FaultPlan
{
    public static FaultPlan None { get; } = new Nothing();

    public abstract Fault For(ProxiedRequest request);

    public abstract WatchFault ForEvent();

    private sealed class Nothing : FaultPlan
    {
        public override Fault For(ProxiedRequest request) => Fault.None;

        public override WatchFault ForEvent() => WatchFault.None;
    }
}

/// <summary>Everything that can happen happens, often.</summary>
internal sealed class RandomFaults(int seed) : FaultPlan
{
    private readonly Lock guard = new();
    private readonly Random random = new(seed);

    public override Fault For(ProxiedRequest request) => Draw() switch
    {
        < 0.03 => Fault.CutBefore,
        < 0.06 => Fault.CutAfter,
        < 0.09 => Fault.TooManyRequests,
        < 0.12 => Fault.ServerError,
        < 0.13 => Fault.Stall,
        < 0.16 when !request.IsWrite => Fault.Expired,
        _ => Fault.None,
    };

    public override WatchFault ForEvent() => Draw() switch
    {
        < 0.01 => WatchFault.Cut,
        < 0.05 => WatchFault.Duplicate,
        < 0.09 => WatchFault.Swap,
        < 0.10 => WatchFault.Expired,
        _ => WatchFault.None,
    };

    private double Draw()
    {
        lock (guard)
        {
            return random.NextDouble();
        }
    }
}
