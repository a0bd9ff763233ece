using System.Diagnostics;
using System.Globalization;
using System.Text;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Running;

/// <summary>A program while it runs. Disposing it ends it, with all it started.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    private static readonly TimeSpan LineLimit = TimeSpan.FromSeconds(60);

    private readonly ExternalProgram program;
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder error = new();
    private readonly Task reading;
    private readonly Lock gate = new();
    private TaskCompletionSource changed = NewSignal();

    public RunningProgram(ExternalProgram program)
    {
        this.program = program;
        process = Process.Start(program.StartInfo())!;
        reading = Task.WhenAll(ReadAsync(process.StandardOutput, output), ReadAsync(process.StandardError, error));
        WriteInput();
    }

    public int Id => process.Id;

    public string Output => Text(output);

    public string Error => Text(error);

    /// <summary>Waits until standard output says something.</summary>
    public Task<string> ShowsAsync(string expected) => WaitAsync(output, expected);

    /// <summary>Waits until standard error says something.</summary>
    public Task<string> TellsAsync(string expected) => WaitAsync(error, expected);

    /// <summary>Sends a signal: INT, TERM, KILL.</summary>
    public async Task SignalAsync(string signal) =>
        (await new ExternalProgram("/bin/kill", $"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)).RunAsync()).Succeeded();

    public Task<Finished> EndAsync() => EndAsync(LineLimit, TestContext.Current.CancellationToken);

    public async Task<Finished> EndAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await process.WaitForExitAsync(cancellationToken).WaitAsync(limit, cancellationToken);
            await reading.WaitAsync(limit, cancellationToken);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"'{program}' did not end within {limit}.\n{Output}\n{Error}");
        }

        return new Finished(program, process.ExitCode, Output, Error);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }

        process.Dispose();
    }

    private async Task<string> WaitAsync(StringBuilder stream, string expected)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limited.CancelAfter(LineLimit);
        var limit = Task.Delay(Timeout.Infinite, limited.Token);
        while (true)
        {
            var next = NextChange();
            var text = Text(stream);
            if (text.Contains(expected, StringComparison.Ordinal))
            {
                return text;
            }

            var first = await Task.WhenAny(next, reading, limit);
            Assert.True(first == next || Text(stream).Contains(expected, StringComparison.Ordinal), $"'{program}' did not say '{expected}'.\n{Output}\n{Error}");
        }
    }

    private async Task ReadAsync(StreamReader reader, StringBuilder into)
    {
        var buffer = new char[4096];
        for (int read; (read = await reader.ReadAsync(buffer)) > 0;)
        {
            lock (gate)
            {
                into.Append(buffer, 0, read);
                changed.SetResult();
                changed = NewSignal();
            }
        }
    }

    private void WriteInput()
    {
        using var input = process.StandardInput;
        try
        {
            input.Write(program.Input);
        }
        catch (IOException)
        {
            // It ended without reading its input.
        }
    }

    private Task NextChange()
    {
        lock (gate)
        {
            return changed.Task;
        }
    }

    private string Text(StringBuilder stream)
    {
        lock (gate)
        {
            return stream.ToString();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
