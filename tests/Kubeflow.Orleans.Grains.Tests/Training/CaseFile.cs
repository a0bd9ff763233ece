using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Tests.Training;

/// <summary>
/// One golden case: <c>object.yaml</c> (the job), <c>world.yaml</c> (now in seconds, notes, pods and services by
/// <c>role-index</c>; services default to those of the pods) and <c>expect.yaml</c>. <c>children</c> stand as the cluster shows them. Lists in the expectation are complete: what is not
/// listed must not happen. <c>create</c> and <c>delete</c> name pods and services alike; everything else is compared where it is given.
/// </summary>
internal static class CaseFile
{
    private static readonly string[] Lists = ["conditions", "events", "createPods", "createServices", "deletePods", "deleteServices", "createChildren", "updateChildren", "deleteChildren"];

    public static string Root { get; } = Path.Combine(AppContext.BaseDirectory, "Training", "cases");

    public static World ReadWorld(string directory)
    {
        var world = new World(Read(directory, "object.yaml"));
        var given = Read(directory, "world.yaml");
        world.Now = World.Start.AddSeconds(given["now"]?.GetValue<double>() ?? 0);
        world.Notes = given["notes"]?.DeepClone().AsObject();
        var pods = given["pods"]?.AsObject() ?? [];
        foreach (var (place, pod) in pods)
        {
            var (role, index) = Place(place);
            world.Set(ReadPod(world.NewPod(role, index), pod!.AsObject(), world.Kind.ContainerName));
        }

        foreach (var place in given["services"]?.AsArray().Select(service => service!.GetValue<string>()) ?? pods.Select(pod => pod.Key))
        {
            var (role, index) = Place(place);
            world.Set(world.NewService(role, index));
        }

        foreach (var child in given["children"]?.AsArray() ?? [])
        {
            world.Set(ReadChild(child!.AsObject(), world));
        }

        return world;
    }

    public static JsonObject Expected(string directory)
    {
        var expected = Read(directory, "expect.yaml");
        foreach (var list in Lists)
        {
            expected[list] ??= new JsonArray();
        }

        Unfold(expected, "create");
        Unfold(expected, "delete");
        expected["deleteObject"] ??= false;
        return expected;
    }

    /// <summary>The decision in the terms of <paramref name="expected"/>.</summary>
    public static JsonObject Actual(World world, JsonObject expected)
    {
        var decision = world.Decide();
        world.Write(decision);
        var status = world.Job["status"];
        var actual = new JsonObject
        {
            ["conditions"] = Texts(world.Conditions()),
            ["events"] = Texts(decision.Events.Select(said => $"{said.Type} {said.Reason}: {said.Message}")),
            ["createPods"] = Texts(decision.Actions.OfType<ClusterAction.CreatePod>().Select(action => action.Pod.Name())),
            ["createServices"] = Texts(decision.Actions.OfType<ClusterAction.CreateService>().Select(action => action.Service.Name())),
            ["deletePods"] = Texts(decision.Actions.OfType<ClusterAction.DeletePod>().Select(action => action.Name)),
            ["deleteServices"] = Texts(decision.Actions.OfType<ClusterAction.DeleteService>().Select(action => action.Name)),
            ["createChildren"] = Texts(decision.Actions.OfType<ClusterAction.Create>().Select(action => $"{action.Item.Kind} {action.Item.Metadata.Name}")),
            ["updateChildren"] = Texts(decision.Actions.OfType<ClusterAction.Update>().Select(action => $"{action.Item.Kind} {action.Item.Metadata.Name}")),
            ["deleteChildren"] = Texts(decision.Actions.OfType<ClusterAction.Delete>().Select(action => $"{action.Kind.Kind} {action.Name}")),
            ["children"] = new JsonArray([.. decision.Actions.Select(Wanted).OfType<IKubernetesObject<V1ObjectMeta>>().Select(item => JsonNode.Parse(KubernetesJson.Serialize(item)))]),
            ["deleteObject"] = decision.DeleteObject,
            ["changed"] = decision.Status is not null,
            ["replicaStatuses"] = status?["replicaStatuses"]?.DeepClone(),
            ["startTime"] = Seconds(status?["startTime"]?.Deserialize<DateTimeOffset>()),
            ["restarts"] = status?["restarts"]?.GetValue<int>() ?? 0,
            ["completionTime"] = Seconds(status?["completionTime"]?.Deserialize<DateTimeOffset>()),
            ["nextWake"] = decision.NextWake == RunPolicyRules.SafetyCheck("job-uid", world.Now) ? "safety" : Seconds(decision.NextWake),
            ["restartPolicies"] = new JsonObject(Pods(decision).Select(pod => KeyValuePair.Create<string, JsonNode?>(pod.Name(), pod.Spec.RestartPolicy))),
            ["attempts"] = new JsonObject(Pods(decision).Select(pod => KeyValuePair.Create<string, JsonNode?>(pod.Name(), pod.GetLabel(ReplicaLabels.Attempt)))),
            ["environment"] = Environment(decision),
            ["initContainers"] = new JsonObject(Pods(decision).Select(pod => KeyValuePair.Create<string, JsonNode?>(
                pod.Name(), Texts(pod.Spec.InitContainers?.Select(container => container.Name) ?? [])))),
        };
        foreach (var name in actual.Select(member => member.Key).Where(name => !expected.ContainsKey(name)).ToList())
        {
            actual.Remove(name);
        }

        return actual;
    }

