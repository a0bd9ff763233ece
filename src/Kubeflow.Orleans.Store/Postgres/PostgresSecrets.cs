using Npgsql;

namespace Kubeflow.Orleans.Store.Postgres;

/// <summary>The secrets of all silos of one schema. Both statements may be done twice, so an outage in between is waited out.</summary>
internal sealed class PostgresSecrets(PostgresDatabase database) : ISecretStore
{
    private const string Find = "SELECT content FROM secret WHERE name = $1";

    private const string Keep =
        "INSERT INTO secret AS kept (name, content) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET content = excluded.content WHERE kept.content = $3";

    public async Task<string?> FindAsync(string name, CancellationToken cancellationToken) =>
        await database.RepeatAsync((connection, token) => FindAsync(connection, name, token), cancellationToken);

    public async Task<string> KeepAsync(string name, string content, string? replaced, CancellationToken cancellationToken) =>
        await database.RepeatAsync(
            async (connection, token) =>
            {
                // Nobody keeps an empty text: it stands for nothing.
                await using (var keep = connection.Statement(Keep, name, content, replaced ?? ""))
                {
                    await keep.ExecuteNonQueryAsync(token);
                }

                return (await FindAsync(connection, name, token))!;
            },
            cancellationToken);

    private static async Task<string?> FindAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        await using var find = connection.Statement(Find, name);
        return (string?)await find.ExecuteScalarAsync(cancellationToken);
    }
}
