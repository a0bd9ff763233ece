using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.PyTorchJob;

/// <summary>
/// The init container that holds a worker back until the master's name resolves, which it does once the master's pod is ready. A worker
/// that starts earlier fails on its first connection.
/// </summary>
internal static class MasterWaitContainer
{
    public const string Name = "init-pytorch";

    public static V1Container Build(string masterAddress, TrainingOptions options) => new()
    {
        Name = Name,
        Image = options.PyTorchInitContainerImage,
        ImagePullPolicy = "IfNotPresent",
        Command = ["sh", "-c", Script(masterAddress, options.PyTorchInitContainerMaximumTries)],
        Resources = new V1ResourceRequirements
        {
            Limits = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("100m"), ["memory"] = new("20Mi") },
            Requests = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("50m"), ["memory"] = new("10Mi") },
        },
    };

    private static string Script(string masterAddress, int tries) => $"""
        try=0
        until nslookup {masterAddress}; do
          try=$((try + 1))
          if [ "$try" -ge {tries} ]; then
            echo "{masterAddress} did not become ready"
            exit 1
          fi
          echo "waiting for {masterAddress}"
          sleep 2
        done
        """;
}
