using System.Text.Json.Nodes;
using Kubeflow.Orleans.Conformance.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Training;

/// <summary>The manifests upstream ships are accepted as they are, and become the pods they describe.</summary>
public sealed class UpstreamManifestTests(ControlPlane controlPlane)
{
    private const string NothingToSee = "";

    /// <summary>File names; one empty name where the manifests are absent, so that the skip is seen.</summary>
    public static TheoryData<string> Files => Repository.Fixtures is { } folder
        ? [.. ((string[])["tfjob-*.yaml", "pytorchjob-*.yaml"]).SelectMany(pattern => Directory.EnumerateFiles(Path.Combine(folder, "training", "v1"), pattern)).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)]
        : [NothingToSee];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_job_is_accepted_strictly_and_its_pods_know_their_place(string file)
    {
        var manifest = await File.ReadAllTextAsync(Repository.Fixture(Path.Combine("training", "v1", file)), TestContext.Current.CancellationToken);
        var resource = file.StartsWith("tfjob", StringComparison.Ordinal) ? "tfjobs" : "pytorchjobs";
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();

        // Their own namespace gives way to this test's.
        manifest = System.Text.RegularExpressions.Regex.Replace(manifest, @"(?m)^(  namespace:).*$", $"$1 {team}");
        var job = await client.PostAsync($"/apis/kubeflow.org/v1/namespaces/{team}/{resource}?fieldValidation=Strict", manifest, "application/yaml");

        Assert.True(job.Code == 201, job.ToString());
        var name = (string)job.Body["metadata"]!["name"]!;
        var replicas = Replicas(job.Body);
        var pods = await client.UntilAsync(
            $"/api/v1/namespaces/{team}/pods?labelSelector=training.kubeflow.org%2Fjob-name%3D{name}", list => list["items"]!.AsArray().Count == replicas, $"a list of {replicas} pods");
        foreach (var pod in pods["items"]!.AsArray())
        {
            AssertKnowsItsPlace(pod!, resource, replicas);
        }
    }

    [Fact]
    public async Task A_container_without_a_command_waits_and_says_why()
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        await client.PostAsync($"/apis/kubeflow.org/v1/namespaces/{team}/tfjobs", Manifests.TFJob("silent", "").Replace("command:", "args:", StringComparison.Ordinal), "application/yaml");

        var pod = await client.UntilAsync($"/api/v1/namespaces/{team}/pods/silent-worker-0", pod => (string?)Waiting(pod)?["reason"] is not (null or "ContainerCreating"), "waiting");
        var events = await client.UntilAsync(
            $"/api/v1/namespaces/{team}/events?fieldSelector=involvedObject.name%3Dsilent-worker-0", list => list["items"]!.AsArray().Any(item => (string?)item!["type"] == "Warning"), "a list with a warning");

        Assert.Contains((string?)Waiting(pod)!["reason"], (string?[])["ErrImagePull", "ImagePullBackOff"]);
        Assert.Contains("command", (string?)Waiting(pod)!["message"], StringComparison.Ordinal);
        Assert.Contains(events["items"]!.AsArray(), item => ((string?)item!["message"] ?? "").Contains("command", StringComparison.Ordinal));
    }

    private static JsonNode? Waiting(JsonNode pod) => pod["status"]?["containerStatuses"]?[0]?["state"]?["waiting"];

    private static int Replicas(JsonNode job) => job["spec"]!.AsObject()
        .Single(field => field.Key.EndsWith("ReplicaSpecs", StringComparison.Ordinal)).Value!.AsObject()
        .Sum(replica => (int?)replica.Value!["replicas"] ?? 1);

    private static void AssertKnowsItsPlace(JsonNode pod, string resource, int replicas)
    {
        var container = pod["spec"]!["containers"]!.AsArray().Single(container => (string?)container!["name"] is "tensorflow" or "pytorch")!;
        var environment = (container["env"]?.AsArray() ?? []).GroupBy(variable => (string)variable!["name"]!).ToDictionary(group => group.Key, group => (string?)group.Last()!["value"]);
        if (resource == "pytorchjobs")
        {
            Assert.Contains(environment.Keys, key => key is "WORLD_SIZE" or "PET_NNODES");
        }
        else if (replicas > 1)
        {
            var index = (string)pod["metadata"]!["labels"]!["training.kubeflow.org/replica-index"]!;
            Assert.Equal(index, JsonNode.Parse(environment["TF_CONFIG"]!)!["task"]!["index"]!.ToString());
        }
    }
}
