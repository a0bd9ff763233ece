using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Grains.Framework;

namespace Kubeflow.Orleans.Grains.Tests.Framework;

/// <summary>Wants two pods; says in status how many it has.</summary>
internal sealed class TwoPodsMachine : IStateMachine
{
    public const string ResourceName = "twopods.test.example";

    public Action WhileDeciding { get; init; } = () => { };

    public string Resource => ResourceName;

    public string Component => "two-pods-controller";

    public Decision Decide(Situation situation)
    {
        WhileDeciding();
        var have = situation.Pods.Select(pod => pod.Name).ToHashSet();
        var status = new JsonObject { ["pods"] = have.Count };
        var known = situation.Document.Root.TryGetProperty("status", out var old) && old.TryGetProperty("pods", out var pods) && pods.GetInt32() == have.Count;
        return new Decision
        {
            Status = known ? null : status,
            Actions = [.. Enumerable.Range(0, 2).Select(index => $"job-{index}").Where(name => !have.Contains(name)).Select(name => new ClusterAction.CreatePod(Pod(name)))],
            NextWake = situation.Now + TimeSpan.FromMinutes(10),
        };
    }

    private static V1Pod Pod(string name) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = name,
            NamespaceProperty = "default",
            Labels = new Dictionary<string, string> { [WellKnown.OwnerResourceLabel] = ResourceName, ["owner"] = "job" },
            OwnerReferences = [new V1OwnerReference { ApiVersion = "test.example/v1", Kind = "TwoPods", Name = "job", Uid = "uid-1", Controller = true }],
        },
    };
}
