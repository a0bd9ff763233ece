using System.Text.RegularExpressions;
using Kubeflow.Orleans.Cli.Commands;
using Kubeflow.Orleans.Cli.Manifests;
using Xunit;

namespace Kubeflow.Orleans.Architecture.Tests;

/// <summary>What README and samples say holds.</summary>
public sealed partial class DocumentTests
{
    public static TheoryData<string> Samples => [.. Repository.Files("deploy/samples", "*.yaml")];

    public static TheoryData<string> Documents => [.. ((string[])["README.md", "tests/README.md", "src/README.md", "deploy/README.md"]).Concat(Repository.Files("deploy/samples", "*.md"))];

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_sample_parses_and_is_of_a_kind_that_is_served(string sample)
    {
        foreach (var manifest in ManifestReader.Read(sample, Repository.Read(sample)))
        {
            Assert.Contains(Assemblies.Kinds, kind => kind.Kind == manifest.Kind && kind.Versions.Any(version => kind.ApiVersion(version.Name) == manifest.ApiVersion));
        }
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_sample_names_scripts_that_are_there(string sample)
    {
        foreach (Match script in Script().Matches(Repository.Read(sample)))
        {
            Assert.True(File.Exists(Repository.PathOf($"deploy/samples/{script.Groups[1].Value}")), $"{sample} starts {script.Groups[1].Value}");
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void A_kfo_command_in_a_document_is_understood(string document)
    {
        var root = CommandLine.Build(CommandContext.Create());
        foreach (Match command in Command().Matches(Repository.Read(document)))
        {
            var line = command.Groups[1].Value.Trim();
            Assert.True(root.Parse(line).Errors.Count == 0, $"{document}: kfo {line}: {string.Join(" ", root.Parse(line).Errors)}");
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void A_file_a_document_names_is_there(string document)
    {
        foreach (var name in NamedPath().Matches(Repository.Read(document)).Select(path => path.Groups[1].Value.TrimEnd('.', '/')).Where(name => !name.Contains("/bin/", StringComparison.Ordinal)))
        {
            Assert.True(Path.Exists(Repository.PathOf(name)), $"{document} names {name}");
        }
    }

    [Fact]
    public void The_test_command_of_the_README_is_the_one_continuous_integration_runs()
    {
        Assert.Contains("tests/run.sh", Repository.Read("README.md"), StringComparison.Ordinal);
        Assert.Contains("tests/run.sh", Repository.Read(".ci/run"), StringComparison.Ordinal);
    }

    [GeneratedRegex("\"([a-z]+/[a-z_]+\\.py)\"")]
    private static partial Regex Script();

    /// <summary>Commands stand on lines of their own in code blocks, by name or through <c>dotnet run</c>.</summary>
    [GeneratedRegex(@"^(?:\$ )?(?:kfo|dotnet run --project src/Kubeflow\.Orleans\.Cli --) ([^#\n]+)", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"(?<![\w/.-])((?:src|deploy|tests|grains|silo)/[A-Za-z0-9_./-]*[A-Za-z0-9_/])")]
    private static partial Regex NamedPath();
}
