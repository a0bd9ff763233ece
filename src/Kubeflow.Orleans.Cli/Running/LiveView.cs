using Spectre.Console;
using Spectre.Console.Rendering;

namespace Kubeflow.Orleans.Cli.Running;

/// <summary>A table of the replicas that keeps itself up to date under the log, for terminals.</summary>
internal sealed class LiveView(IAnsiConsole console, LiveDisplayContext live) : IRunView
{
    public static Task<T> ShowAsync<T>(IAnsiConsole console, Func<IRunView, Task<T>> run) => console.Live(new Text("")).AutoClear(false).StartAsync(context => run(new LiveView(console, context)));

    public void Tell(IReadOnlyList<string> sentences)
    {
        // The table shows it.
    }

    public void Log(string line) => console.WriteLine(Printable(line));

    public void Refresh(RunProgress progress, DateTimeOffset now) => live.UpdateTarget(Draw(progress, now));

    internal static IRenderable Draw(RunProgress progress, DateTimeOffset now)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("Replica", "Phase", "Restarts", "Node", "Time", "");
        foreach (var replica in progress.Replicas)
        {
            table.AddRow(
                new Text(progress.NameOf(replica)), new Text(replica.Phase, Colour(replica.Phase)), new Text($"{replica.Restarts}"), new Text(replica.Node),
                new Text(replica.Age(now) is { } age ? RunProgress.Seconds(age) : ""), new Text(Printable(replica.Waiting)));
        }

        return new Rows([.. progress.Targets.Select(target => new Text(Printable($"{target.Label}  {target.Condition}  {target.Progress}").TrimEnd(), Colour(target.Condition))), table]);
    }

    /// <summary>Without control characters: a log must not steer the terminal.</summary>
    private static string Printable(string line) => string.Concat(line.Where(letter => !char.IsControl(letter) || letter == '\t'));

    private static Style Colour(string state) => state switch
    {
        "Succeeded" or "Complete" => new Style(Color.Green),
        "Failed" or "Deleted" => new Style(Color.Red),
        "Running" => new Style(Color.Blue),
        _ => Style.Plain,
    };
}
