using System.Text;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Reading;
using Kubeflow.Orleans.Core.Reading.Protobuf;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>Turns bodies into objects and patches, refusing what upstream's decoder refuses, in its words.</summary>
internal static class SentObject
{
    /// <summary>How much of a body a refusal repeats.</summary>
    private const int QuotedBody = 1024;

    public static async Task<ReadObject> ReadAsync(KindRequest request)
    {
        var contentType = MediaTypes.WithoutParameters(request.Context.Request.ContentType);
        if (contentType is not ("" or MediaTypes.Json or MediaTypes.Yaml) && !(contentType == MediaTypes.Protobuf && request.Kind is IBuiltInKind))
        {
            throw StatusErrors.UnsupportedMediaType(MediaTypes.Accepted);
        }

        var body = await RequestBody.ReadAsync(request.Context);
        var read = Parse(request.Kind, body, contentType);

        // Typed bodies say by their URL what they are; custom resources have to say it themselves.
        if (request.Kind is not IBuiltInKind && request.Info.Subresource != "scale")
        {
            RequireMember(request.Kind, read.Document, body, "kind", "Kind");
            RequireMember(request.Kind, read.Document, body, "apiVersion", "apiVersion");
        }

        return read;
    }

    public static async Task<(PatchRequest Patch, IReadOnlyList<string> DuplicateFields)> ReadPatchAsync(KindRequest request)
    {
        var contentType = MediaTypes.WithoutParameters(request.Context.Request.ContentType);
        PatchType? type = contentType switch
        {
            MediaTypes.JsonPatch => PatchType.JsonPatch,
            MediaTypes.MergePatch => PatchType.MergePatch,
            MediaTypes.StrategicMergePatch when request.Kind is IBuiltInKind => PatchType.StrategicMergePatch,
            MediaTypes.ApplyPatch => PatchType.Apply,
            _ => null,
        };
        if (type is not { } patchType)
        {
            string[] strategic = request.Kind is IBuiltInKind ? [MediaTypes.StrategicMergePatch] : [];
            throw StatusErrors.UnsupportedMediaType([MediaTypes.JsonPatch, MediaTypes.MergePatch, .. strategic, MediaTypes.ApplyPatch]);
        }

        var body = await RequestBody.ReadAsync(request.Context);
        var duplicates = new List<string>();
        try
        {
            var node = ObjectReader.ReadNode(body, contentType, duplicates);
            return (new PatchRequest(patchType, node ?? (patchType == PatchType.JsonPatch ? new JsonArray() : new JsonObject())), duplicates);
        }
        catch (ReadException exception)
        {
            throw StatusErrors.BadRequest($"error decoding patch: {exception.Message}");
        }
    }

    private static ReadObject Parse(ResourceKind kind, ReadOnlyMemory<byte> body, string contentType)
    {
        try
        {
            return contentType == MediaTypes.Protobuf ? new ReadObject(ProtobufReader.Read(body.Span), []) : ObjectReader.Read(body, contentType);
        }
        catch (ReadException exception) when (contentType == MediaTypes.Protobuf)
        {
            throw StatusErrors.BadRequest($"the object provided is unrecognized (must be of type {kind.Kind}): {exception.Message}");
        }
        catch (ReadException exception)
        {
            throw Unrecognized(kind, $"couldn't get version/kind; json parse error: {exception.Message}", body);
        }
    }

    private static void RequireMember(ResourceKind kind, JsonObject document, ReadOnlyMemory<byte> body, string member, string shown)
    {
        if (document[member] is null || document[member]!.ToString().Length == 0)
        {
            throw Unrecognized(kind, $"Object '{shown}' is missing in '{Quote(body)}'", body);
        }
    }

    private static StatusException Unrecognized(ResourceKind kind, string why, ReadOnlyMemory<byte> body) =>
        StatusErrors.BadRequest($"the object provided is unrecognized (must be of type {kind.Kind}): {why} ({(body.Length == 0 ? "<empty>" : Quote(body))})");

    private static string Quote(ReadOnlyMemory<byte> body) =>
        body.Length <= QuotedBody ? Encoding.UTF8.GetString(body.Span) : $"{Encoding.UTF8.GetString(body.Span[..QuotedBody])} ...";
}
