using System.Text.Json;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Store.Sqlite.Writing;

/// <summary>One call of <see cref="IResourceStore.WriteAsync"/>.</summary>
internal sealed class PendingWrite : PendingWork<IReadOnlyList<WriteResult>>
{
    private readonly IReadOnlyList<WriteOperation> operations;

    /// <exception cref="ArgumentException">
    /// A document cannot be stored. Found here, by the caller, because in the writer it would fail everybody's transaction.
    /// </exception>
    public PendingWrite(IReadOnlyList<WriteOperation> operations)
    {
        foreach (var operation in operations)
        {
            RequireMetadata(operation);
        }

        this.operations = operations;
    }

    public override int Weight => operations.Count;

    protected override IReadOnlyList<WriteResult> Run(SqliteWriteSession session)
    {
        var results = new WriteResult[operations.Count];
        for (var index = 0; index < results.Length; index++)
        {
            results[index] = Run(session, operations[index]);
        }

        return results;
    }

    private static WriteResult Run(SqliteWriteSession session, WriteOperation operation)
    {
        var current = session.Find(operation.Key);
        return operation switch
        {
            CreateOperation create => current is null ? new Committed(session.Create(create)) : new Exists(current.Document),
            _ when current is null => new NotFound(),
            UpdateOperation update when update.ExpectedVersion == current.Version => new Committed(session.Update(update, current)),
            DeleteOperation delete when delete.ExpectedVersion == current.Version => new Committed(session.Delete(delete, current)),
            WakeOperation wake when wake.ExpectedVersion == current.Version => new Committed(session.SetWake(wake, current)),
            _ => new Conflict(current.Document),
        };
    }

    private static void RequireMetadata(WriteOperation operation)
    {
        var document = operation switch
        {
            CreateOperation create => create.Document,
            UpdateOperation update => update.Document,
            DeleteOperation delete => delete.Last,
            _ => null,
        };
        if (document is not null && !HasMetadata(document))
        {
            throw new ArgumentException($"The document of {operation.Key} has no metadata object; it cannot be stored.");
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
