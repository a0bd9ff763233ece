namespace Kubeflow.Orleans.LocalCluster.Kubelet;

internal enum ProbeKind
{
    Startup,
    Readiness,
    Liveness,
}

/// <summary>What one run of a probe found.</summary>
internal sealed record ProbeOutcome(bool Success, string Message)
{
    public static ProbeOutcome Succeeded { get; } = new(true, "");

    public static ProbeOutcome Failed(string message) => new(false, message);
}

/// <summary>Counts equal outcomes in a row; a probe changes its mind only when there are enough of them. Pure.</summary>
internal readonly record struct ProbeTally(bool LastSuccess, int Run)
{
    public ProbeTally Observe(bool success) => new(success, success == LastSuccess ? Run + 1 : 1);

    /// <summary>Success or failure once there is enough proof; null while there is not.</summary>
    public bool? Verdict(ProbeSpec probe) => Run >= (LastSuccess ? probe.SuccessThreshold : probe.FailureThreshold) ? LastSuccess : null;
}
