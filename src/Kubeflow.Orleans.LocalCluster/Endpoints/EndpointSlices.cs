using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using StableHash = Kubeflow.Orleans.Core.StableHash;

namespace Kubeflow.Orleans.LocalCluster.Endpoints;

/// <summary>The slice of a service: where its pods are and which of them are ready. Pure.</summary>
internal static class EndpointSlices
{
    public const string ServiceLabel = "kubernetes.io/service-name";

    private const string ManagedByLabel = "endpointslice.kubernetes.io/managed-by";
    private const string Controller = "endpointslice-controller.k8s.io";
    private const string HeadlessLabel = "service.kubernetes.io/headless";

    /// <summary>One slice a service, always of the same name, so that two writers cannot make two.</summary>
    public static string NameFor(Document service) => string.Create(
        CultureInfo.InvariantCulture, $"{service.Metadata.Name}-{StableHash.Of(service.Metadata.Uid) % 0x100000:x5}");

    public static JsonObject Build(Document service, IEnumerable<Document> pods)
    {
        var metadata = service.Metadata;
        var labels = new JsonObject { [ManagedByLabel] = Controller, [ServiceLabel] = metadata.Name };
        if (service.Root.Text("spec", "clusterIP") == "None")
        {
            labels[HeadlessLabel] = "";
        }

        var selected = pods.OrderBy(pod => pod.Metadata.Name, StringComparer.Ordinal).ToList();
        return new JsonObject
        {
            ["apiVersion"] = "discovery.k8s.io/v1",
            ["kind"] = "EndpointSlice",
            ["metadata"] = new JsonObject
            {
                ["name"] = NameFor(service),
                ["namespace"] = metadata.Namespace,
                ["labels"] = labels,
                ["ownerReferences"] = new JsonArray(new JsonObject
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "Service",
                    ["name"] = metadata.Name,
                    ["uid"] = metadata.Uid,
                    ["controller"] = true,
                    ["blockOwnerDeletion"] = true,
                }),
            },
            ["addressType"] = "IPv4",
            ["endpoints"] = new JsonArray([.. selected.Select(pod => Endpoint(service, pod))]),
            ["ports"] = new JsonArray([.. service.Root.Items("spec", "ports").Select(port => Port(port, selected))]),
        };
    }

    private static JsonObject Endpoint(Document service, Document pod)
    {
        var (root, metadata) = (pod.Root, pod.Metadata);
        var serving = root.Items("status", "conditions").Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == "True");
        var terminating = metadata.DeletionTimestamp is not null;
        var endpoint = new JsonObject
        {
            ["addresses"] = new JsonArray(root.Text("status", "podIP")),
            ["conditions"] = new JsonObject
            {
                ["ready"] = (serving && !terminating) || service.Root.Flag("spec", "publishNotReadyAddresses"),
                ["serving"] = serving,
                ["terminating"] = terminating,
            },
            ["nodeName"] = root.Text("spec", "nodeName"),
            ["targetRef"] = new JsonObject { ["kind"] = "Pod", ["namespace"] = metadata.Namespace, ["name"] = metadata.Name, ["uid"] = metadata.Uid },
        };
        if (root.Text("spec", "hostname") is { Length: > 0 } hostname && root.Text("spec", "subdomain") == service.Metadata.Name)
        {
            endpoint["hostname"] = hostname;
        }

        return endpoint;
    }

    private static JsonObject Port(JsonElement port, List<Document> pods)
    {
        var target = port.At("targetPort") is { ValueKind: JsonValueKind.String } name
            ? pods.SelectMany(pod => pod.Root.Items("spec", "containers")).SelectMany(container => container.Items("ports"))
                .FirstOrDefault(candidate => candidate.Text("name") == name.GetString()).Integer("containerPort")
            : port.Integer("targetPort");
        return new JsonObject { ["name"] = port.Text("name"), ["port"] = target ?? port.Integer("port"), ["protocol"] = port.Text("protocol") };
    }
}
