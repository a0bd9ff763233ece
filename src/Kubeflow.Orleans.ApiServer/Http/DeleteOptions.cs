using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Reading;
using Kubeflow.Orleans.Core.Reading.Protobuf;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>Reads the options of a delete: from the body when there is one, from the query otherwise.</summary>
internal static class DeleteOptions
{
    private const string Kind = "DeleteOptions";

    public static async Task<(DeleteRequest Request, bool DryRun)> ReadAsync(KindRequest request)
    {
        var body = await RequestBody.ReadAsync(request.Context);
        return body.Length == 0 ? FromQuery(request.Query) : FromBody(Parse(request, body));
    }

    private static (DeleteRequest Request, bool DryRun) FromQuery(RequestQuery query)
    {
        bool? orphan = query.Has("orphanDependents") ? query.Flag("orphanDependents") : null;
        var request = new DeleteRequest
        {
            GracePeriodSeconds = Grace(query.Integer("gracePeriodSeconds")),
            PropagationPolicy = Policy(query.Text("propagationPolicy"), orphan),
        };
        return (request, WriteOptions.DryRun(query.Text("dryRun"), Kind));
    }

    private static (DeleteRequest Request, bool DryRun) FromBody(JsonObject body)
    {
        if (body["kind"]?.ToString() is { Length: > 0 } kind && kind != Kind)
        {
            var version = body["apiVersion"]?.ToString() ?? "";
            throw StatusErrors.BadRequest($"no kind \"{kind}\" is registered for version \"{version}\" in scheme \"pkg/apis/meta/internalversion/scheme/register.go:27\"");
        }

        var preconditions = Member<JsonObject>(body, "preconditions");
        var request = new DeleteRequest
        {
            GracePeriodSeconds = Grace(Value<long>(body, "gracePeriodSeconds")),
            PropagationPolicy = Policy(Member<JsonValue>(body, "propagationPolicy")?.ToString() ?? "", Value<bool>(body, "orphanDependents")),
            PreconditionUid = preconditions?["uid"]?.ToString(),
            PreconditionResourceVersion = preconditions?["resourceVersion"]?.ToString(),
        };
        var dryRun = Member<JsonArray>(body, "dryRun") is { } values && values.Aggregate(false, (any, value) => any | WriteOptions.DryRun(value?.ToString() ?? "", Kind));
        return (request, dryRun);
    }

    private static JsonObject Parse(KindRequest request, ReadOnlyMemory<byte> body)
    {
        try
        {
            var contentType = MediaTypes.WithoutParameters(request.Context.Request.ContentType);
            return contentType == MediaTypes.Protobuf ? ProtobufReader.Read(body.Span) : ObjectReader.Read(body, contentType).Document;
        }
        catch (ReadException exception)
        {
            throw StatusErrors.BadRequest($"couldn't get version/kind; json parse error: {exception.Message}");
        }
    }

    private static string Policy(string policy, bool? orphanDependents)
    {
        if (policy.Length > 0 && orphanDependents is not null)
        {
            throw StatusErrors.InvalidOptions(
                Kind, FieldError.Invalid("propagationPolicy", GoText.Quote(policy), "orphanDependents and deletionPropagation cannot be both set"));
        }

        return (policy, orphanDependents) switch
        {
            ("", true) => "Orphan",
            ("", false) => "Background",
            ("" or "Foreground" or "Background" or "Orphan", _) => policy,
            _ => throw StatusErrors.InvalidOptions(
                Kind, FieldError.NotSupported("propagationPolicy", GoText.Quote(policy), ["Foreground", "Background", "Orphan", "nil"])),
        };
    }

    /// <summary>A negative period is taken for the shortest there is.</summary>
    private static long? Grace(long? seconds) => seconds < 0 ? 1 : seconds;

    private static T? Value<T>(JsonObject body, string name)
        where T : struct =>
        Member<JsonValue>(body, name) switch
        {
            null => null,
            var value when value.TryGetValue(out T typed) => typed,
            var value => throw WrongType(name, value),
        };

    private static T? Member<T>(JsonObject body, string name)
        where T : JsonNode =>
        body[name] switch
        {
            null => null,
            T member => member,
            var other => throw WrongType(name, other),
        };

    private static StatusException WrongType(string name, JsonNode value) => StatusErrors.BadRequest(
        $"{Kind} in version \"v1\" cannot be handled as a {Kind}: json: cannot unmarshal {GoText.KindOf(value)} into Go struct field {Kind}.{name}");
}
