using System.Net;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Resilience.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Resilience.Tests.Workload;

/// <summary>
/// A planned job as far as the silo has acknowledged it. Each step is asked for until it is acknowledged; what was acknowledged must
/// be true ever after.
/// </summary>
internal sealed class SubmittedJob(PlannedJob plan)
{
    private string? uid;
    private long version;
    private int patched;
    private bool deleted;

    public PlannedJob Plan => plan;

    public bool IsCreated => uid is not null;

    /// <summary>Everything planned is acknowledged.</summary>
    public bool IsDone => IsCreated && patched == plan.Patches.Count && (deleted || !plan.IsDeleted);

    /// <summary>Asks for the next step; false when there is none any more.</summary>
    public async Task<bool> StepAsync(ApiClient api)
    {
        if (IsDone)
        {
            return false;
        }

        if (!IsCreated)
        {
            Acknowledge(await CreateAsync(api));
        }
        else if (patched < plan.Patches.Count)
        {
            Acknowledge((await api.PatchAsync(plan.Path, plan.Patches[patched])).RequireSuccess().Body);
            patched++;
        }
        else
        {
            var answer = await api.DeleteAsync(plan.Path);
            deleted = answer.Code == HttpStatusCode.NotFound || answer.RequireSuccess().IsSuccess;
        }

        return true;
    }

    /// <summary>What was acknowledged is there.</summary>
    public void AssertKept(IReadOnlyDictionary<string, JsonObject> listed)
    {
        if (!IsCreated || plan.Expectation == Expectation.Gone)
        {
            return;
        }

        Assert.True(listed.TryGetValue(plan.Name, out var found), $"{plan.Name} was acknowledged and is lost.");
        Assert.Equal(uid, found.Uid());
        Assert.True(found.Version() >= version, $"{plan.Name} was acknowledged at {version} and is at {found.Version()}.");
        if (plan.Patches.Count > 0 && patched == plan.Patches.Count)
        {
            Assert.Equal(JsonNode.Parse(plan.Patches[^1])!["spec"]!["runPolicy"]!["suspend"]!.ToJsonString(), found["spec"]!["runPolicy"]!["suspend"]!.ToJsonString());
        }
    }

    /// <summary>What differs from how the job must end; null when it has ended so.</summary>
    public string? Differs(IReadOnlyDictionary<string, JsonObject> listed) =>
        plan.Expectation.Differs(listed.GetValueOrDefault(plan.Name)) is { } difference ? $"{plan.Name}: {difference}" : null;

    /// <summary>A create whose answer was lost may have happened: then the object is there.</summary>
    private async Task<JsonObject> CreateAsync(ApiClient api)
    {
        var answer = await api.CreateAsync(plan.Collection, plan.Body.DeepClone().AsObject());
        return answer.Code == HttpStatusCode.Conflict ? (await api.GetAsync(plan.Path)).RequireSuccess().Body : answer.RequireSuccess().Body;
    }

    private void Acknowledge(JsonObject answered)
    {
        uid ??= answered.Uid();
        Assert.Equal(uid, answered.Uid());
        version = Math.Max(version, answered.Version());
    }
}
