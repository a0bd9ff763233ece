using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Cli.Api;
using Kubeflow.Orleans.Cli.ControlPlane;
using Kubeflow.Orleans.Cli.Manifests;
using Kubeflow.Orleans.Cli.Output;

namespace Kubeflow.Orleans.Cli.Commands;

/// <summary><c>kfo get KIND [NAME]</c>.</summary>
internal static class GetCommand
{
    private static readonly JsonSerializerOptions Indented = new(Core.Resources.Document.SerializerOptions) { WriteIndented = true };

    public static Command Build(CommandContext context)
    {
        var kind = new Argument<string>("KIND") { Description = "For example tfjobs, pods, events; plural, singular and short names work." };
        var name = new Argument<string?>("NAME") { Description = "Just this object.", Arity = ArgumentArity.ZeroOrOne };
        var output = new Option<string>("--output", "-o") { Description = "How to print it.", HelpName = "FORMAT", DefaultValueFactory = _ => "table" }.AcceptOnlyFromAmong("table", "wide", "yaml", "json", "name");
        var watch = new Option<bool>("--watch", "-w") { Description = "Print it, then each change, until Ctrl-C." };
        var all = new Option<bool>("--all-namespaces", "-A") { Description = "In every namespace." };
        var @namespace = CommandLine.NamespaceOption();
        var command = CommandLine.Describe("get", "Shows objects.", "kfo get tfjobs", "kfo get pods -A -w", "kfo get tfjob digits -o yaml");
        command.Add(kind);
        command.Add(name);
        command.Add(output);
        command.Add(watch);
        command.Add(all);
        command.Add(@namespace);
        command.SetAction((parsed, cancellationToken) => GetAsync(
            context, new Request(parsed.GetRequiredValue(kind), parsed.GetValue(name), parsed.GetValue(output)!, parsed.GetValue(watch), parsed.GetValue(all), parsed.GetValue(@namespace)), cancellationToken));
        return command;
    }

    private sealed record Request(string Kind, string? Name, string Format, bool Watch, bool AllNamespaces, string? Namespace);

    private static async Task<int> GetAsync(CommandContext context, Request request, CancellationToken cancellationToken)
    {
        await using var controlPlane = await RunningControlPlane.RequireAsync(context.Home, cancellationToken);
        var client = controlPlane.Client;
        var type = (await ResourceCatalog.DiscoverAsync(client, cancellationToken)).Require(request.Kind);
        var @namespace = request.AllNamespaces ? "" : request.Namespace ?? client.DefaultNamespace;
        if (request.Watch)
        {
            await WatchAsync(context, client, type, @namespace, request, cancellationToken);
        }
        else if (request.Format is "table" or "wide")
        {
            await PrintTableAsync(context, client, type, @namespace, request, cancellationToken);
        }
        else
        {
            var path = request.Name is null ? type.CollectionPath(@namespace) : type.ItemPath(@namespace, request.Name);
            await context.Output.WriteLineAsync(Format(await client.GetAsync(path, cancellationToken), type, request.Format));
        }

        return ExitCode.Success;
    }

    private static async Task PrintTableAsync(CommandContext context, ApiClient client, ResourceType type, string @namespace, Request request, CancellationToken cancellationToken)
    {
        var path = request.Name is null ? type.CollectionPath(@namespace) : type.ItemPath(@namespace, request.Name);
        var lines = Table(request, type).Render(await client.GetTableAsync(path, cancellationToken));
        if (lines.Count == 0)
        {
            await context.Error.WriteLineAsync(type.Namespaced && @namespace.Length > 0 ? $"No {type.Plural} in namespace {@namespace}." : $"No {type.Plural}.");
        }

        foreach (var line in lines)
        {
            await context.Output.WriteLineAsync(line);
        }
    }

    private static async Task WatchAsync(CommandContext context, ApiClient client, ResourceType type, string @namespace, Request request, CancellationToken cancellationToken)
    {
        var selector = request.Name is null ? "" : $"&fieldSelector=metadata.name%3D{Uri.EscapeDataString(request.Name)}";
        var asTable = request.Format is "table" or "wide";
        var table = Table(request, type);
        await foreach (var line in client.ReadLinesAsync($"{type.CollectionPath(@namespace)}?watch=true{selector}", cancellationToken, asTable ? ApiClient.TableMediaType : "application/json"))
        {
            var change = JsonNode.Parse(line)!.AsObject();
            var item = change["object"]!.AsObject();
            if (change["type"]!.GetValue<string>() == "ERROR")
            {
                throw ApiException.Read(item, 500);
            }

            foreach (var text in asTable ? table.Render(item) : [Format(item, type, request.Format)])
            {
                await context.Output.WriteLineAsync(text);
            }
        }
    }

    private static TableText Table(Request request, ResourceType type) => new(wide: request.Format == "wide", showNamespace: request.AllNamespaces && type.Namespaced);

    private static string Format(JsonObject answer, ResourceType type, string format) => format switch
    {
        "json" => answer.ToJsonString(Indented),
        "yaml" => YamlJson.Write(answer).TrimEnd(),
        _ => string.Join('\n', (answer["items"] is JsonArray items ? items.OfType<JsonObject>() : [answer]).Select(item => $"{type.FullName}/{item["metadata"]!["name"]}")),
    };
}
