using NetArchTest.Rules;
using Xunit;

namespace Kubeflow.Orleans.Architecture.Tests;

/// <summary>Who may know whom. A new arrow is a decision: it changes this table in the same commit.</summary>
public sealed class ArrowTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Core"] = [],
        ["Contracts"] = ["Core"],
        ["Store"] = ["Core"],
        ["Kubernetes"] = ["Core"],
        ["ApiServer"] = ["Core", "Store", "Contracts"],
        ["LocalCluster"] = ["Core", "Store", "ApiServer"],
        ["Grains"] = ["Core", "Contracts", "Store", "Kubernetes"],
        ["Silo"] = ["Core", "Contracts", "Store", "Kubernetes", "ApiServer", "LocalCluster", "Grains"],
        ["Cli"] = ["Silo"],
    };

    public static TheoryData<string> Projects => [.. Repository.ProjectReferences.Keys.Order()];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_lies_below_it(string project)
    {
        Assert.True(Allowed.TryGetValue(project, out var allowed), $"{project} is new: say in this test whom it may know.");
        Assert.Empty(Repository.ProjectReferences[project].Except(allowed));
    }

    [Theory]
    [InlineData("Core", new[] { "Orleans", "Microsoft.AspNetCore", "Microsoft.Data", "System.Net.Http" })]
    [InlineData("Contracts", new[] { "Microsoft.AspNetCore", "Microsoft.Data", "System.Net.Http" })]
    [InlineData("Store", new[] { "Orleans", "Microsoft.AspNetCore" })]
    [InlineData("Kubernetes", new[] { "Orleans", "Microsoft.AspNetCore" })]
    [InlineData("LocalCluster", new[] { "Orleans" })]
    [InlineData("Grains", new[] { "Microsoft.AspNetCore", "System.Net.Http" })]
    public void A_layer_uses_no_machinery_that_is_not_its_business(string project, string[] machinery)
    {
        var result = Types.InAssembly(Assemblies.Load(project)).That().DoNotResideInNamespaceStartingWith("OrleansCodeGen").ShouldNot().HaveDependencyOnAny(machinery).GetResult();

        Assert.True(result.IsSuccessful, $"{project}: {string.Join(", ", result.FailingTypeNames ?? [])}");
    }

    [Fact]
    public void The_API_server_names_no_kind()
    {
        var kinds = Assemblies.Kinds.Select(kind => kind.Kind).Where(kind => kind.Length > 4).Distinct().Order().ToList();
        Assert.NotEmpty(kinds);

        var named = Repository.Files("src/Kubeflow.Orleans.ApiServer", "*.cs")
            .SelectMany(file => kinds.Where(kind => Repository.Read(file).Contains($"\"{kind}\"", StringComparison.Ordinal)).Select(kind => $"{file} names {kind}"))
            .Where(finding => !KnownToTheMachinery.Any(known => finding.EndsWith($" {known}", StringComparison.Ordinal)));

        Assert.Empty(named);
    }

    /// <summary>Kinds the API machinery itself is made of: it serves or answers them, whatever is registered.</summary>
    private static readonly string[] KnownToTheMachinery = ["Namespace", "Event"];
}
