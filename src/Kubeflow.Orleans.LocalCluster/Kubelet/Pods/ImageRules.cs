namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>
/// Images in a cluster without containers: whatever a container's command is, it runs on this host, and nothing is pulled. What an
/// image would run by itself cannot be known, so a container without a command waits as one whose image cannot be had.
/// </summary>
internal static class ImageRules
{
    /// <summary>How soon after a failure the waiting container is shown as held back.</summary>
    private static readonly TimeSpan FailureShown = TimeSpan.FromSeconds(1);

    public static bool CanRun(ContainerSpec container) => container.Command.Count > 0;

    /// <summary>The container's next record: failing and being held back in turn, as with a registry that does not answer.</summary>
    public static ContainerRecord Fail(ContainerSpec container, ContainerRecord record, DateTimeOffset now)
    {
        var problem = Problem(container);
        if (container.ImagePullPolicy == "Never")
        {
            return record with { State = new ContainerState.Waiting("ErrImageNeverPull", problem), RetryAt = now + BackOff.Maximum };
        }

        if (record.State is ContainerState.Waiting { Reason: "ErrImagePull" })
        {
            var held = $"Back-off pulling image \"{container.Image}\": ErrImagePull: {problem}";
            return record with { State = new ContainerState.Waiting("ImagePullBackOff", held), RetryAt = now + record.BackOff!.Delay };
        }

        return record with { State = new ContainerState.Waiting("ErrImagePull", problem), RetryAt = now + FailureShown, BackOff = BackOff.Next(record.BackOff, now) };
    }

    public static IEnumerable<(string Type, string Reason, string Message)> Events(ContainerSpec container, string waitingReason)
    {
        switch (waitingReason)
        {
            case "ErrImagePull":
                yield return ("Normal", "Pulling", $"Pulling image \"{container.Image}\"");
                yield return ("Warning", "Failed", $"Failed to pull image \"{container.Image}\": {Problem(container)}");
                break;
            case "ImagePullBackOff":
                yield return ("Normal", "BackOff", $"Back-off pulling image \"{container.Image}\"");
                break;
            default:
                yield return ("Warning", "ErrImageNeverPull", Problem(container));
                break;
        }

        yield return ("Warning", "Failed", $"Error: {waitingReason}");
    }

    private static string Problem(ContainerSpec container)
    {
        var missing = container.ImagePullPolicy == "Never" ? $"Container image \"{container.Image}\" is not present with pull policy of Never" : $"no image \"{container.Image}\" here";
        return $"{missing}: on the embedded cluster a container's command runs on this host and no image is pulled; set `command:` for container \"{container.Name}\", or use a real cluster";
    }
}
