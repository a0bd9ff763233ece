using k8s;
using k8s.Models;

namespace Kubeflow.Orleans.Kubernetes;

/// <summary>A kind of children in a cluster. As a service: one that is to be observed beside pods and services.</summary>
public sealed record ChildKind(string Group, string Version, string Plural, string Kind)
{
    public static ChildKind Of<T>()
        where T : IKubernetesObject<V1ObjectMeta> => Of(typeof(T));

    public static ChildKind Of(IKubernetesObject<V1ObjectMeta> item) => Of(item.GetType());

    /// <summary>Where all of them are listed and watched.</summary>
    public string Path => $"{Root}/{Plural}";

    public string PathIn(string @namespace) => $"{Root}/namespaces/{@namespace}/{Plural}";

    private string Root => Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";

    private static ChildKind Of(Type model)
    {
        var entity = (KubernetesEntityAttribute)Attribute.GetCustomAttribute(model, typeof(KubernetesEntityAttribute))!;
        return new ChildKind(entity.Group, entity.ApiVersion, entity.PluralName, entity.Kind);
    }
}
