using Kubeflow.Orleans.Core.Resources;
using Microsoft.Data.Sqlite;

namespace Kubeflow.Orleans.Store.Sqlite.Reading;

/// <summary>
/// Lists a resource as it was at a position. What has not changed since stands in <c>object</c>; what has changed or gone since is
/// found through the change that replaced the version of then: the only one above the position whose previous is not.
/// </summary>
internal sealed class SqliteListing(SqliteConnection connection) : IDisposable
{
    /// <summary>Both parts in key order, merged while reading: nothing but the changed keys is sorted.</summary>
    private const string KeysAtPosition =
        """
        SELECT ns, name, rv FROM object
        WHERE resource = @resource AND (ns, name) > (@after_ns, @after_name) AND ns <= @last_ns AND rv <= @at
        UNION ALL
        SELECT ns, name, prev_rv FROM change
        WHERE resource = @resource AND rv > @at AND prev_rv <= @at AND (ns, name) > (@after_ns, @after_name) AND ns <= @last_ns
        """;

    /// <summary>Behind every namespace there can be.</summary>
    private const string BehindAll = "\U0010FFFF";

    private static readonly string[] Parameters = ["@resource", "@after_ns", "@after_name", "@last_ns", "@at"];

    /// <summary>The inner order holds outside because the inner query is limited; SQLite may drop the order of one that is not.</summary>
    private readonly SqliteStatement read = new(
        connection,
        $"SELECT v.ns, v.name, (SELECT doc FROM change WHERE rv = v.rv) FROM ({KeysAtPosition} ORDER BY ns, name LIMIT @limit) v",
        [.. Parameters, "@limit"]);

    private readonly SqliteStatement count = new(connection, $"SELECT count(*) FROM ({KeysAtPosition})", Parameters);

    public ListPage Read(ListQuery query, long position, CancellationToken cancellationToken)
    {
        var items = new List<Document>();
        ResourceKey? last = null;
        var more = false;
        using (var row = Rows(query, position))
        {
            while (!more && row.Read())
            {
                cancellationToken.ThrowIfCancellationRequested();
                var document = new Document(row.GetFieldValue<byte[]>(2));
                if (query.Filter?.Invoke(document) == false)
                {
                    continue;
                }

                more = query.Limit > 0 && items.Count == query.Limit;
                if (!more)
                {
                    items.Add(document);
                    last = new ResourceKey(query.Resource, row.GetString(0), row.GetString(1));
                }
            }
        }

        return more
            ? new ListPage(items, position, last, query.Filter is null ? Count(query with { After = last }, position) : null)
            : new ListPage(items, position, null, null);
    }

    public void Dispose()
    {
        read.Dispose();
        count.Dispose();
    }

    /// <summary>One row more than the page holds, to know whether there is more; a filter may skip any number.</summary>
    private SqliteDataReader Rows(ListQuery query, long position)
    {
        var (ns, name, lastNamespace) = Range(query);
        var limit = query.Filter is null && query.Limit > 0 ? query.Limit + 1L : -1;
        return read.Query(query.Resource, ns, name, lastNamespace, position, limit);
    }

    private long Count(ListQuery query, long position)
    {
        var (ns, name, lastNamespace) = Range(query);
        using var row = count.Query(query.Resource, ns, name, lastNamespace, position);
        row.Read();
        return row.GetInt64(0);
    }

    private static (string AfterNamespace, string AfterName, string LastNamespace) Range(ListQuery query)
    {
        var start = new ResourceKey(query.Resource, query.Namespace ?? "", "");
        var after = query.After is { } given && given > start ? given : start;
        return (after.Namespace, after.Name, query.Namespace ?? BehindAll);
    }
}
