using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Views;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>
/// Writes the events of one watch, one JSON object a line. A full pipe holds up this watch alone: others have cursors of their own,
/// and what this one has not read stays in the log.
/// </summary>
internal sealed class WatchEvents(PipeWriter pipe, IObjectView view, ObjectFilter filter, string apiVersion, string kind)
{
    private const int FlushedFrom = 64 * 1024;

    private const string InitialEventsEnd = "k8s.io/initial-events-end";

    private readonly Utf8JsonWriter writer = Responses.Writer(pipe);
    private long unflushed;

    public void Added(Document document) => Write("ADDED", () => view.WriteItem(writer, document));

    /// <summary>To a watch with selectors an object that begins to match is added, and one that ceases to is deleted.</summary>
    public void Changed(Change change)
    {
        var matches = change.Type != ChangeType.Deleted && filter.Matches(change.Key, change.Document);
        var matched = change.Type != ChangeType.Added && filter.Matches(change.Key, change.Previous ?? change.Document);
        switch (matched, matches)
        {
            case (false, true):
                Added(change.Document);
                break;
            case (true, true):
                Write("MODIFIED", () => view.WriteItem(writer, change.Document));
                break;
            case (true, false) when change.Type == ChangeType.Deleted:
                Write("DELETED", () => view.WriteItem(writer, change.Document));
                break;
            case (true, false):
                // The last state that matched, at the position where it ceased to: resuming from there must not show it again.
                Write("DELETED", () => view.WriteItem(writer, change.Previous!.WithResourceVersion(change.Position)));
                break;
        }
    }

    public void Bookmark(long position, bool endsInitialEvents)
    {
        var metadata = new JsonObject { ["resourceVersion"] = position.ToString(CultureInfo.InvariantCulture) };
        if (endsInitialEvents)
        {
            metadata["annotations"] = new JsonObject { [InitialEventsEnd] = "true" };
        }

        var bookmark = Document.FromNode(new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind, ["metadata"] = metadata });
        Write("BOOKMARK", () => view.WriteBookmark(writer, bookmark));
    }

    public void Error(ApiStatus status) => Write("ERROR", () => status.ToNode().WriteTo(writer, Document.SerializerOptions));

    public ValueTask FlushIfLargeAsync(CancellationToken cancellationToken) => unflushed >= FlushedFrom ? FlushAsync(cancellationToken) : ValueTask.CompletedTask;

    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (unflushed == 0)
        {
            return;
        }

        unflushed = 0;
        var flushed = await pipe.FlushAsync(cancellationToken);
        if (flushed.IsCompleted)
        {
            throw new OperationCanceledException("The watching client has gone.");
        }
    }

    private void Write(string type, Action writeObject)
    {
        writer.Reset(pipe);
        writer.WriteStartObject();
        writer.WriteString("type", type);
        writer.WritePropertyName("object");
        writeObject();
        writer.WriteEndObject();
        writer.Flush();
        var end = pipe.GetSpan(1);
        end[0] = (byte)'\n';
        pipe.Advance(1);
        unflushed += writer.BytesCommitted + 1;
    }
}
