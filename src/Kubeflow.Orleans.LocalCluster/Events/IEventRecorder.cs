namespace Kubeflow.Orleans.LocalCluster.Events;

/// <summary>Where events are told. Never blocks and never fails the caller: under pressure events are dropped.</summary>
public interface IEventRecorder
{
    void Record(ClusterEvent clusterEvent);
}
