using System.Collections.Immutable;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>Every refusal the API machinery knows, in the words of the Kubernetes API server: clients match on them.</summary>
public static class StatusErrors
{
    public static StatusException BadRequest(string message) => Of(400, "BadRequest", message);

    public static StatusException Unauthorized() => Of(401, "Unauthorized", "Unauthorized");

    public static StatusException Forbidden(string message, StatusDetails details) => Of(403, "Forbidden", message, details);

    public static StatusException NamespaceTerminating(ResourceKind kind, string @namespace, string name) => Forbidden(
        $"{kind.Resource} \"{name}\" is forbidden: unable to create new content in namespace {@namespace} because it is being terminated",
        PluralDetails(kind, name) with { Causes = [new StatusCause("NamespaceTerminating", $"namespace {@namespace} is being terminated", "metadata.namespace")] });

    public static StatusException NotFound(ResourceKind kind, string name) => NotFound(kind.Group, kind.Plural, name);

    public static StatusException NotFound(string group, string plural, string name) =>
        Of(404, "NotFound", $"{Qualified(plural, group)} \"{name}\" not found", new StatusDetails { Name = name, Group = group, Kind = plural });

    public static StatusException MethodNotAllowed() =>
        Of(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", new StatusDetails());

    public static StatusException NotAcceptable(string message) => Of(406, "NotAcceptable", message);

    public static StatusException AlreadyExists(ResourceKind kind, string name, bool terminating) =>
        Of(409, "AlreadyExists", $"{(terminating ? "object is being deleted: " : "")}{kind.Resource} \"{name}\" already exists", PluralDetails(kind, name));

    public static StatusException NoUniqueName(ResourceKind kind, string name) => Of(
        409,
        "AlreadyExists",
        $"{kind.Resource} \"{name}\" already exists, the server was not able to generate a unique name for the object",
        PluralDetails(kind, name) with { RetryAfterSeconds = 1 });

    public static StatusException Modified(ResourceKind kind, string name) => CannotBeFulfilled(
        kind.Resource, PluralDetails(kind, name), "the object has been modified; please apply your changes to the latest version and try again");

    /// <summary>Other managers own what an apply would change.</summary>
    public static StatusException ApplyConflict(string conflicts, ImmutableArray<StatusCause> causes) =>
        Of(409, "Conflict", $"Apply failed with {conflicts}", new StatusDetails { Causes = causes });

    public static StatusException UidChanged(ResourceKind kind, string @namespace, string name, string expected, string actual) => CannotBeFulfilled(
        kind.Resource,
        PluralDetails(kind, name),
        $"StorageError: invalid object, Code: 4, Key: /registry/{kind.Group}{(kind.Group.Length > 0 ? "/" : "")}{kind.Plural}/{@namespace}{(@namespace.Length > 0 ? "/" : "")}{name}, " +
        $"ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {expected}, UID in object meta: {actual}");

    /// <summary>A precondition of a delete does not hold; unlike other conflicts it names the Kind.</summary>
    public static StatusException PreconditionFailed(ResourceKind kind, string name, string why) =>
        CannotBeFulfilled(Qualified(kind.Kind, kind.Group), KindDetails(kind, name), why);

    public static StatusException Expired(string message, string continueToken = "") => new(new ApiStatus(410, "Expired", message) { Continue = continueToken });

    public static StatusException BodyTooLarge(long limit) => Of(413, "RequestEntityTooLarge", $"Request entity too large: limit is {limit}");

    public static StatusException UnsupportedMediaType(IEnumerable<string> accepted) => Of(
        415, "UnsupportedMediaType", $"the body of the request was in an unknown format - accepted media types include: {string.Join(", ", accepted)}");

    public static StatusException Invalid(ResourceKind kind, string name, params IReadOnlyList<FieldError> errors) =>
        Invalid(Qualified(kind.Kind, kind.Group), KindDetails(kind, name), errors);

    /// <summary>A PUT that must name the version it replaces and does not: the one validation failure that names the plural.</summary>
    public static StatusException VersionRequired(ResourceKind kind, string name) => Invalid(
        kind.Resource, PluralDetails(kind, name), [FieldError.Invalid("metadata.resourceVersion", "0", "must be specified for an update")]);

    /// <param name="optionsKind">For example <c>CreateOptions</c>.</param>
    public static StatusException InvalidOptions(string optionsKind, FieldError error) =>
        Invalid($"{optionsKind}.meta.k8s.io", new StatusDetails { Group = "meta.k8s.io", Kind = optionsKind }, [error]);

    /// <summary>The patched object cannot be decoded.</summary>
    public static StatusException InvalidPatch(string patched, string problem) =>
        Invalid("", new StatusDetails(), [FieldError.Invalid("patch", GoText.Quote(patched), problem)]);

    /// <summary>A patch that cannot be applied; upstream tells no more than this.</summary>
    public static StatusException PatchRejected() =>
        Of(422, "Invalid", "the server rejected our request due to an error in our request", new StatusDetails());

    public static StatusException TooManyRequests(string message) =>
        Of(429, "TooManyRequests", message, new StatusDetails { RetryAfterSeconds = 1 });

    /// <summary>Failures upstream reports as 500 without a reason, and clients expect as such.</summary>
    public static StatusException Unspecified(string message) => Of(500, "", message);

    public static StatusException VersionInFuture(long asked, long current) => Of(
        504,
        "Timeout",
        $"Timeout: Too large resource version: {asked}, current: {current}",
        new StatusDetails { RetryAfterSeconds = 1, Causes = [new StatusCause("ResourceVersionTooLarge", "Too large resource version", "")] });

    public static StatusException TimedOut() =>
        Of(504, "Timeout", "Timeout: request did not complete within requested timeout", new StatusDetails { RetryAfterSeconds = 1 });

    internal static StatusDetails PluralDetails(ResourceKind kind, string name) => new() { Name = name, Group = kind.Group, Kind = kind.Plural };

    private static StatusDetails KindDetails(ResourceKind kind, string name) => new() { Name = name, Group = kind.Group, Kind = kind.Kind };

    private static StatusException CannotBeFulfilled(string qualified, StatusDetails details, string why) =>
        Of(409, "Conflict", $"Operation cannot be fulfilled on {qualified} \"{details.Name}\": {why}", details);

    private static StatusException Invalid(string qualified, StatusDetails details, IReadOnlyList<FieldError> errors)
    {
        var texts = errors.Select(error => error.ToString()).Distinct().ToArray();
        var summary = texts.Length == 1 ? texts[0] : $"[{string.Join(", ", texts)}]";
        var causes = errors.Select(error => new StatusCause(error.Reason, error.Message, error.Field)).ToImmutableArray();
        return Of(422, "Invalid", $"{qualified} \"{details.Name}\" is invalid: {summary}", details with { Causes = causes });
    }

    private static string Qualified(string name, string group) => group.Length == 0 ? name : $"{name}.{group}";

    private static StatusException Of(int code, string reason, string message, StatusDetails? details = null) => new(new ApiStatus(code, reason, message, details));
}
