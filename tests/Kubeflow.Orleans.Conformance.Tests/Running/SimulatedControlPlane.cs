namespace Kubeflow.Orleans.Conformance.Tests.Running;

/// <summary>A control plane whose only node that takes pods is a simulated one: programs that are not installed here run as if they were.</summary>
public sealed class SimulatedControlPlane : ControlPlane, Xunit.IAsyncLifetime
{
    public new async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        using var client = NewClient();
        foreach (var node in (await client.GetAsync("/api/v1/nodes")).Items)
        {
            await client.PatchAsync($"/api/v1/nodes/{node["metadata"]!["name"]}", """{"spec":{"unschedulable":true}}""");
        }

        await client.PostAsync("/api/v1/nodes", """
            {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "everything", "labels": {"node-type": "training"}, "annotations": {"kwok.x-k8s.io/node": "fake"}},
             "status": {"capacity": {"cpu": "1000", "memory": "1000Gi", "pods": "1000", "ephemeral-storage": "1000Gi", "nvidia.com/gpu": "100"},
                        "allocatable": {"cpu": "1000", "memory": "1000Gi", "pods": "1000", "ephemeral-storage": "1000Gi", "nvidia.com/gpu": "100"}}}
            """);
    }
}
