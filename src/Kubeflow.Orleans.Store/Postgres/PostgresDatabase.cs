using System.Text.RegularExpressions;
using Npgsql;

namespace Kubeflow.Orleans.Store.Postgres;

/// <summary>The way to the database: connections with the settings the store relies on, and patience while it does not answer.</summary>
internal sealed partial class PostgresDatabase : IAsyncDisposable
{
    private const int Readers = 20;

    private const int CommandTimeoutSeconds = 15;

    /// <summary>Whatever the server's own defaults are: answered writes are on its disk, and each statement sees what was committed before it.</summary>
    private const string Promises = "-c synchronous_commit=on -c default_transaction_isolation=read\\ committed";

    /// <summary>
    /// A writer whose host is gone must not keep the lock on the log for the hours TCP takes by default. And its one large statement is
    /// planned once, possibly while the tables are still empty: it always goes through the indexes, which is right for every size.
    /// </summary>
    private const string WriterSettings =
        "-c statement_timeout=15s -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
        + " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off";

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    private readonly TimeProvider timeProvider;
    private readonly NpgsqlDataSource writers;
    private readonly NpgsqlDataSource readers;
    private int disposed;

    /// <exception cref="ArgumentException">The connection string or the schema's name is malformed.</exception>
    public PostgresDatabase(PostgresStoreOptions options, TimeProvider timeProvider)
    {
        if (!SchemaName().IsMatch(options.Schema))
        {
            throw new ArgumentException($"'{options.Schema}' is no name for a schema: lower case letters, digits and underscores, at most 63.");
        }

        this.timeProvider = timeProvider;
        Schema = options.Schema;
        OutageLimit = options.OutageLimit;
        writers = Source(options, WriterSettings, poolSize: 4);
        readers = Source(options, "", Readers);
    }

    public string Schema { get; }

    public TimeSpan OutageLimit { get; }

    public ValueTask<NpgsqlConnection> OpenWriterAsync(CancellationToken cancellationToken) => writers.OpenConnectionAsync(cancellationToken);

    public ValueTask<NpgsqlConnection> OpenReaderAsync(CancellationToken cancellationToken) => readers.OpenConnectionAsync(cancellationToken);

    /// <summary>Does what may be done twice, again and again while the database does not answer.</summary>
    /// <exception cref="StoreUnavailableException">It did not answer in time.</exception>
    public async ValueTask<TResult> RepeatAsync<TResult>(Func<NpgsqlConnection, CancellationToken, Task<TResult>> work, CancellationToken cancellationToken)
    {
        var started = timeProvider.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref disposed) == 1, typeof(PostgresResourceStore));
            try
            {
                await using var connection = await OpenReaderAsync(cancellationToken);
                return await work(connection, cancellationToken);
            }
            catch (Exception exception) when (IsOutage(exception) && !cancellationToken.IsCancellationRequested)
            {
                if (timeProvider.GetElapsedTime(started) >= OutageLimit)
                {
                    throw new StoreUnavailableException("The database does not answer.", exception);
                }
            }

            await PauseAsync(attempt, cancellationToken);
        }
    }

    /// <summary>After a restart every pooled connection is dead; a short first pause lets the next attempt find that out soon.</summary>
    public Task PauseAsync(int attempt, CancellationToken cancellationToken)
    {
        readers.Clear();
        return Task.Delay(attempt < 5 ? FirstPause * (1 << attempt) : LongestPause, timeProvider, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref disposed, 1);
        await writers.DisposeAsync();
        await readers.DisposeAsync();
    }

    /// <summary>The connection is gone, or the server cannot do it now: trying again may help.</summary>
    public static bool IsOutage(Exception exception) => exception switch
    {
        PostgresException refused => refused.IsTransient || refused.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.IdleSessionTimeout,
        NpgsqlException => true,
        TimeoutException or IOException => true,
        _ => false,
    };

    public static NpgsqlDataSource Source(PostgresStoreOptions options, string settings, int poolSize)
    {
        var connection = new NpgsqlConnectionStringBuilder(options.ConnectionString)
        {
            MaxPoolSize = poolSize,
            MaxAutoPrepare = 50,
            CommandTimeout = CommandTimeoutSeconds,
            Enlist = false,
            SearchPath = options.Schema,
        };
        connection.Options = $"{connection.Options} {Promises} {settings}".Trim();
        connection.ApplicationName ??= "Kubeflow.Orleans";
        return new NpgsqlDataSourceBuilder(connection.ConnectionString).Build();
    }

    [GeneratedRegex("^[a-z_][a-z0-9_]{0,62}$")]
    private static partial Regex SchemaName();
}
