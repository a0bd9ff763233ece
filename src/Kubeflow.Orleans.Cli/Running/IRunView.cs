namespace Kubeflow.Orleans.Cli.Running;

/// <summary>Where a run shows itself.</summary>
internal interface IRunView
{
    /// <summary>What happened, a sentence each.</summary>
    void Tell(IReadOnlyList<string> sentences);

    /// <summary>A line a replica wrote, with its prefix.</summary>
    void Log(string line);

    /// <summary>The state of everything, whenever it may look different.</summary>
    void Refresh(RunProgress progress, DateTimeOffset now);
}

/// <summary>Lines only, for pipes, files and CI.</summary>
internal sealed class PlainView(TextWriter output) : IRunView
{
    public void Tell(IReadOnlyList<string> sentences)
    {
        foreach (var sentence in sentences)
        {
            output.WriteLine(sentence);
        }
    }

    public void Log(string line) => output.WriteLine(line);

    public void Refresh(RunProgress progress, DateTimeOffset now)
    {
        // Lines already tell it.
    }
}
