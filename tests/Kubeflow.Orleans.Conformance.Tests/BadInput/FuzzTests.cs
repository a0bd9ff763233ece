using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Conformance.Tests.Running;
using Kubeflow.Orleans.Core.Reading;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.BadInput;

/// <summary>Thousands of damaged manifests sent to a control plane of its own. <c>KFO_FUZZ_SEED</c> repeats a run.</summary>
public sealed class FuzzTests(FuzzTests.OwnControlPlane controlPlane, ITestOutputHelper output) : IClassFixture<FuzzTests.OwnControlPlane>
{
    private const int Requests = 6000;
    private const int Senders = 4;

    /// <summary>Suspended, then damaged: now and then a mutant starts pods, which is part of the trial.</summary>
    private static readonly string[] OwnManifests = [Manifests.TFJob("fuzz", "true", 2, Manifests.Suspended), Manifests.PyTorchJob("fuzz", "true", 1, Manifests.Suspended)];

    /// <summary>A resourceVersion that is no number, and one on an object to be created: Kubernetes answers 500 there, clients know it so.</summary>
    private static readonly string[] UpstreamsOwn500s = ["strconv.ParseUint: parsing ", "resourceVersion should not be set on objects to be created"];

    [Fact]
    public async Task Damaged_manifests_are_answered_and_the_control_plane_goes_on()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("KFO_FUZZ_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        output.WriteLine($"KFO_FUZZ_SEED={seed}");
        var team = await controlPlane.NewNamespaceAsync();
        var manifests = await ReadManifestsAsync();
        using var client = controlPlane.NewClient();
        await CreateTargetsAsync(client, team, manifests);
        var before = controlPlane.ResidentMegabytes();

        var failures = await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => SendAsync(team, manifests, new Random(seed + sender))));

        Assert.Empty(failures.SelectMany(failure => failure).Take(10));
        Assert.InRange(controlPlane.ResidentMegabytes(), 0, before + 600);
        await AssertStillWorksAsync(client);
    }

    /// <returns>What was not answered as it should be.</returns>
    private async Task<IReadOnlyList<string>> SendAsync(string team, IReadOnlyList<JsonNode> manifests, Random random)
    {
        using var client = controlPlane.NewClient();
        var failures = new List<string>();
        var mutation = new ManifestMutation(random);
        for (var number = 0; number < Requests / Senders; number++)
        {
            var manifest = manifests[random.Next(manifests.Count)];
            var collection = Collection(team, manifest);
            var validation = random.Next(2) == 0 ? "Strict" : "Warn";
            var (method, path, contentType, body) = random.Next(5) switch
            {
                0 => (HttpMethod.Put, $"{collection}/fuzz?fieldValidation={validation}", "application/json", mutation.Mutate(manifest)),
                1 => (HttpMethod.Patch, $"{collection}/fuzz?fieldValidation={validation}", "application/merge-patch+json", mutation.Patch(manifest, asOperations: false)),
                2 => (HttpMethod.Patch, $"{collection}/fuzz?fieldValidation={validation}", "application/json-patch+json", mutation.Patch(manifest, asOperations: true)),
                3 => (HttpMethod.Post, $"{collection}?fieldValidation={validation}&dryRun=All", "application/yaml", mutation.Mutate(manifest)),
                _ => (HttpMethod.Post, $"{collection}?fieldValidation={validation}", "application/json", mutation.Mutate(Named(manifest, $"m{random.Next(200)}"))),
            };

            var answer = await client.SendAsync(method, path, body, contentType);

            if (!IsProper(answer))
            {
                failures.Add($"{method} {path} {contentType}\n{Encoding.UTF8.GetString(body)}\n{answer}");
            }
        }

        return failures;
    }

    private static bool IsProper(Answer answer) => answer.Code is 200 or 201 || (IsRefusal(answer) && (string?)answer.Body["kind"] == "Status" && (int?)answer.Body["code"] == answer.Code && answer.Message.Length > 0);

    private static bool IsRefusal(Answer answer) => answer.Code is >= 400 and < 500 || (answer.Code == 500 && UpstreamsOwn500s.Any(message => answer.Message.StartsWith(message, StringComparison.Ordinal)));

    /// <summary>What the damaged objects have done to grains and embedded cluster must not show: a good job runs as ever.</summary>
    private async Task AssertStillWorksAsync(RawClient client)
    {
        var team = await controlPlane.NewNamespaceAsync();
        var created = await client.PostAsync($"/apis/kubeflow.org/v1/namespaces/{team}/tfjobs?fieldValidation=Strict", Manifests.TFJob("good", "true", 2), "application/yaml");
        Assert.True(created.Code == 201, created.ToString());
        await client.UntilAsync($"/apis/kubeflow.org/v1/namespaces/{team}/tfjobs/good", job => Jobs.HasCondition(job, "Succeeded"), "succeeded");
        Assert.Equal(200, (await client.GetAsync("/readyz")).Code);
    }

    private static async Task CreateTargetsAsync(RawClient client, string team, IReadOnlyList<JsonNode> manifests)
    {
        foreach (var manifest in manifests.DistinctBy(manifest => (string?)manifest["kind"]))
        {
            var created = await client.PostAsync(Collection(team, manifest), Named(manifest, "fuzz").ToJsonString());
            Assert.True(created.Code == 201, created.ToString());
        }
    }

    private static async Task<IReadOnlyList<JsonNode>> ReadManifestsAsync()
    {
        var texts = OwnManifests.ToList();
        if (Repository.Fixtures is { } fixtures)
        {
            foreach (var file in ((string[])["tfjob-*.yaml", "pytorchjob-*.yaml"]).SelectMany(pattern => Directory.EnumerateFiles(Path.Combine(fixtures, "training", "v1"), pattern)).Order(StringComparer.Ordinal))
            {
                texts.Add(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
            }
        }

        return [.. texts.Select(text => Harmless(Named(ObjectReader.Read(Encoding.UTF8.GetBytes(text), "application/yaml").Document, "fuzz")))];
    }

    private static JsonNode Named(JsonNode manifest, string name)
    {
        var named = manifest.DeepClone();
        named["metadata"] = new JsonObject { ["name"] = name };
        return named;
    }

    /// <summary>Where the manifest names a program that is installed here (torchrun), hundreds of them would run.</summary>
    private static JsonNode Harmless(JsonNode manifest)
    {
        var replicas = manifest["spec"]!.AsObject().Single(field => field.Key.EndsWith("ReplicaSpecs", StringComparison.Ordinal)).Value!.AsObject();
        foreach (var container in replicas.SelectMany(replica => replica.Value!["template"]!["spec"]!["containers"]!.AsArray()))
        {
            container!["command"] = new JsonArray("true");
        }

        return manifest;
    }

    private static string Collection(string team, JsonNode manifest) =>
        $"/apis/kubeflow.org/v1/namespaces/{team}/{((string)manifest["kind"]! == "TFJob" ? "tfjobs" : "pytorchjobs")}";

    /// <summary>The other tests' control plane is spared.</summary>
    public sealed class OwnControlPlane : ControlPlane;
}
