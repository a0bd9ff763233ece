using System.Reflection;
using Kubeflow.Orleans.Core.Kinds;

namespace Kubeflow.Orleans.Architecture.Tests;

/// <summary>The built project assemblies.</summary>
internal static class Assemblies
{
    public static IReadOnlyList<Assembly> All { get; } = [.. Repository.ProjectReferences.Keys.Order().Select(Load)];

    /// <summary>Every kind that can be made without arguments.</summary>
    public static IReadOnlyList<ResourceKind> Kinds { get; } =
    [
        .. All.SelectMany(assembly => assembly.GetTypes())
            .Where(type => typeof(ResourceKind).IsAssignableFrom(type) && !type.IsAbstract && type.GetConstructor(Any, []) is not null)
            .Select(type => (ResourceKind)Activator.CreateInstance(type, nonPublic: true)!),
    ];

    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    public static Assembly Load(string project) => Assembly.Load(project == "Cli" ? "kfo" : $"Kubeflow.Orleans.{project}");
}
