using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kubeflow.Orleans.Core.Errors;

namespace Kubeflow.Orleans.Core.Schemas;

public static partial class SchemaWalk
{
    /// <summary>Enough to mend a manifest by; a hostile document of a million errors costs no more than these.</summary>
    private const int MaximumErrors = 32;

    private static readonly ConcurrentDictionary<string, Regex> Patterns = new(StringComparer.Ordinal);

    /// <summary>
    /// What is wrong with a custom resource, worded as the API server words it. Metadata has rules of its own and is not looked at.
    /// </summary>
    public static IReadOnlyList<FieldError> Validate(JsonObject document, Schema schema)
    {
        var errors = new List<FieldError>();
        var withoutMeta = schema with { Properties = schema.Properties.Remove("metadata").Remove("apiVersion").Remove("kind") };
        ValidateFields(document, withoutMeta, "", errors);
        return errors;
    }

    private static void ValidateValue(JsonNode? node, Schema schema, string path, List<FieldError> errors)
    {
        if (errors.Count >= MaximumErrors || (node is null && schema.Nullable))
        {
            return;
        }

        if (!Fits(node, schema, out var expected))
        {
            errors.Add(WrongType(path, expected, TypeOf(node)));
            return;
        }

        switch (node)
        {
            case JsonObject fields:
                ValidateFields(fields, schema, path, errors);
                break;
            case JsonArray items:
                ValidateItems(items, schema, path, errors);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                ValidateText(value.GetValue<string>(), schema, path, errors);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.Number:
                ValidateNumber(value, schema, path, errors);
                break;
        }
    }

    private static bool Fits(JsonNode? node, Schema schema, out string expected)
    {
        var actual = TypeOf(node);
        expected = schema.IntOrString ? "integer,string" : schema.Type;
        return schema.IntOrString
            ? actual is "integer" or "string" || (schema.Pattern is not null && actual is "number")
            : schema.Type.Length == 0 || actual == schema.Type || (schema.Type == "number" && actual == "integer");
    }

    private static FieldError WrongType(string path, string expected, string actual) =>
        FieldError.TypeInvalid(path, Quote(actual), $"{path} in body must be of type {expected}: {Quote(actual)}");

    private static void ValidateFields(JsonObject fields, Schema schema, string path, List<FieldError> errors)
    {
        foreach (var name in schema.Required)
        {
            if (!fields.ContainsKey(name))
            {
                errors.Add(FieldError.Required(Join(path, name)));
            }
        }

        if (fields.Count < schema.MinProperties)
        {
            errors.Add(FieldError.Invalid(path, fields.Count.ToString(CultureInfo.InvariantCulture), $"{path} in body should have at least {schema.MinProperties} properties"));
        }

        foreach (var (name, value) in fields)
        {
            if ((schema.Properties.GetValueOrDefault(name) ?? schema.AdditionalProperties) is { } known)
            {
                ValidateValue(value, known, Join(path, name), errors);
            }
        }
    }

    private static void ValidateItems(JsonArray items, Schema schema, string path, List<FieldError> errors)
    {
        if (schema.MinItems is { } minimum && items.Count < minimum)
        {
            errors.Add(FieldError.Invalid(path, items.Count.ToString(CultureInfo.InvariantCulture), $"{path} in body should have at least {minimum} items"));
        }

        if (schema.MaxItems is { } maximum && items.Count > maximum)
        {
            errors.Add(FieldError.TooMany(path, items.Count, maximum));
            return;
        }

        for (var index = 0; index < items.Count && schema.Items is not null; index++)
        {
            ValidateValue(items[index], schema.Items, $"{path}[{index}]", errors);
        }

        ValidateUnique(items, schema, path, errors);
    }

    private static void ValidateUnique(JsonArray items, Schema schema, string path, List<FieldError> errors)
    {
        if (schema.ListType is not ("set" or "map"))
        {
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < items.Count && errors.Count < MaximumErrors; index++)
        {
            var identity = schema.ListType == "set" ? items[index]?.ToJsonString(Resources.Document.SerializerOptions) : KeyOf(items[index], schema.ListMapKeys);
            if (identity is not null && !seen.Add(identity))
            {
                errors.Add(FieldError.Duplicate($"{path}[{index}]", identity));
            }
        }
    }

    private static string? KeyOf(JsonNode? item, ImmutableArray<string> keys)
    {
        if (item is not JsonObject fields)
        {
            return null;
        }

        var key = new JsonObject();
        foreach (var name in keys.Where(fields.ContainsKey))
        {
            key[name] = fields[name]?.DeepClone();
        }

        return key.ToJsonString(Resources.Document.SerializerOptions);
    }

    private static void ValidateText(string text, Schema schema, string path, List<FieldError> errors)
    {
        if (schema.MaxLength is { } maximum && text.Length > maximum)
        {
            errors.Add(FieldError.TooLong(path, $"may not be more than {maximum} bytes"));
        }

        if (schema.MinLength is { } minimum && text.Length < minimum)
        {
            errors.Add(FieldError.Invalid(path, Quote(text), $"{path} in body should be at least {minimum} chars long"));
        }

        if (schema.Pattern is { } pattern && !Matches(text, pattern))
        {
            errors.Add(FieldError.Invalid(path, Quote(text), $"{path} in body should match '{pattern}'"));
        }

        if (!schema.Enum.IsEmpty && !schema.Enum.Contains(text))
        {
            errors.Add(FieldError.NotSupported(path, Quote(text), schema.Enum));
        }

        if (!HasFormat(text, schema.Format))
        {
            errors.Add(FieldError.TypeInvalid(path, Quote(text), $"{path} in body must be of type {schema.Format}: {Quote(text)}"));
        }
    }

    private static bool HasFormat(string text, string format) => format switch
    {
        "date-time" => IsTime(text),
        "byte" => System.Buffers.Text.Base64.IsValid(text),
        _ => true,
    };

    private static bool IsTime(string text) => Rfc3339().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _);

    private static bool Matches(string text, string pattern) => Patterns.GetOrAdd(pattern, Compile).IsMatch(text);

    /// <summary>Without backtracking the time is linear in the text: no text can make a pattern explode, and no slow moment can refuse a good one.</summary>
    private static Regex Compile(string pattern) => new(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    private static void ValidateNumber(JsonValue value, Schema schema, string path, List<FieldError> errors)
    {
        var number = Number(value);
        var text = value.ToJsonString();
        if (schema.Minimum is { } minimum && number < minimum)
        {
            errors.Add(FieldError.Invalid(path, text, $"{path} in body should be greater than or equal to {minimum.ToString(CultureInfo.InvariantCulture)}"));
        }

        if (schema.Maximum is { } maximum && number > maximum)
        {
            errors.Add(FieldError.Invalid(path, text, $"{path} in body should be less than or equal to {maximum.ToString(CultureInfo.InvariantCulture)}"));
        }

        var bound = schema.Format switch { "int32" => int.MaxValue, "int64" => (double)long.MaxValue, _ => double.PositiveInfinity };
        if (number > bound || number < -bound - 1)
        {
            errors.Add(FieldError.Invalid(path, text, $"{path} in body must be of type {schema.Type} with format {schema.Format}"));
        }
    }

    private static string Quote(string text) => JsonSerializer.Serialize(text, Resources.Document.SerializerOptions);

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Rfc3339();
}
