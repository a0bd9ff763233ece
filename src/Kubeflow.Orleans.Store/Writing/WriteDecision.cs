using System.Text.Json;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Store.Writing;

/// <summary>What is stored under a key when a write of it is decided.</summary>
internal sealed record CurrentVersion(long Version, Document Document);

/// <summary>Which writes may happen: the same in every store.</summary>
internal static class WriteDecision
{
    /// <summary>Why the operation is not written; null: it is.</summary>
    public static WriteResult? Refuse(WriteOperation operation, CurrentVersion? current) => operation switch
    {
        CreateOperation => current is null ? null : new Exists(current.Document),
        _ when current is null => new NotFound(),
        _ => ExpectedVersion(operation) == current.Version ? null : new Conflict(current.Document),
    };

    /// <summary>The version that must be there; null: none.</summary>
    public static long? ExpectedVersion(WriteOperation operation) => operation switch
    {
        UpdateOperation update => update.ExpectedVersion,
        DeleteOperation delete => delete.ExpectedVersion,
        WakeOperation wake => wake.ExpectedVersion,
        _ => null,
    };

    /// <summary>The document the operation brings; null: it brings none.</summary>
    public static Document? DocumentOf(WriteOperation operation) => operation switch
    {
        CreateOperation create => create.Document,
        UpdateOperation update => update.Document,
        DeleteOperation delete => delete.Last,
        _ => null,
    };

    /// <exception cref="ArgumentException">
    /// A document cannot be stored. To be found on the caller's side, because in a writer it would fail everybody's transaction.
    /// </exception>
    public static void RequireStorable(IEnumerable<WriteOperation> operations)
    {
        foreach (var operation in operations)
        {
            if (DocumentOf(operation) is { } document && !HasMetadata(document))
            {
                throw new ArgumentException($"The document of {operation.Key} has no metadata object; it cannot be stored.");
            }
        }
    }

    private static bool HasMetadata(Document document)
    {
        try
        {
            return document.Root is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("metadata", out var metadata)
                && metadata.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
