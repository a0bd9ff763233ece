using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.LocalCluster.Kubelet;
using YamlDotNet.Serialization;

namespace Kubeflow.Orleans.LocalCluster.Tests.Kubelet;

/// <summary>What was submitted to a real Kubernetes and which statuses its pods went through, as text that can be compared.</summary>
internal static partial class RecordedLifecycle
{
    public const string Namespace = "life";

    /// <summary>The statuses of a pod from when the scheduler had bound it, equal neighbours once.</summary>
    public static List<string> Statuses(string name) => Distinct(Header().Split(File.ReadAllText(Fixtures.Find("apimachinery/pod-lifecycle.txt")))
        .Where(entry => entry.StartsWith(name + " ", StringComparison.Ordinal) && !entry.Contains(" ADDED ", StringComparison.Ordinal))
        .Select(Normalize));

    /// <summary>The same text for the statuses our pod went through.</summary>
    public static List<string> Statuses(IEnumerable<JsonElement> pods) => Distinct(pods.Select(Text).Select(Normalize));

    /// <summary>The manifest as submitted.</summary>
    public static JsonObject Manifest(string name)
    {
        var documents = File.ReadAllText(Fixtures.Find("apimachinery/pod-lifecycle-input.yaml")).Split("\n---\n");
        var serializer = new SerializerBuilder().JsonCompatible().Build();
        return documents.Select(text => JsonNode.Parse(serializer.Serialize(new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize<object>(text)))!.AsObject())
            .First(pod => pod["metadata"]!["name"]!.GetValue<string>() == name);
    }

    private static string Text(JsonElement pod)
    {
        var status = pod.At("status");
        var name = pod.At("metadata").Text("name");
        var conditions = status.Items("conditions").Select(item => $"{item.Text("type")}={item.Text("status")[..1]}{(item.Has("reason") ? $"({item.Text("reason")})" : "")}");
        var text = $"{name} MODIFIED rv 0 phase {status.Text("phase")} reason {status.TextOr("reason", "None")} msg {status.TextOr("message", "None")} ip {status.TextOr("podIP", "None")} obsgen {status.TextOr("observedGeneration", "None")}\n    cond {string.Join(' ', conditions)}";
        return text + Containers("init", status, "initContainerStatuses") + Containers("main", status, "containerStatuses");
    }

    private static string Containers(string title, JsonElement status, string list) => status.Has(list)
        ? $"\n    {title} " + string.Join(" | ", status.Items(list).Select(item =>
            $"{item.Text("name")} ready={item.Flag("ready")} started={item.Flag("started")} rc={item.Scalar("restartCount")} state[{State(item.At("state"))}] last[{State(item.At("lastState"))}] cid={(item.Has("containerID") ? 'Y' : 'N')}"))
        : "";

    private static string State(JsonElement state)
    {
        if (state.ValueKind != JsonValueKind.Object || !state.EnumerateObject().Any())
        {
            return "{}";
        }

        var (kind, value) = state.EnumerateObject().Select(property => (property.Name, property.Value)).First();
        return $"{kind}:{string.Join(',', new[] { "reason", "exitCode", "message" }.Where(field => value.Has(field)).Select(field => $"{field}={value.Scalar(field)}"))}";
    }

    /// <summary>Takes out what differs by nature: versions, addresses, uids, and the words about images and missing programs, which are ours.</summary>
    private static string Normalize(string entry)
    {
        var text = ByNature().Replace(entry.TrimEnd(), "");
        text = Address().Replace(text, "ip yes");
        text = Uid().Replace(text, "(uid)");
        return OwnWords().Replace(text, "$1");
    }

    private static List<string> Distinct(IEnumerable<string> texts) => [.. texts.Aggregate(new List<string>(), (all, text) =>
    {
        if (all.Count == 0 || all[^1] != text)
        {
            all.Add(text);
        }

        return all;
    })];

    [GeneratedRegex(@"^(?=\S+ (?:ADDED|MODIFIED|DELETED) rv )", RegexOptions.Multiline)]
    private static partial Regex Header();

    [GeneratedRegex(@"^\S+ \S+ rv \d+ | qos \S+| start \S| del \S+ \S+| gen \d+| img=\S+")]
    private static partial Regex ByNature();

    [GeneratedRegex(@"ip \d\S+")]
    private static partial Regex Address();

    [GeneratedRegex(@"\([0-9a-f-]{36}\)")]
    private static partial Regex Uid();

    [GeneratedRegex(@"((?:StartError|ErrImageNeverPull|ErrImagePull|ImagePullBackOff)(?:,exitCode=128)?),message=[^\]]*")]
    private static partial Regex OwnWords();
}
