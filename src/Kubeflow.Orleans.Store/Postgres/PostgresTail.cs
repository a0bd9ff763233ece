using Kubeflow.Orleans.Store.Feed;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Kubeflow.Orleans.Store.Postgres;

/// <summary>
/// Learns of what other processes write. A notification says no more than "look now": it may be lost (a connection that broke, a pooler
/// between) and anybody may send one. So the head is read every now and then as well, and that alone would do.
/// </summary>
internal sealed partial class PostgresTail : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    private const int PollTimeoutSeconds = 5;

    private readonly PostgresDatabase database;
    private readonly KnownHead head;
    private readonly ILogger logger;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task following;

    public PostgresTail(PostgresDatabase database, KnownHead head, ILogger logger)
    {
        this.database = database;
        this.head = head;
        this.logger = logger;
        following = Task.Run(() => FollowAsync(stopping.Token), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await following;
        stopping.Dispose();
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        for (var failures = 0; !cancellationToken.IsCancellationRequested; failures++)
        {
            try
            {
                await using var connection = await database.OpenReaderAsync(cancellationToken);
                await ListenAsync(connection, cancellationToken);
                while (true)
                {
                    head.Advance(await ReadHeadAsync(connection, cancellationToken));
                    failures = 0;
                    await connection.WaitAsync(PollInterval, cancellationToken);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
            }
            catch (Exception exception)
            {
                LogLost(logger, exception, head.Position);
                await database.PauseAsync(failures, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var listen = connection.Statement($"LISTEN {database.Schema}");
        await listen.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<long> ReadHeadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = connection.Statement("SELECT head FROM log");
        command.CommandTimeout = PollTimeoutSeconds;
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    [LoggerMessage(LogLevel.Warning, "The log cannot be followed from {Position}; trying again.")]
    private static partial void LogLost(ILogger logger, Exception exception, long position);
}
