using System.Globalization;
using System.Text.Json;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.ApiServer.Views;

/// <summary>Objects as they are stored, in the version the request asks for.</summary>
internal sealed class ObjectView(ResourceKind kind, string version) : IObjectView
{
    public void WriteItem(Utf8JsonWriter writer, Document document) => writer.WriteRawValue(InVersion(document).Utf8.Span, skipInputValidation: true);

    public void WriteBookmark(Utf8JsonWriter writer, Document bookmark) => WriteItem(writer, bookmark);

    public void WriteList(Utf8JsonWriter writer, ObjectList list)
    {
        writer.WriteStartObject();
        writer.WriteString("apiVersion", kind.ApiVersion(version));
        writer.WriteString("kind", kind.ListKind);
        writer.WritePropertyName("metadata");
        WriteListMetadata(writer, list, alwaysContinue: kind is not IBuiltInKind);
        writer.WriteStartArray("items");
        foreach (var document in list.Items)
        {
            WriteItem(writer, document);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <param name="alwaysContinue">Lists of custom resources carry <c>continue</c> even when it is empty.</param>
    internal static void WriteListMetadata(Utf8JsonWriter writer, ObjectList list, bool alwaysContinue)
    {
        writer.WriteStartObject();
        if (alwaysContinue || list.Continue.Length > 0)
        {
            writer.WriteString("continue", list.Continue);
        }

        if (list is { Remaining: { } remaining, Continue.Length: > 0 })
        {
            writer.WriteNumber("remainingItemCount", remaining);
        }

        writer.WriteString("resourceVersion", list.Position.ToString(CultureInfo.InvariantCulture));
        writer.WriteEndObject();
    }

    private Document InVersion(Document document)
    {
        if (kind.Versions.Length == 1 || document.ApiVersion == kind.ApiVersion(version))
        {
            return document;
        }

        var node = document.ToNode();
        node["apiVersion"] = kind.ApiVersion(version);
        return Document.FromNode(node);
    }
}
