using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Events;

/// <summary>Something worth telling about an object.</summary>
public sealed record ClusterEvent(InvolvedObject About, string Type, string Reason, string Message, EventSource Source)
{
    public const string Normal = "Normal";

    public const string Warning = "Warning";
}

/// <summary>Who tells it. Components of the new kind (the scheduler) report without source and count.</summary>
public sealed record EventSource(string Component, string Host = "", bool Reporting = false);

/// <summary>Which object, or which part of it, an event is about.</summary>
public sealed record InvolvedObject(string ApiVersion, string Kind, string Namespace, string Name, string Uid, string ResourceVersion = "", string FieldPath = "")
{
    public static InvolvedObject Of(Document document)
    {
        var metadata = document.Metadata;
        return new(document.ApiVersion, document.Kind, metadata.Namespace, metadata.Name, metadata.Uid, document.Root.Text("metadata", "resourceVersion"));
    }

    internal JsonObject ToNode()
    {
        var node = new JsonObject { ["kind"] = Kind };
        Add(node, "namespace", Namespace);
        Add(node, "name", Name);
        Add(node, "uid", Uid);
        Add(node, "apiVersion", ApiVersion);
        Add(node, "resourceVersion", ResourceVersion);
        Add(node, "fieldPath", FieldPath);
        return node;
    }

    private static void Add(JsonObject node, string name, string value)
    {
        if (value.Length > 0)
        {
            node[name] = value;
        }
    }
}
