using Kubeflow.Orleans.Store.Writing;

namespace Kubeflow.Orleans.Store.Sqlite.Writing;

/// <summary>One call of <see cref="IResourceStore.WriteAsync"/>.</summary>
internal sealed class PendingWrite : PendingWork<IReadOnlyList<WriteResult>>
{
    private readonly IReadOnlyList<WriteOperation> operations;

    /// <exception cref="ArgumentException">A document cannot be stored.</exception>
    public PendingWrite(IReadOnlyList<WriteOperation> operations)
    {
        WriteDecision.RequireStorable(operations);
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
        return WriteDecision.Refuse(operation, current) ?? new Committed(operation switch
        {
            CreateOperation create => session.Create(create),
            UpdateOperation update => session.Update(update, current!),
            DeleteOperation delete => session.Delete(delete, current!),
            WakeOperation wake => session.SetWake(wake, current!),
            _ => throw new ArgumentException($"The store knows no {operation.GetType().Name}."),
        });
    }
}
