using System.Text.RegularExpressions;
using Kubeflow.Orleans.Grains.Tests.Training;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests;

/// <summary>The ledger in README.md speaks of tests and cases that exist.</summary>
public sealed partial class LedgerTests
{
    public static TheoryData<string> Entries => [.. Named().Matches(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "README.md")))
        .Select(match => match.Groups[1].Value).Distinct().Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Entries))]
    public void Ledger_names_a_test_or_a_case_that_exists(string entry)
    {
        if (entry.Contains('/', StringComparison.Ordinal))
        {
            Assert.True(File.Exists(Path.Combine(CaseFile.Root, entry, "expect.yaml")), $"There is no case {entry}.");
            return;
        }

        var (type, method) = (entry[..entry.IndexOf('.', StringComparison.Ordinal)], entry[(entry.IndexOf('.', StringComparison.Ordinal) + 1)..]);
        Assert.Contains(typeof(LedgerTests).Assembly.GetTypes(), candidate => candidate.Name == type && candidate.GetMethod(method) is not null);
    }

    [GeneratedRegex(@"`((?:[A-Z]\w+Job/[a-z0-9-]+)|(?:\w+Tests\.\w+))`")]
    private static partial Regex Named();
}
