using System.Data;
using Kubeflow.Orleans.Core.Resources;
using Npgsql;

namespace Kubeflow.Orleans.Store.Postgres.Reading;

/// <summary>
/// Lists a resource as it was at a position. What has not changed since stands in <c>object</c>; what has changed or gone since is
/// found through the change that replaced the version of then: the only one above the position whose previous is not.
/// </summary>
internal static class PostgresListing
{
    private const string KeysAtPosition =
        """
        SELECT ns, name, rv FROM object
        WHERE resource = $1 AND (ns, name) > ($2, $3) AND ns <= $4 AND rv <= $5
        UNION ALL
        SELECT ns, name, prev_rv FROM change
        WHERE resource = $1 AND rv > $5 AND prev_rv <= $5 AND (ns, name) > ($2, $3) AND ns <= $4
        """;

    private const string Rows =
        $"SELECT (SELECT doc FROM change WHERE rv = v.rv), v.rv, v.ns, v.name FROM ({KeysAtPosition} ORDER BY ns, name LIMIT $6) v ORDER BY v.ns, v.name";

    private const string CountRows = $"SELECT count(*) FROM ({KeysAtPosition}) v";

    /// <summary>Behind every namespace there can be.</summary>
    private const string BehindAll = "\U0010FFFF";

    /// <summary>How many rows are fetched at a time for a page that a filter fills.</summary>
    private const int FilteredPortion = 500;

    /// <exception cref="PositionExpiredException">The position asked for is below the floor.</exception>
    public static async Task<ListPage> ReadAsync(NpgsqlConnection connection, ListQuery query, CancellationToken cancellationToken)
    {
        // Reach, rows and count must be of the same moment: a trim in between would let rows be missing without a word.
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var reach = await PostgresReader.ReadReachAsync(connection, cancellationToken);
        var position = Math.Min(query.At ?? reach.Head, reach.Head);
        if (position < reach.Floor)
        {
            throw new PositionExpiredException(position, reach.Floor);
        }

        var page = await ReadPageAsync(connection, query, position, cancellationToken);
        await snapshot.CommitAsync(cancellationToken);
        return page;
    }

    private static async Task<ListPage> ReadPageAsync(NpgsqlConnection connection, ListQuery query, long position, CancellationToken cancellationToken)
    {
        var items = new List<(ResourceKey Key, Document Document)>();
        var wanted = query.Limit is > 0 and < int.MaxValue ? query.Limit + 1 : int.MaxValue;
        int? portion = query.Limit == 0 ? null : query.Filter is null ? wanted : FilteredPortion;
        for (var (after, more) = (query.After, true); more && items.Count < wanted;)
        {
            var rows = await ReadRowsAsync(connection, query with { After = after }, position, portion, cancellationToken);
            items.AddRange(rows.Where(row => query.Filter?.Invoke(row.Document) ?? true).Take(wanted - items.Count));
            (after, more) = (rows.Count > 0 ? rows[^1].Key : after, rows.Count == portion);
        }

        if (items.Count < wanted)
        {
            return new ListPage([.. items.Select(item => item.Document)], position, null, null);
        }

        var last = items[^2].Key;
        var remaining = query.Filter is null ? await CountAsync(connection, query with { After = last }, position, cancellationToken) : (long?)null;
        return new ListPage([.. items.SkipLast(1).Select(item => item.Document)], position, last, remaining);
    }

    private static async Task<List<(ResourceKey Key, Document Document)>> ReadRowsAsync(
        NpgsqlConnection connection, ListQuery query, long position, int? limit, CancellationToken cancellationToken)
    {
        var (ns, name, lastNamespace) = Range(query);
        await using var command = connection.Statement(Rows, query.Resource, ns, name, lastNamespace, position, limit ?? long.MaxValue);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<(ResourceKey, Document)>();
        while (await row.ReadAsync(cancellationToken))
        {
            rows.Add((new ResourceKey(query.Resource, row.GetString(2), row.GetString(3)), PostgresReader.DocumentAt(row, 0)));
        }

        return rows;
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection, ListQuery query, long position, CancellationToken cancellationToken)
    {
        var (ns, name, lastNamespace) = Range(query);
        await using var command = connection.Statement(CountRows, query.Resource, ns, name, lastNamespace, position);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static (string AfterNamespace, string AfterName, string LastNamespace) Range(ListQuery query)
    {
        var start = new ResourceKey(query.Resource, query.Namespace ?? "", "");
        var after = query.After is { } given && given > start ? given : start;
        return (after.Namespace, after.Name, query.Namespace ?? BehindAll);
    }
}
