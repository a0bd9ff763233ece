using Kubeflow.Orleans.Core;
using Npgsql;

namespace Kubeflow.Orleans.Store.Postgres;

/// <summary>
/// Raises the floor and deletes what lies below it, in portions. Writers wait for the first and last statement of a portion only; who
/// trims at the same time elsewhere waits its turn. May be broken off anywhere and done again.
/// </summary>
internal static class PostgresTrim
{
    private const long PositionsPerPortion = 5000;

    /// <summary>Any number that is nobody else's; the schema's is added.</summary>
    private const long LockNumber = 0x74524dL << 32;

    private const string RaiseFloor = "UPDATE log SET floor = least($1, head) WHERE floor < least($1, head)";

    /// <summary>Versions replaced up to the floor. What a change above the floor replaced stays, because it is that change's previous version.</summary>
    private const string DeleteReplaced = "DELETE FROM change WHERE rv IN (SELECT prev_rv FROM change WHERE rv > $1 AND rv <= $2 AND prev_rv IS NOT NULL)";

    private const string DeleteTombstones = "DELETE FROM change WHERE rv > $1 AND rv <= $2 AND type = $3";

    private const string SaveProgress = "UPDATE log SET trimmed = $1";

    /// <returns>The floor.</returns>
    public static async Task<long> RunAsync(NpgsqlConnection connection, string schema, long position, CancellationToken cancellationToken)
    {
        await RaiseFloorAsync(connection, position, cancellationToken);
        while (true)
        {
            var (floor, trimmed) = await DeletePortionAsync(connection, schema, cancellationToken);
            if (trimmed >= floor)
            {
                return floor;
            }
        }
    }

    /// <summary>Committed before anything is deleted: a reader that misses a row sees a floor above it.</summary>
    private static async Task RaiseFloorAsync(NpgsqlConnection connection, long position, CancellationToken cancellationToken)
    {
        await using var raise = connection.Statement(RaiseFloor, position);
        await raise.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<(long Floor, long Trimmed)> DeletePortionAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var turn = connection.Statement("SELECT pg_advisory_xact_lock($1)", LockNumber + StableHash.Of(schema));
        await turn.ExecuteNonQueryAsync(cancellationToken);
        var (floor, trimmed) = await ReadProgressAsync(connection, cancellationToken);
        var to = Math.Min(floor, trimmed + PositionsPerPortion);
        if (to > trimmed)
        {
            await using var delete = new NpgsqlBatch(connection, transaction)
            {
                BatchCommands =
                {
                    PostgresStatement.BatchStatement(DeleteReplaced, trimmed, to),
                    PostgresStatement.BatchStatement(DeleteTombstones, trimmed, to, (short)ChangeType.Deleted),
                    PostgresStatement.BatchStatement(SaveProgress, to),
                },
            };
            await delete.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return (floor, to);
    }

    private static async Task<(long Floor, long Trimmed)> ReadProgressAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var read = connection.Statement("SELECT floor, trimmed FROM log");
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return (row.GetInt64(0), row.GetInt64(1));
    }
}
