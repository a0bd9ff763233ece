namespace Kubeflow.Orleans.Core.Reading;

/// <summary>A text is not the JSON or YAML it claims to be. The message is worded as the Go server words it.</summary>
/// <param name="message">For example <c>unexpected end of JSON input</c>.</param>
/// <param name="line">1-based; 0 when unknown.</param>
/// <param name="column">1-based; 0 when unknown.</param>
public sealed class ReadException(string message, long line = 0, long column = 0) : Exception(message)
{
    public long Line { get; } = line;

    public long Column { get; } = column;
}
