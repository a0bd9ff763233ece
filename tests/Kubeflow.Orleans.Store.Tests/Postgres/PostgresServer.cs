using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Kubeflow.Orleans.Store.Postgres;
using Npgsql;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Postgres;

/// <summary>
/// A PostgreSQL server of the tests' own, on loopback and in a directory that goes with it; started when first asked for. Where none is
/// installed the tests that ask are skipped.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string User = "kfo";

    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(60);

    private readonly Lazy<Task<string>> started;
    private readonly string password = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
    private readonly int port = FreePort();
    private DirectoryInfo? directory;

    public PostgresServer() => started = new Lazy<Task<string>>(StartFirstAsync);

    private string Data => Path.Combine(directory!.FullName, "data");

    private static string? Binaries => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql")
            .OrderByDescending(version => int.TryParse(Path.GetFileName(version), CultureInfo.InvariantCulture, out var number) ? number : 0)
            .Select(version => Path.Combine(version, "bin"))
            .FirstOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")))
        : null;

    public Task<string> ConnectionStringAsync()
    {
        if (Binaries is null)
        {
            Assert.Skip("PostgreSQL is not installed (Debian: postgresql).");
        }

        return started.Value;
    }

    public async Task<PostgresStoreOptions> NewStoreAsync() => new()
    {
        ConnectionString = await ConnectionStringAsync(),
        Schema = $"s{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}",
    };

    /// <summary>A connection beside the store, as an operator or another program has one.</summary>
    public async Task<NpgsqlConnection> ConnectAsync(string schema)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(await ConnectionStringAsync()) { SearchPath = schema, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    public async Task<long> ScalarAsync(string schema, string sql)
    {
        await using var connection = await ConnectAsync(schema);
#pragma warning disable CA2100 // The tests' own statements.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync() is { } value and not DBNull ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : 0;
    }

    /// <param name="mode">fast ends every session, immediate leaves recovery from the log to the next start, as a crash does.</param>
    public async Task RestartAsync(string mode)
    {
        await ControlAsync("stop", "-m", mode);
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (directory is not null)
        {
            await ControlAsync("stop", "-m", "immediate");
            directory.Delete(recursive: true);
        }
    }

    private async Task<string> StartFirstAsync()
    {
        directory = Directory.CreateTempSubdirectory("kfo-postgres-");
        var passwordFile = Path.Combine(directory.FullName, "password");
        await File.WriteAllTextAsync(passwordFile, password);
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", "-R", "postgres", directory.FullName);
        }

        await RunAsServerAsync("initdb", "-D", Data, "-U", User, "-A", "scram-sha-256", $"--pwfile={passwordFile}", "-E", "UTF8", "--locale=C", "--no-sync");
        await StartAsync();
        return $"Host=127.0.0.1;Port={port};Username={User};Password={password};Database=postgres";
    }

    /// <summary>fsync is off because no test takes the power away; everything else is what a server does by default.</summary>
    private Task StartAsync() => ControlAsync(
        "start", "-l", Path.Combine(directory!.FullName, "log"), "-o", $"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=200");

    private Task ControlAsync(string action, params string[] arguments) => RunAsServerAsync("pg_ctl", ["-D", Data, "-s", "-w", "-t", "50", action, .. arguments]);

    /// <summary>The server refuses to run as root.</summary>
    private static Task RunAsServerAsync(string program, params string[] arguments)
    {
        var path = Path.Combine(Binaries!, program);
        return Environment.IsPrivilegedProcess ? RunAsync("runuser", ["-u", "postgres", "--", path, .. arguments]) : RunAsync(path, arguments);
    }

    /// <summary>Its output is left alone: the server would inherit the pipe and keep it open.</summary>
    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", "exec \"$@\" >/dev/null 2>&1 </dev/null", program, program, .. arguments]) { WorkingDirectory = "/" })!;
        await process.WaitForExitAsync().WaitAsync(CommandLimit);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
