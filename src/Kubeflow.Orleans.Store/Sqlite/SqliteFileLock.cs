namespace Kubeflow.Orleans.Store.Sqlite;

/// <summary>The database file belongs to another store that is open now, here or in another process.</summary>
public sealed class StoreInUseException(string path, Exception inner)
    : IOException($"The store file '{path}' is in use by another process. Stop that process, or give this one a file of its own.", inner);

/// <summary>
/// Keeps a second store off the file: two writers would hand out the same positions. The operating system gives the lock back when
/// the process ends, however it ends; the empty lock file stays.
/// </summary>
internal sealed class SqliteFileLock : IDisposable
{
    private readonly FileStream file;

    private SqliteFileLock(FileStream file) => this.file = file;

    /// <exception cref="StoreInUseException">Somebody else holds it.</exception>
    public static SqliteFileLock Acquire(string databasePath)
    {
        var path = databasePath + ".lock";
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        try
        {
            return new SqliteFileLock(new FileStream(path, options));
        }
        catch (IOException exception) when (exception is not (DirectoryNotFoundException or PathTooLongException))
        {
            throw new StoreInUseException(databasePath, exception);
        }
    }

    public void Dispose() => file.Dispose();
}
