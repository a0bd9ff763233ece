using System.Collections.Concurrent;

namespace Kubeflow.Orleans.Store.Sqlite.Reading;

/// <summary>Read connections, opened when needed and kept. No more read at once than the machine can serve.</summary>
internal sealed class SqliteReaderPool(SqliteDatabase database) : IDisposable
{
    private readonly SemaphoreSlim free = new(Math.Max(4, Environment.ProcessorCount * 2));
    private readonly ConcurrentStack<SqliteReader> idle = new();
    private volatile bool disposed;

    public async ValueTask<TResult> ReadAsync<TResult>(Func<SqliteReader, TResult> read, CancellationToken cancellationToken)
    {
        await free.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(disposed, typeof(SqliteResourceStore));
            return ReadOnce(read);
        }
        finally
        {
            free.Release();
        }
    }

    /// <summary>Closes the connections; one that is in use closes when its reader is done.</summary>
    public void Dispose()
    {
        disposed = true;
        while (idle.TryPop(out var reader))
        {
            reader.Dispose();
        }
    }

    private TResult ReadOnce<TResult>(Func<SqliteReader, TResult> read)
    {
        if (!idle.TryPop(out var reader))
        {
            reader = new SqliteReader(database.OpenReader());
        }

        try
        {
            return read(reader);
        }
        finally
        {
            idle.Push(reader);
            if (disposed)
            {
                Dispose();
            }
        }
    }
}
