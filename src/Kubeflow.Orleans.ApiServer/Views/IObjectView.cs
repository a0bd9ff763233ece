using System.Text.Json;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.ApiServer.Views;

/// <summary>How objects are shown: as they are, as a table, or as metadata only. One view serves one answer or one watch.</summary>
internal interface IObjectView
{
    void WriteItem(Utf8JsonWriter writer, Document document);

    void WriteList(Utf8JsonWriter writer, ObjectList list);

    /// <summary>A bookmark of a watch: nothing but kind, version and annotations.</summary>
    void WriteBookmark(Utf8JsonWriter writer, Document bookmark);
}

/// <summary>One page of a list.</summary>
/// <param name="Continue">Where the next page starts; empty at the end.</param>
internal sealed record ObjectList(IReadOnlyList<Document> Items, long Position, string Continue, long? Remaining);
