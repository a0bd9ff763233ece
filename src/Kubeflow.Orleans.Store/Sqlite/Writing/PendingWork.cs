namespace Kubeflow.Orleans.Store.Sqlite.Writing;

/// <summary>Something that waits for the writer. It is carried out inside the next transaction and answered once that is durable.</summary>
internal interface IPendingWork
{
    /// <summary>How much it adds to a transaction.</summary>
    int Weight { get; }

    void Execute(SqliteWriteSession session);

    void Complete();

    void Fail(Exception exception);
}

internal abstract class PendingWork<TResult> : IPendingWork
{
    private readonly TaskCompletionSource<TResult> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TResult? result;

    public abstract int Weight { get; }

    public Task<TResult> Completion => completion.Task;

    public void Execute(SqliteWriteSession session) => result = Run(session);

    public void Complete() => completion.TrySetResult(result!);

    public void Fail(Exception exception) => completion.TrySetException(exception);

    protected abstract TResult Run(SqliteWriteSession session);
}
