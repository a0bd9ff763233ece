using Kubeflow.Orleans.Store.Writing;

namespace Kubeflow.Orleans.Store.Postgres.Writing;

/// <summary>One call of <see cref="IResourceStore.WriteAsync"/>, answered when each of its operations is.</summary>
internal sealed class PendingCall
{
    private readonly TaskCompletionSource<IReadOnlyList<WriteResult>> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WriteResult[] results;
    private int unanswered;

    /// <exception cref="ArgumentException">A document cannot be stored.</exception>
    public PendingCall(IReadOnlyList<WriteOperation> operations)
    {
        WriteDecision.RequireStorable(operations);
        results = new WriteResult[operations.Count];
        unanswered = operations.Count;
        Writes = [.. operations.Select((operation, index) => new PendingWrite(this, index, operation))];
    }

    public IReadOnlyList<PendingWrite> Writes { get; }

    public Task<IReadOnlyList<WriteResult>> Completion => completion.Task;

    public void Answer(int index, WriteResult result)
    {
        results[index] = result;
        unanswered--;
        if (unanswered == 0)
        {
            completion.TrySetResult(results);
        }
    }

    public void Fail(Exception exception) => completion.TrySetException(exception);
}

/// <summary>One operation that waits for the writer.</summary>
internal sealed record PendingWrite(PendingCall Call, int Index, WriteOperation Operation)
{
    public long Bytes => (WriteDecision.DocumentOf(Operation)?.Utf8.Length ?? 0) + (Operation.Notes?.Length ?? 0);

    public void Answer(WriteResult result) => Call.Answer(Index, result);

    public void Fail(Exception exception) => Call.Fail(exception);
}
