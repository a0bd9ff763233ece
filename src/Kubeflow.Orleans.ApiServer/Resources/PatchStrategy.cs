using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Patches;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>What a patch makes of an object, apply aside. Pure.</summary>
internal static class PatchStrategy
{
    /// <summary>The patched object; <paramref name="target"/> stays as it is.</summary>
    public static JsonObject Apply(JsonObject target, PatchRequest patch, Schema schema)
    {
        try
        {
            return ApplyTo(target.DeepClone().AsObject(), patch, schema) as JsonObject ?? throw StatusErrors.PatchRejected();
        }
        catch (PatchException exception)
        {
            throw Refusal(exception);
        }
    }

    /// <summary>
    /// Checks what came out of a patch as if it had been sent: same kind, same place, decodable, known fields.
    /// </summary>
    /// <param name="version">The request's.</param>
    /// <param name="rules">The version whose rules hold for the object.</param>
    public static void Admit(ResourceKind kind, string version, KindVersion rules, string @namespace, string name, JsonObject patched, RequestOptions options)
    {
        ObjectRules.RequireIdentity(kind, version, patched, options);
        if (ObjectRules.DecodeError(kind, rules, patched) is { } problem)
        {
            throw StatusErrors.InvalidPatch(patched.ToJsonString(), problem);
        }

        UpdateStrategy.RequirePlace(@namespace, name, patched);
        var text = options.FieldValidation == "Strict" ? patched.ToJsonString() : "";
        ObjectRules.Normalize(kind, rules, patched, options, unknown => StatusErrors.InvalidPatch(text, unknown));
    }

    private static JsonNode? ApplyTo(JsonObject target, PatchRequest patch, Schema schema) => patch switch
    {
        { Type: PatchType.JsonPatch, Body: JsonArray operations } => JsonPatch.Apply(target, operations),
        { Type: PatchType.JsonPatch } => throw Undecodable(patch.Body, "[]handlers.jsonPatchOp"),
        { Body: not JsonObject } => throw Undecodable(patch.Body, "map[string]interface {}"),
        { Type: PatchType.MergePatch } => MergePatch.Apply(target, patch.Body),
        _ => StrategicMergePatch.Apply(target, patch.Body.AsObject(), schema),
    };

    private static StatusException Undecodable(JsonNode body, string goType) =>
        StatusErrors.BadRequest($"error decoding patch: json: cannot unmarshal {GoText.KindOf(body)} into Go value of type {goType}");

    private static StatusException Refusal(PatchException exception) => exception.Failure switch
    {
        PatchFailure.BadRequest => StatusErrors.BadRequest(exception.Message),
        PatchFailure.TooLarge => new StatusException(new ApiStatus(413, "RequestEntityTooLarge", exception.Message)),
        PatchFailure.InternalError => StatusErrors.Unspecified(exception.Message),
        _ => StatusErrors.PatchRejected(),
    };
}
