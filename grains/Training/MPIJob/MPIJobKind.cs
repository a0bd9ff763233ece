using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Grains.Training.MPIJob.V1;
using Kubeflow.Orleans.Grains.Training.MPIJob.V2Beta1;

namespace Kubeflow.Orleans.Grains.Training.MPIJob;

/// <summary>
/// <c>mpijobs.kubeflow.org</c>: two kinds of job that share a name. They differ in all but that, so an object is what its
/// <c>apiVersion</c> says and stays so.
/// </summary>
internal sealed class MPIJobKind : ResourceKind, IReconciledKind, IReportsProgress
{
    private readonly MPIJobV1Kind v1 = new();
    private readonly MPIJobV2Kind v2 = new();

    public override string Group => v1.Group;

    public override string Kind => v1.Kind;

    public override string Plural => v1.Plural;

    public override bool KeepsVersions => true;

    /// <summary>The wider of the two: what v2beta1 demands of names depends on the number of workers.</summary>
    public override NameRule NameRule => v1.NameRule;

    public override ImmutableArray<KindVersion> Versions => [.. v1.Versions, .. v2.Versions];

    /// <summary>The kind of job that objects of this version are.</summary>
    public TrainingKind Of(string? apiVersion) => apiVersion == ApiVersion(v2.Version) ? v2 : v1;

    public bool Concerns(JsonElement document) => Of(document.Text("apiVersion")).Concerns(document);

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old)
    {
        var shape = Of(document["apiVersion"]?.ToString());
        var root = Document.FromNode(document).Root;
        return [.. shape == v2 ? v2.ValidateName(root.Get("metadata").Text("name") ?? "", root.Get("spec")) : [], .. shape.Validate(document, old)];
    }

    public override IEnumerable<string> Warnings(JsonObject document) => Of(document["apiVersion"]?.ToString()).Warnings(document);
}
