namespace Kubeflow.Orleans.Core.Resources;

/// <summary>The finalizers by which a delete says what is to become of an object's dependents, as Kubernetes names them.</summary>
public static class DependentFinalizers
{
    /// <summary>Dependents go on without an owner; the object goes when they are let go.</summary>
    public const string Orphan = "orphan";

    /// <summary>Dependents are deleted first; the object goes when they are gone.</summary>
    public const string Foreground = "foregroundDeletion";
}
