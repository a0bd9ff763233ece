using System.CommandLine;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Cli.Api;
using Kubeflow.Orleans.Cli.ControlPlane;
using Kubeflow.Orleans.Cli.Running;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Cli.Commands;

/// <summary><c>kfo logs NAME</c>: of a pod, or of all replicas of a job.</summary>
internal static class LogsCommand
{
    public static Command Build(CommandContext context)
    {
        var name = new Argument<string>("NAME") { Description = "A pod, or a job: then the lines of all its replicas, each with the replica's name before it." };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the containers end." };
        var previous = new Option<bool>("--previous", "-p") { Description = "What the container wrote before its last restart." };
        var container = new Option<string>("--container", "-c") { Description = "Just this container.", HelpName = "NAME" };
        var tail = new Option<int?>("--tail") { Description = "Just the last lines.", HelpName = "LINES" };
        var @namespace = CommandLine.NamespaceOption();
        var command = CommandLine.Describe("logs", "Prints what a pod or a job wrote.", "kfo logs digits", "kfo logs -f digits-chief-0", "kfo logs --tail 20 -c tensorflow digits-worker-1");
        foreach (var option in (Option[])[follow, previous, container, tail, @namespace])
        {
            command.Add(option);
        }

        command.Add(name);
        command.SetAction((parsed, cancellationToken) => LogsAsync(
            context, parsed.GetRequiredValue(name), parsed.GetValue(@namespace), parsed.GetValue(container),
            new LogQuery("", "", "") { Follow = parsed.GetValue(follow), Previous = parsed.GetValue(previous), Tail = parsed.GetValue(tail) }, cancellationToken));
        return command;
    }

    private static async Task<int> LogsAsync(CommandContext context, string name, string? @namespace, string? container, LogQuery template, CancellationToken cancellationToken)
    {
        await using var controlPlane = await RunningControlPlane.RequireAsync(context.Home, cancellationToken);
        var client = controlPlane.Client;
        var catalog = await ResourceCatalog.DiscoverAsync(client, cancellationToken);
        var replicas = await FindAsync(client, catalog.Pods, @namespace ?? client.DefaultNamespace, name, cancellationToken);
        var sources = replicas.SelectMany(replica => replica.Containers.Where(item => container is null ? item.HasStarted : item.Name == container).Select(item => (replica, item.Name))).ToList();
        if (sources.Count == 0)
        {
            throw new FailureException(container is null
                ? $"Nothing of {name} has started yet. {string.Join(" ", FailureOf(replicas))}".TrimEnd()
                : $"{name} has no container '{container}'; it has: {string.Join(", ", replicas.SelectMany(replica => replica.Containers).Select(item => item.Name).Distinct())}.");
        }

        var follower = new LogFollower(client, catalog.Pods, context.Time);
        var gate = new SemaphoreSlim(1);
        var reading = sources.Select(source => PrintAsync(
            context.Output, gate, follower,
            template with { Namespace = source.replica.Namespace, Pod = source.replica.PodName, Container = source.Name },
            sources.Count == 1 ? "" : LogPrefix.Of(source.replica.Name, source.replica.Containers.Length > 1 ? source.Name : ""), cancellationToken));
        await (template.Follow ? Task.WhenAll(reading) : OneByOneAsync(reading));
        return ExitCode.Success;
    }

    private static IEnumerable<string> FailureOf(IEnumerable<ReplicaState> replicas) =>
        replicas.Select(replica => $"{replica.Name} is {replica.Phase}{(replica.Waiting.Length > 0 ? $": {replica.Waiting}" : "")}.");

    private static async Task OneByOneAsync(IEnumerable<Task> readings)
    {
        foreach (var reading in readings)
        {
            await reading;
        }
    }

    private static async Task PrintAsync(TextWriter output, SemaphoreSlim gate, LogFollower follower, LogQuery query, string prefix, CancellationToken cancellationToken)
    {
        await foreach (var line in follower.ReadAsync(query, cancellationToken))
        {
            await gate.WaitAsync(cancellationToken);
            try
            {
                await output.WriteLineAsync($"{prefix}{line}");
            }
            finally
            {
                gate.Release();
            }
        }
    }

    /// <summary>The pod of that name, else the pods whose controller has it.</summary>
    private static async Task<IReadOnlyList<ReplicaState>> FindAsync(ApiClient client, ResourceType pods, string @namespace, string name, CancellationToken cancellationToken)
    {
        var list = await client.GetAsync(pods.CollectionPath(@namespace), cancellationToken);
        var documents = (list["items"] as JsonArray ?? []).OfType<JsonObject>().Select(Document.FromNode).ToList();
        var found = documents.Where(pod => pod.Metadata.Name == name).DefaultIfEmpty().First() is { } exact ? [exact] : documents.Where(pod => pod.Metadata.Controller?.Name == name).ToList();
        return found.Count > 0
            ? [.. found.Select(ReplicaReader.Read)]
            : throw new FailureException($"There is no pod '{name}' in namespace {@namespace}, and no job of that name has pods there.", hint: "See what there is: kfo get pods -A");
    }
}
