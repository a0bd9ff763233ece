using Kubeflow.Orleans.Cli.Commands;
using Kubeflow.Orleans.Cli.ControlPlane;
using Spectre.Console;
using Xunit;

namespace Kubeflow.Orleans.Cli.Tests.Commands;

public sealed class CommandLineTests : IDisposable
{
    private readonly DirectoryInfo home = Directory.CreateTempSubdirectory("kfo-test-");
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    private CommandContext Context => new(new ControlPlaneHome(home.FullName), output, error, AnsiConsole.Console, TimeProvider.System);

    public void Dispose()
    {
        home.Delete(recursive: true);
        output.Dispose();
        error.Dispose();
    }

    [Fact]
    public async Task Every_command_has_help_with_examples()
    {
        foreach (var command in CommandLine.Build(Context).Subcommands)
        {
            output.GetStringBuilder().Clear();

            Assert.Equal(ExitCode.Success, await InvokeAsync(command.Name, "--help"));
            Assert.Matches($@"Examples:\s+.*kfo .*{command.Name}", output.ToString());
        }
    }

    [Theory]
    [InlineData("run")]
    [InlineData("rnu file")]
    [InlineData("run --timeout soon file")]
    [InlineData("get tfjobs -o xml")]
    [InlineData("apply")]
    [InlineData("delete")]
    [InlineData("delete tfjob")]
    [InlineData("delete tfjob digits -f file")]
    [InlineData("logs")]
    public async Task A_command_line_that_makes_no_sense_is_refused(string line)
    {
        Assert.Equal(ExitCode.Refused, await InvokeAsync(line.Split(' ')));
        Assert.NotEmpty(error.ToString());
    }

    [Theory]
    [InlineData("get pods")]
    [InlineData("logs digits")]
    [InlineData("delete tfjob digits")]
    public async Task Without_a_control_plane_the_next_step_is_named(string line)
    {
        Assert.Equal(ExitCode.Failed, await InvokeAsync(line.Split(' ')));
        Assert.Contains("kfo up", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Down_without_a_control_plane_is_fine() => Assert.Equal(ExitCode.Success, await InvokeAsync("down"));

    [Fact]
    public async Task The_kubeconfigs_place_is_printed_without_its_content()
    {
        await File.WriteAllTextAsync(Path.Combine(home.FullName, "kubeconfig"), "token: secret", TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Success, await InvokeAsync("kubeconfig"));
        Assert.Equal(Path.Combine(home.FullName, "kubeconfig"), output.ToString().Trim());
    }

    [Fact]
    public async Task A_file_with_nothing_that_ends_is_not_run()
    {
        var file = Path.Combine(home.FullName, "map.yaml");
        await File.WriteAllTextAsync(file, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Refused, await InvokeAsync("run", file));
        Assert.Contains("kfo apply -f", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("90", 90)]
    [InlineData("90s", 90)]
    [InlineData("10m", 600)]
    [InlineData("1.5h", 5400)]
    public void Durations_are_read_as_kubectl_reads_them(string text, int seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), Duration.TryParse(text));

    [Theory]
    [InlineData("")]
    [InlineData("m")]
    [InlineData("-5s")]
    [InlineData("0s")]
    [InlineData("5ms")]
    [InlineData("soon")]
    public void What_is_no_duration_is_not_guessed(string text) => Assert.Null(Duration.TryParse(text));

    private Task<int> InvokeAsync(params string[] arguments) => CommandLine.InvokeAsync(Context, arguments, TestContext.Current.CancellationToken);
}
