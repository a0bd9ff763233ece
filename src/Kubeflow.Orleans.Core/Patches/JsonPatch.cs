using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Core.Patches;

/// <summary>JSON patch, RFC 6902, with the Go server's limits: a patch may not make a server work or a document grow without bound.</summary>
public static class JsonPatch
{
    public const int MaximumOperations = 10_000;

    /// <summary>What all copy operations of one patch may add together: copying a document into itself doubles it each time.</summary>
    public const int MaximumCopiedBytes = 3 * 1024 * 1024;

    /// <exception cref="PatchException">400 when it is no array, 413 when it has too many operations.</exception>
    public static JsonArray Operations(JsonNode? patch)
    {
        if (patch is not JsonArray operations)
        {
            throw new PatchException(
                PatchFailure.BadRequest, $"error decoding patch: json: cannot unmarshal {Reading.ObjectReader.GoKind(patch)} into Go value of type []handlers.jsonPatchOp");
        }

        return operations.Count <= MaximumOperations
            ? operations
            : throw new PatchException(PatchFailure.TooLarge, $"The allowed maximum operations in a JSON patch is {MaximumOperations}, got {operations.Count}");
    }

    /// <summary>The patched value: the target itself, changed, unless an operation replaced the root.</summary>
    /// <exception cref="PatchException">An operation fails: 422. Nothing of the target may be kept then.</exception>
    public static JsonNode? Apply(JsonNode target, JsonArray operations)
    {
        JsonNode? root = target;
        var copied = 0;
        foreach (var operation in Operations(operations))
        {
            root = Apply(root, operation as JsonObject ?? throw Fail("an operation must be an object"), ref copied);
        }

        return root;
    }

    private static JsonNode? Apply(JsonNode? root, JsonObject operation, ref int copied)
    {
        var path = Pointer(operation, "path");
        switch (Text(operation, "op"))
        {
            case "add":
                return Add(root, path, Value(operation));
            case "replace":
                return Replace(root, path, Value(operation));
            case "remove":
                return Remove(root, path);
            case "move":
                return Move(root, Pointer(operation, "from"), path);
            case "copy":
                return Add(root, path, Copy(root, Pointer(operation, "from"), ref copied));
            case "test":
                Test(root, path, Value(operation));
                return root;
            case var unknown:
                throw Fail($"Unexpected kind: {unknown}");
        }
    }

    private static JsonNode? Add(JsonNode? root, JsonPointer path, JsonNode? value)
    {
        if (path.IsRoot)
        {
            return value;
        }

        path.Add(root ?? throw path.Missing(), value);
        return root;
    }

    private static JsonNode? Replace(JsonNode? root, JsonPointer path, JsonNode? value)
    {
        if (path.IsRoot)
        {
            return value;
        }

        path.Replace(root ?? throw path.Missing(), value);
        return root;
    }

    private static JsonNode? Remove(JsonNode? root, JsonPointer path)
    {
        if (path.IsRoot)
        {
            return null;
        }

        path.Remove(root ?? throw path.Missing());
        return root;
    }

    private static JsonNode? Move(JsonNode? root, JsonPointer from, JsonPointer path)
    {
        if (path.IsInside(from))
        {
            throw Fail($"'{from}' cannot be moved into itself");
        }

        if (!from.TryGet(root, out _))
        {
            throw from.Missing();
        }

        return from.IsRoot ? root : Add(root, path, from.Remove(root!));
    }

    private static JsonNode? Copy(JsonNode? root, JsonPointer from, ref int copied)
    {
        if (!from.TryGet(root, out var value))
        {
            throw from.Missing();
        }

        copied += value?.ToJsonString().Length ?? 4;
        return copied <= MaximumCopiedBytes ? value?.DeepClone() : throw Fail($"copy operations may add {MaximumCopiedBytes} bytes at the most");
    }

    /// <summary>As in Go, a missing member equals null.</summary>
    private static void Test(JsonNode? root, JsonPointer path, JsonNode? expected)
    {
        path.TryGet(root, out var value);
        if (!JsonNode.DeepEquals(value, expected))
        {
            throw Fail($"testing value {path} failed");
        }
    }

    private static JsonPointer Pointer(JsonObject operation, string name) => JsonPointer.Parse(Text(operation, name));

    private static string Text(JsonObject operation, string name) =>
        operation[name] is { } node && node.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : throw Fail($"an operation needs '{name}'");

    private static JsonNode? Value(JsonObject operation) =>
        operation.TryGetPropertyValue("value", out var value) ? value?.DeepClone() : throw Fail("the operation needs 'value'");

    private static PatchException Fail(string message) => new(PatchFailure.Unprocessable, message);
}
