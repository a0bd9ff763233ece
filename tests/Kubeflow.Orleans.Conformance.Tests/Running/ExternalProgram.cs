using System.Diagnostics;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Running;

/// <summary>A program, how it is called, and what it left when it ended.</summary>
internal sealed record ExternalProgram(string File, params IReadOnlyList<string> Arguments)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public string Input { get; init; } = "";

    public string WorkingDirectory { get; init; } = "";

    public override string ToString() => $"{Path.GetFileName(File)} {string.Join(' ', Arguments)}";

    public Task<Finished> RunAsync() => RunAsync(TestContext.Current.CancellationToken);

    public async Task<Finished> RunAsync(CancellationToken cancellationToken)
    {
        await using var running = Start();
        return await running.EndAsync(Limit, cancellationToken);
    }

    public RunningProgram Start() => new(this);

    public ProcessStartInfo StartInfo()
    {
        var info = new ProcessStartInfo(File, Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = WorkingDirectory,
        };
        foreach (var (name, value) in Environment)
        {
            info.Environment[name] = value;
        }

        return info;
    }
}

internal sealed record Finished(ExternalProgram Program, int ExitCode, string Output, string Error)
{
    public IReadOnlyList<string> Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Standard output of a program that must have succeeded.</summary>
    public string Succeeded()
    {
        Assert.True(ExitCode == 0, $"'{Program}' ended with {ExitCode}.\n{Output}\n{Error}");
        return Output;
    }

    /// <summary>Standard error of a program that must have failed.</summary>
    public string Failed()
    {
        Assert.True(ExitCode != 0, $"'{Program}' succeeded.\n{Output}\n{Error}");
        return Error;
    }
}
