using System.Text.Json.Nodes;
using Kubeflow.Orleans.Resilience.Tests.Running;

namespace Kubeflow.Orleans.Resilience.Tests.Workload;

/// <summary>How a job must end, however often the silo is killed.</summary>
/// <param name="Condition">The condition that ends it; empty: the object itself goes.</param>
/// <param name="Role">Whose counts are looked at.</param>
internal sealed record Expectation(string Condition, string Role = "", int Succeeded = 0, int Failed = 0)
{
    public static Expectation Gone { get; } = new("");

    /// <summary>How often each pod's container starts; null: that depends on when the silo was killed.</summary>
    public int? Starts { get; init; }

    /// <summary>What is not as expected; null: all is.</summary>
    public string? Differs(JsonObject? job)
    {
        if (Condition.Length == 0 || job is null)
        {
            return Condition.Length == 0 == (job is null) ? null : job is null ? "it is gone" : "it is still there";
        }

        var counted = (job.Count(Role, "active"), job.Count(Role, "succeeded"), job.Count(Role, "failed"));
        return job.IsTrue(Condition) && counted == (0, Succeeded, Failed) ? null : $"expected {this}, it is {job["status"]?.ToJsonString()}";
    }
}
