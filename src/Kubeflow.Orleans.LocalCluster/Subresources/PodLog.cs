using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.LocalCluster.Nodes;
using Kubeflow.Orleans.LocalCluster.Simulation;
using Microsoft.AspNetCore.Http;
using PodLogOptions = Kubeflow.Orleans.LocalCluster.Kubelet.PodLogOptions;

namespace Kubeflow.Orleans.LocalCluster.Subresources;

/// <summary><c>pods/log</c>: from the kubelet, or a line that says a pod is only simulated.</summary>
internal sealed class PodLog(IResourceService resources, ProcessNodeHost node) : ISubresource
{
    public string Resource => "pods";

    public string Name => "log";

    public string Kind => "Pod";

    public ImmutableArray<string> Verbs => ["get"];

    public bool LongRunning => true;

    public async Task HandleAsync(HttpContext context, ResourceKind kind, string @namespace, string name)
    {
        var cancellationToken = context.RequestAborted;
        var pod = await resources.GetAsync(kind, @namespace, name, cancellationToken);
        var options = ReadOptions(context.Request.Query);
        var container = context.Request.Query["container"].ToString();
        context.Response.ContentType = "text/plain";
        var nodeName = pod.Root.Text("spec", "nodeName");
        if (nodeName.Length > 0 && node.IsMine(nodeName))
        {
            await node.Logs.ReadAsync(@namespace, name, container, options, context.Response.Body, cancellationToken);
        }
        else if (nodeName.Length > 0 && await IsSimulatedAsync(nodeName, cancellationToken))
        {
            RequireContainer(pod, container);
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes($"{name} runs on simulated node {nodeName}: there is no process and no output.\n"), cancellationToken);
        }
    }

    private async Task<bool> IsSimulatedAsync(string nodeName, CancellationToken cancellationToken) =>
        await resources.FindAsync(new ResourceKey("nodes", "", nodeName), cancellationToken) is { } found && SimulatedNodes.IsSimulated(found);

    private static void RequireContainer(Document pod, string container)
    {
        var known = pod.Root.Items("spec", "initContainers").Concat(pod.Root.Items("spec", "containers")).Select(item => item.Text("name"));
        if (container.Length > 0 && !known.Contains(container, StringComparer.Ordinal))
        {
            throw StatusErrors.BadRequest($"container {container} is not valid for pod {pod.Metadata.Name}");
        }
    }

    private static PodLogOptions ReadOptions(IQueryCollection query)
    {
        var options = new PodLogOptions
        {
            Follow = Flag(query, "follow"),
            Previous = Flag(query, "previous"),
            Timestamps = Flag(query, "timestamps"),
            TailLines = Number(query, "tailLines", 0),
            LimitBytes = Number(query, "limitBytes", 1),
            SinceSeconds = Number(query, "sinceSeconds", 1),
            SinceTime = Time(query, "sinceTime"),
        };
        return options is { SinceSeconds: not null, SinceTime: not null }
            ? throw Invalid(FieldError.Forbidden("sinceSeconds", "at most one of `sinceTime` or `sinceSeconds` may be specified"))
            : options;
    }

    private static bool Flag(IQueryCollection query, string name) =>
        query.TryGetValue(name, out var values) && values.ToString() is not ("0" or "false" or "False" or "FALSE");

    private static long? Number(IQueryCollection query, string name, long least)
    {
        var text = query[name].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        if (!long.TryParse(text, CultureInfo.InvariantCulture, out var number))
        {
            throw StatusErrors.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
        }

        var rule = least == 0 ? "must be greater than or equal to 0" : "must be greater than 0";
        return number < least ? throw Invalid(FieldError.Invalid(name, text, rule)) : number;
    }

    private static DateTimeOffset? Time(IQueryCollection query, string name)
    {
        var text = query[name].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw StatusErrors.BadRequest($"parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\"");
    }

    private static StatusException Invalid(FieldError error) => StatusErrors.InvalidOptions("PodLogOptions", error);
}
