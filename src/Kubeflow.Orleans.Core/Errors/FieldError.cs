namespace Kubeflow.Orleans.Core.Errors;

/// <summary>Why one field was refused, in the words the Kubernetes API server uses (specs: Status catalogue, causes).</summary>
/// <param name="Reason">The cause's reason, for example <c>FieldValueInvalid</c>.</param>
/// <param name="Field">The path, for example <c>spec.tfReplicaSpecs[Worker].replicas</c>.</param>
/// <param name="Message">Type and detail, for example <c>Invalid value: -1: must be at least 1</c>.</param>
public sealed record FieldError(string Reason, string Field, string Message)
{
    public static FieldError Required(string field, string detail = "") =>
        new("FieldValueRequired", field, detail.Length == 0 ? "Required value" : $"Required value: {detail}");

    /// <param name="value">The refused value as JSON (strings with their quotes).</param>
    public static FieldError Invalid(string field, string value, string detail) => new("FieldValueInvalid", field, $"Invalid value: {value}: {detail}");

    public static FieldError TypeInvalid(string field, string value, string detail) => new("FieldValueTypeInvalid", field, $"Invalid value: {value}: {detail}");

    public static FieldError Forbidden(string field, string detail) => new("FieldValueForbidden", field, $"Forbidden: {detail}");

    public static FieldError Duplicate(string field, string value) => new("FieldValueDuplicate", field, $"Duplicate value: {value}");

    public static FieldError TooLong(string field, string detail) => new("FieldValueTooLong", field, $"Too long: {detail}");

    public static FieldError TooMany(string field, int count, int maximum) => new("FieldValueTooMany", field, $"Too many: {count}: must have at most {maximum} items");

    /// <param name="value">The refused value as JSON (strings with their quotes).</param>
    public static FieldError NotSupported(string field, string value, IEnumerable<string> supported) =>
        new("FieldValueNotSupported", field, $"Unsupported value: {value}: supported values: {string.Join(", ", supported.Select(item => $"\"{item}\""))}");

    public override string ToString() => $"{Field}: {Message}";
}
