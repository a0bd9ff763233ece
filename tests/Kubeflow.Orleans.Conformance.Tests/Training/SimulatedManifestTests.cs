using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kubeflow.Orleans.Conformance.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Training;

/// <summary>The manifests upstream ships for every kind are accepted as they are and come to their end, on a node that runs no programs.</summary>
public sealed partial class SimulatedManifestTests(SimulatedControlPlane controlPlane) : IClassFixture<SimulatedControlPlane>
{
    private const string NothingToSee = "";

    /// <summary>Its pod templates say what they are, which upstream's strict validation refuses too.</summary>
    private const string NotStrict = "v1/xgboostjob-smoke-rabit-v1alpha1-named.yaml";

    /// <summary>File names; one empty name where the manifests are absent, so that the skip is seen.</summary>
    public static TheoryData<string> Files => Repository.Fixtures is { } folder
        ? [.. ((string[])["v1/*job-*.yaml", "mpi-v2beta1/mpijob-*.yaml", "trainer-v2/trainjob-0*.yaml"]).SelectMany(pattern => FilesOf(Path.Combine(folder, "training"), pattern)).Order(StringComparer.Ordinal)]
        : [NothingToSee];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Job_of_an_upstream_manifest_is_accepted_strictly_and_succeeds(string file)
    {
        var manifest = await File.ReadAllTextAsync(Repository.Fixture(Path.Combine("training", file)), TestContext.Current.CancellationToken);
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        foreach (var claim in ClaimName().Matches(manifest).Select(match => match.Groups["name"].Value).Distinct())
        {
            await client.PostAsync($"/api/v1/namespaces/{team}/persistentvolumeclaims", $$$"""
                {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "{{{claim}}}"}, "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi" } } } }
                """);
        }

        // Their own namespace gives way to this test's; what follows the job is a comment.
        var job = Namespace().Replace(manifest.Split("\n---\n")[0], $"$1 {team}");
        var created = await client.PostAsync($"{Collection(manifest, team)}?fieldValidation={(file == NotStrict ? "Warn" : "Strict")}", job, "application/yaml");
        Assert.True(created.Code == 201, created.ToString());

        var path = $"{Collection(manifest, team)}/{created.Body["metadata"]!["name"]}";
        if ((bool?)created.Body["spec"]!["suspend"] == true)
        {
            // It waits for a queueing system.
            await client.PatchAsync(path, """{"spec":{"suspend":false}}""");
        }

        var done = await client.UntilAsync(path, job => HasSucceeded(job) || Jobs.HasCondition(job, "Failed"), "finished");

        Assert.True(HasSucceeded(done), done.ToJsonString());
    }

    private static bool HasSucceeded(JsonNode job) => Jobs.HasCondition(job, (string?)job["kind"] == "TrainJob" ? "Complete" : "Succeeded");

    private static string Collection(string manifest, string team) =>
        $"/apis/{ApiVersion().Match(manifest).Groups["value"].Value}/namespaces/{team}/{Kind().Match(manifest).Groups["value"].Value.ToLowerInvariant()}s";

    private static IEnumerable<string> FilesOf(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(folder, Path.GetDirectoryName(pattern)!), Path.GetFileName(pattern)).Select(file => Path.GetRelativePath(folder, file));

    [GeneratedRegex(@"claimName: *""?(?<name>[^""\s]+)")]
    private static partial Regex ClaimName();

    [GeneratedRegex("^(  namespace:).*$", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^apiVersion: *""?(?<value>[^""\s]+)", RegexOptions.Multiline)]
    private static partial Regex ApiVersion();

    [GeneratedRegex(@"^kind: *""?(?<value>[^""\s]+)", RegexOptions.Multiline)]
    private static partial Regex Kind();
}
