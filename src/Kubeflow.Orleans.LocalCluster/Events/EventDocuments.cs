using System.Text.Json.Nodes;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Events;

/// <summary>Event objects as they are stored. Pure.</summary>
internal static class EventDocuments
{
    public static JsonObject Create(EventAction.Create action, string uid, DateTimeOffset now)
    {
        var told = action.Event;
        var time = now.Rfc3339();
        var node = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new JsonObject { ["name"] = action.Name, ["namespace"] = action.Namespace, ["uid"] = uid, ["creationTimestamp"] = time },
            ["involvedObject"] = told.About.ToNode(),
            ["reason"] = told.Reason,
            ["message"] = told.Message,
            ["type"] = told.Type,
            ["reportingComponent"] = told.Source.Component,
            ["reportingInstance"] = told.Source.Host,
        };
        if (told.Source.Reporting)
        {
            node["source"] = new JsonObject();
            node["firstTimestamp"] = null;
            node["lastTimestamp"] = null;
            node["eventTime"] = now.MicroTime();
            node["action"] = "Scheduling";
            return node;
        }

        var source = new JsonObject { ["component"] = told.Source.Component };
        if (told.Source.Host.Length > 0)
        {
            source["host"] = told.Source.Host;
        }

        node["source"] = source;
        node["firstTimestamp"] = time;
        node["lastTimestamp"] = time;
        node["eventTime"] = null;
        node["count"] = 1;
        return node;
    }

    /// <summary>Raises the count: a component of the new kind keeps a series, all others a plain count.</summary>
    public static void Count(JsonObject node, EventAction.Count action, DateTimeOffset now)
    {
        if (action.Event.Source.Reporting)
        {
            node["series"] = new JsonObject { ["count"] = (node.Object("series").Integer("count") ?? 1) + 1, ["lastObservedTime"] = now.MicroTime() };
            return;
        }

        node["count"] = (node.Integer("count") ?? 1) + 1;
        node["lastTimestamp"] = now.Rfc3339();
        node["message"] = action.Event.Message;
    }
}
