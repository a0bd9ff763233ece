using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

namespace Kubeflow.Orleans.Kubernetes.Watching;

/// <summary>Reads newline-delimited JSON values from a stream.</summary>
internal sealed class JsonLines(Stream stream)
{
    private readonly PipeReader reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024, leaveOpen: true));

    /// <summary>The next value, or null at the end of the stream. A last line without newline is cut off and not returned.</summary>
    public async ValueTask<JsonElement?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Parse(buffer.Slice(0, end));
                reader.AdvanceTo(buffer.GetPosition(1, end));
                return line;
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                return null;
            }
        }
    }

    private static JsonElement Parse(ReadOnlySequence<byte> line)
    {
        var json = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = 512 });
        return JsonElement.ParseValue(ref json);
    }
}
