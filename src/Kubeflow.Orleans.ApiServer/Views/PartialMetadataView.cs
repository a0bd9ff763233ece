using System.Text.Json;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.ApiServer.Views;

/// <summary>Only the metadata of objects: what garbage collectors and metadata informers ask for.</summary>
internal sealed class PartialMetadataView : IObjectView
{
    internal const string ApiVersion = "meta.k8s.io/v1";

    public void WriteItem(Utf8JsonWriter writer, Document document)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", "PartialObjectMetadata");
        writer.WriteString("apiVersion", ApiVersion);
        if (document.Root.TryGetProperty("metadata", out var metadata))
        {
            writer.WritePropertyName("metadata");
            metadata.WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    public void WriteBookmark(Utf8JsonWriter writer, Document bookmark) => WriteItem(writer, bookmark);

    public void WriteList(Utf8JsonWriter writer, ObjectList list)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", "PartialObjectMetadataList");
        writer.WriteString("apiVersion", ApiVersion);
        writer.WritePropertyName("metadata");
        ObjectView.WriteListMetadata(writer, list, alwaysContinue: false);
        writer.WriteStartArray("items");
        foreach (var document in list.Items)
        {
            WriteItem(writer, document);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
