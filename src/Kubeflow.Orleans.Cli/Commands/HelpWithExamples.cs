using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Kubeflow.Orleans.Cli.Commands;

/// <summary>The usual help, and then how it looks in use.</summary>
internal sealed class HelpWithExamples(HelpAction usual, IReadOnlyList<string> examples) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var code = usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var example in examples)
        {
            output.WriteLine($"  {example}");
        }

        return code;
    }
}
