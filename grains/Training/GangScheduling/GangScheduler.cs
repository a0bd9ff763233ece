using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training.GangScheduling;

/// <summary>The scheduler that starts a job's pods together or not at all, if the job is to have one.</summary>
/// <param name="Name">What pods name in <c>schedulerName</c>. Any but Volcano is taken for one with the coscheduling plugin.</param>
internal sealed record GangScheduler(string Name)
{
    /// <summary>The value by which one job declines what is set for all.</summary>
    public const string None = "none";

    public const string Volcano = "volcano";

    /// <summary>A definition that was missing may be installed at any time, and nobody tells.</summary>
    public static readonly TimeSpan UntilUnknownKindIsTried = TimeSpan.FromMinutes(1);

    /// <summary>The kinds of pod groups there are; which one a job needs is known only with the job.</summary>
    public static IReadOnlyCollection<ChildKind> PodGroupKinds { get; } = [ChildKind.Of<VolcanoPodGroup>(), ChildKind.Of<CoschedulingPodGroup>()];

    public bool IsVolcano => Name == Volcano;

    public ChildKind PodGroupKind => IsVolcano ? ChildKind.Of<VolcanoPodGroup>() : ChildKind.Of<CoschedulingPodGroup>();

    /// <summary>Said where the cluster does not know such groups.</summary>
    public string MissingMessage => $"the cluster does not serve {PodGroupKind.Plural} of {PodGroupKind.Group}/{PodGroupKind.Version}: is the scheduler {Name} installed?";

    /// <summary>What the job asks for, else what is set for all jobs; null: its pods are scheduled one by one.</summary>
    public static GangScheduler? Of(JobAnnotations annotations, TrainingOptions options)
    {
        var name = annotations.GangScheduler ?? options.GangSchedulerName;
        var isVolcano = name.Equals(Volcano, StringComparison.OrdinalIgnoreCase);
        return name is "" or None ? null : new GangScheduler(isVolcano ? Volcano : name);
    }
}
