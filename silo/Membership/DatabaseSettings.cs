using Npgsql;

namespace Kubeflow.Orleans.Silo.Membership;

/// <summary>The PostgreSQL database that silos share. Holds a password: only <see cref="ToString"/> is meant for eyes.</summary>
public sealed class DatabaseSettings
{
    private readonly NpgsqlConnectionStringBuilder connection;

    private DatabaseSettings(NpgsqlConnectionStringBuilder connection) => this.connection = connection;

    internal string ConnectionString => connection.ConnectionString;

    /// <summary>Parses <c>Host=...;Username=...;Password=...;Database=...</c>.</summary>
    /// <exception cref="ArgumentException">It is no such text. The message repeats none of it.</exception>
    public static DatabaseSettings Parse(string text)
    {
        try
        {
            var connection = new NpgsqlConnectionStringBuilder(text);
            return string.IsNullOrEmpty(connection.Host) ? throw new ArgumentException("no host") : new DatabaseSettings(connection);
        }
        catch (Exception problem) when (problem is ArgumentException or FormatException or OverflowException or InvalidCastException)
        {
            // The cause is left out: it may repeat the password.
            throw new ArgumentException("--database (or KFO_DATABASE) takes Host=NAME;Username=NAME;Password=TEXT;Database=NAME and further settings of Npgsql. What was given is not shown, as it may hold a password.");
        }
    }

    /// <summary>Where the database is, without who we are there.</summary>
    public override string ToString() => $"postgresql://{connection.Host}:{connection.Port}/{connection.Database}";
}
