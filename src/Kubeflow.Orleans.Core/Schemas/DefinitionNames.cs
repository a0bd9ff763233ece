using System.Collections.Frozen;
using System.Reflection;
using System.Text.RegularExpressions;
using k8s;
using k8s.Models;

namespace Kubeflow.Orleans.Core.Schemas;

/// <summary>The names Kubernetes publishes its definitions under, for example <c>io.k8s.api.core.v1.PodSpec</c>.</summary>
public static partial class DefinitionNames
{
    private const string Meta = "io.k8s.apimachinery.pkg.apis.meta";

    private static readonly FrozenSet<Type> MetaTypes = new[]
    {
        typeof(V1ObjectMeta), typeof(V1ListMeta), typeof(V1OwnerReference), typeof(V1ManagedFieldsEntry), typeof(V1LabelSelector),
        typeof(V1LabelSelectorRequirement), typeof(V1Condition), typeof(V1Status), typeof(V1StatusDetails), typeof(V1StatusCause),
        typeof(V1DeleteOptions), typeof(V1Preconditions), typeof(V1WatchEvent),
    }.ToFrozenSet();

    // A type that is no kind itself belongs to the group of the first kind that reaches it, core before all others.
    private static readonly Lazy<FrozenDictionary<Type, string>> Groups = new(FindGroups);

    /// <summary>The name of a custom resource's definition: its group reversed, version, kind.</summary>
    public static string OfCustomResource(string group, string version, string kind) =>
        $"{string.Join('.', group.Split('.').Reverse())}.{version}.{kind}";

    internal static string Of(Type type)
    {
        var name = TypeName().Match(type.Name);
        var version = name.Groups["version"] is { Success: true } found ? found.Value.ToLowerInvariant() : "v1";
        var package = MetaTypes.Contains(type) ? Meta : Package(Groups.Value.GetValueOrDefault(type, ""));
        return $"{package}.{version}.{name.Groups["kind"].Value}";
    }

    /// <summary><c>io.k8s.api.rbac</c> for rbac.authorization.k8s.io, <c>io.k8s.api.apps</c> for apps.</summary>
    private static string Package(string group) => group switch
    {
        "" => "io.k8s.api.core",
        "apiextensions.k8s.io" => "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
        "apiregistration.k8s.io" => "io.k8s.kube-aggregator.pkg.apis.apiregistration",
        _ => $"io.k8s.api.{group.Split('.')[0]}",
    };

    private static FrozenDictionary<Type, string> FindGroups()
    {
        var groups = new Dictionary<Type, string>();
        var kinds = typeof(V1Pod).Assembly.GetTypes()
            .Select(type => (Type: type, Entity: type.GetCustomAttribute<KubernetesEntityAttribute>()))
            .Where(kind => kind.Entity is not null)
            .OrderBy(kind => kind.Entity!.Group, StringComparer.Ordinal);
        foreach (var (type, entity) in kinds)
        {
            Claim(type, entity!.Group, groups);
        }

        return groups.ToFrozenDictionary();
    }

    private static void Claim(Type type, string group, Dictionary<Type, string> groups)
    {
        if (type.IsGenericType)
        {
            foreach (var argument in type.GetGenericArguments())
            {
                Claim(argument, group, groups);
            }
        }
        else if (type.Namespace == typeof(V1Pod).Namespace && groups.TryAdd(type, type.GetCustomAttribute<KubernetesEntityAttribute>()?.Group ?? group))
        {
            foreach (var property in type.GetProperties())
            {
                Claim(property.PropertyType, group, groups);
            }
        }
    }

    /// <summary>V1PodSpec, V1beta1Thing, and Corev1Event where two groups have a type of the same name.</summary>
    [GeneratedRegex("^(?:(?<version>V[0-9]+(?:alpha[0-9]+|beta[0-9]+)?)|[A-Z][a-z]+(?<version>v[0-9]+))?(?<kind>[A-Z].*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex TypeName();
}