    private static IKubernetesObject<V1ObjectMeta>? Wanted(ClusterAction action) => action switch
    {
        ClusterAction.Create create => create.Item,
        ClusterAction.Update update => update.Item,
        _ => null,
    };

    private static ObservedChild ReadChild(JsonObject content, World world) => new()
    {
        Kind = world.Machine.ChildKinds.Single(kind => kind.Kind == content["kind"]!.GetValue<string>()),
        Name = content["metadata"]!["name"]!.GetValue<string>(),
        Uid = "child-uid",
        ResourceVersion = "7",
        Content = JsonSerializer.SerializeToElement(content),
    };

    private static IEnumerable<V1Pod> Pods(Decision decision) => decision.Actions.OfType<ClusterAction.CreatePod>().Select(action => action.Pod);

    private static JsonObject Environment(Decision decision) => new(Pods(decision).Select(pod => KeyValuePair.Create<string, JsonNode?>(
        pod.Name(), Texts(pod.Spec.Containers.SelectMany(container => container.Env ?? []).Select(variable => $"{variable.Name}={variable.Value ?? variable.ValueFrom?.FieldRef.FieldPath}")))));

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);

    private static JsonNode? Seconds(DateTimeOffset? time) => time is { } value ? (long)(value - World.Start).TotalSeconds : null;

    private static void Unfold(JsonObject expected, string verb)
    {
        if (expected[verb] is { } names)
        {
            expected[$"{verb}Pods"] = names.DeepClone();
            expected[$"{verb}Services"] = names.DeepClone();
            expected.Remove(verb);
        }
    }

    private static (string Role, int Index) Place(string place) =>
        (place[..place.LastIndexOf('-')], int.Parse(place[(place.LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture));

    private static ObservedPod ReadPod(ObservedPod pod, JsonObject given, string frameworkContainer)
    {
        var container = given["container"]?.GetValue<string>() ?? frameworkContainer;
        var exitCode = given["exitCode"]?.GetValue<double>();
        return pod with
        {
            Uid = given["uid"]?.GetValue<string>() ?? pod.Uid,
            Phase = given["phase"]!.GetValue<string>(),
            Reason = given["reason"]?.GetValue<string>() ?? "",
            DeletionTime = given["terminating"] is null ? null : World.Start,
            Containers = given["containers"] is JsonArray { Count: 0 } ? [] :
            [
                new ObservedContainer
                {
                    Name = container,
                    RestartCount = (int)(given["restarts"]?.GetValue<double>() ?? 0),
                    Waiting = given["waiting"]?.Deserialize<ObservedWaiting>(JsonSerializerOptions.Web),
                    Terminated = exitCode is { } code ? new ObservedTermination((int)code, code == 0 ? "Completed" : "Error", "") : null,
                },
            ],
            Conditions = given["conditions"]?.Deserialize<ImmutableArray<ObservedCondition>>(JsonSerializerOptions.Web) ?? [],
        };
    }

    private static JsonObject Read(string directory, string file) => World.ReadYaml(File.ReadAllText(Path.Combine(Root, directory, file)));
}
