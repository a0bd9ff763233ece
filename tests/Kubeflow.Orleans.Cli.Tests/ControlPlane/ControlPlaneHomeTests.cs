using System.Globalization;
using Kubeflow.Orleans.Cli.ControlPlane;
using Xunit;

namespace Kubeflow.Orleans.Cli.Tests.ControlPlane;

public sealed class ControlPlaneHomeTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("kfo-test-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void A_recorded_process_is_found_again_while_it_lives()
    {
        var home = new ControlPlaneHome(folder.FullName);

        home.WriteProcess(RecordedProcess.Current);

        Assert.Equal(Environment.ProcessId, home.ReadProcess()?.Id);
    }

    [Fact]
    public void A_process_that_got_the_number_of_an_ended_one_is_not_taken_for_it()
    {
        var home = new ControlPlaneHome(folder.FullName);

        home.WriteProcess(RecordedProcess.Current with { StartedUnixMilliseconds = RecordedProcess.Current.StartedUnixMilliseconds - 60_000 });

        Assert.Null(home.ReadProcess());
    }

    [Theory]
    [InlineData("")]
    [InlineData("12")]
    [InlineData("twelve 5")]
    public void A_broken_pid_file_names_nobody(string text) => Assert.Null(RecordedProcess.TryParse(text));

    [Fact]
    public void The_home_of_a_killed_run_is_cleared_and_that_of_a_living_one_is_kept()
    {
        var runs = folder.CreateSubdirectory("runs");
        var dead = runs.CreateSubdirectory(int.MaxValue.ToString(CultureInfo.InvariantCulture));
        var alive = runs.CreateSubdirectory(Environment.ProcessId.ToString(CultureInfo.InvariantCulture));

        new ControlPlaneHome(folder.FullName).ForRun(processId: 0);

        Assert.False(Directory.Exists(dead.FullName));
        Assert.True(Directory.Exists(alive.FullName));
    }

    [Fact]
    public void The_home_is_the_owners_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes.");
            return;
        }

        var home = new ControlPlaneHome(Path.Combine(folder.FullName, "new"));

        home.Create();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(home.Folder));
    }
}
