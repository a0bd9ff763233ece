namespace Kubeflow.Orleans.Grains.Training.Progress;

/// <summary>The object whose programs report.</summary>
/// <param name="ApiVersion">For example <c>kubeflow.org/v1</c>.</param>
/// <param name="Plural">For example <c>tfjobs</c>.</param>
internal sealed record ProgressReporter(string ApiVersion, string Plural, string Namespace, string Name, string Uid)
{
    /// <summary>The stored identity, for example <c>tfjobs.kubeflow.org</c>.</summary>
    public string Resource => $"{Plural}.{ApiVersion[..ApiVersion.IndexOf('/', StringComparison.Ordinal)]}";

    public string SecretName => Name + "-progress";

    public string Path => $"/apis/{ApiVersion}/namespaces/{Namespace}/{Plural}/{Name}/progress";

    public static ProgressReporter Of(TrainingJob job) => new(job.Kind.ApiVersion(job.Kind.Version), job.Kind.Plural, job.Namespace, job.Name, job.Uid);
}
