using Microsoft.Data.Sqlite;

namespace Kubeflow.Orleans.Store.Sqlite;

/// <summary>Opens the file, for the one writer and for any number of readers.</summary>
internal sealed class SqliteDatabase(SqliteStoreOptions options)
{
    /// <summary>
    /// Small pages waste half of themselves on documents of 2 KB, big ones make every commit copy more of the index into the
    /// write-ahead log. Takes effect on new files only.
    /// </summary>
    private const int PageSize = 8192;

    /// <summary>Seconds to wait for a lock: only a backup or a curious operator can hold one.</summary>
    private const int BusyTimeoutSeconds = 5;

    public string Path { get; } = System.IO.Path.GetFullPath(options.Path);

    public void EnsureDirectory() => Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);

    /// <summary>Makes the file for its owner only when there is none: documents may hold secrets. SQLite gives its own files the same mode.</summary>
    public void EnsureFile()
    {
        if (!File.Exists(Path))
        {
            var creation = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                creation.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            new FileStream(Path, creation).Dispose();
        }
    }

    /// <summary>The writer's connection, its schema brought up to date.</summary>
    public SqliteConnection OpenMigrated(TimeProvider timeProvider)
    {
        var connection = OpenWriter();
        try
        {
            SqliteMigrations.Apply(connection, timeProvider);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public SqliteConnection OpenReader() => Open(SqliteOpenMode.ReadOnly, "PRAGMA cache_size = -4096;");

    private SqliteConnection OpenWriter() => Open(
        SqliteOpenMode.ReadWrite,
        $"""
        PRAGMA page_size = {PageSize};
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = {(options.Synchronous == SqliteSynchronous.Full ? "FULL" : "NORMAL")};
        PRAGMA wal_autocheckpoint = 4000;
        PRAGMA journal_size_limit = 67108864;
        PRAGMA cache_size = -32768;
        """);

    private SqliteConnection Open(SqliteOpenMode mode, string pragmas)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = Path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = BusyTimeoutSeconds,
        }.ToString());
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Built from constants above.
            command.CommandText = $"PRAGMA busy_timeout = {BusyTimeoutSeconds * 1000};{pragmas}";
#pragma warning restore CA2100
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
