using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Running;

/// <summary>The interpreter the tests use: <c>KFO_PYTHON</c>, else the system's.</summary>
internal static class Python
{
    public static string Path { get; } = Environment.GetEnvironmentVariable("KFO_PYTHON") is { Length: > 0 } configured ? configured : "/usr/bin/python3";

    /// <summary>Skips the test where the interpreter or one of its libraries is absent.</summary>
    public static async Task RequireAsync(string library)
    {
        Assert.SkipUnless(File.Exists(Path), $"{Path} is not here.");
        var imported = await new ExternalProgram(Path, "-c", $"import {library}").RunAsync();
        Assert.SkipUnless(imported.ExitCode == 0, $"{Path} has no library '{library}'.");
    }
}
