using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Endpoints;

/// <summary>
/// Who selects whom, without looking at everybody: services whose selectors name the same labels share a shape, and within a shape the
/// values of those labels lead straight to the services and pods that belong together. There are few shapes, however many services.
/// </summary>
internal sealed class SelectorIndex
{
    private readonly Dictionary<string, Shape> shapes = new(StringComparer.Ordinal);
    private readonly Dictionary<ResourceKey, Document> services = [];
    private readonly Dictionary<ResourceKey, Document> pods = [];

    public void Clear()
    {
        shapes.Clear();
        services.Clear();
        pods.Clear();
    }

    /// <summary>The service of that key, if it is there and selects anything.</summary>
    public Document? Service(ResourceKey key) => services.GetValueOrDefault(key);

    public void SetService(ResourceKey key, Document service)
    {
        RemoveService(key);
        if (SelectorOf(service) is { Count: > 0 } selector)
        {
            services[key] = service;
            ShapeOf(selector).GroupOf(key.Namespace, selector)?.Services.Add(key);
        }
    }

    public void RemoveService(ResourceKey key)
    {
        if (services.Remove(key, out var known))
        {
            var selector = SelectorOf(known);
            ShapeOf(selector).GroupOf(key.Namespace, selector)?.Services.Remove(key);
        }
    }

    public void SetPod(ResourceKey key, Document pod)
    {
        RemovePod(key);
        pods[key] = pod;
        foreach (var group in GroupsOf(key.Namespace, pod))
        {
            group.Pods[key] = pod;
        }
    }

    public void RemovePod(ResourceKey key)
    {
        if (pods.Remove(key, out var known))
        {
            foreach (var group in GroupsOf(key.Namespace, known))
            {
                group.Pods.Remove(key);
            }
        }
    }

    public IEnumerable<ResourceKey> ServicesSelecting(string @namespace, Document pod) => GroupsOf(@namespace, pod).SelectMany(group => group.Services);

    public IEnumerable<Document> PodsSelectedBy(Document service)
    {
        var selector = SelectorOf(service);
        return ShapeOf(selector).GroupOf(service.Metadata.Namespace, selector)?.Pods.Values ?? Enumerable.Empty<Document>();
    }

    private static SortedDictionary<string, string> SelectorOf(Document service) => new(
        service.Root.Fields("spec", "selector").ToDictionary(label => label.Name, label => label.Value.Scalar(), StringComparer.Ordinal), StringComparer.Ordinal);

    private IEnumerable<Group> GroupsOf(string @namespace, Document pod)
    {
        var labels = pod.Metadata.Labels;
        return shapes.Values.Select(shape => shape.GroupOf(@namespace, labels)).OfType<Group>();
    }

    /// <summary>The shape of a selector; a new one takes in the pods that are known already.</summary>
    private Shape ShapeOf(SortedDictionary<string, string> selector)
    {
        var name = string.Join('\n', selector.Keys);
        if (!shapes.TryGetValue(name, out var shape))
        {
            shapes[name] = shape = new Shape([.. selector.Keys]);
            foreach (var (key, pod) in pods)
            {
                if (shape.GroupOf(key.Namespace, pod.Metadata.Labels) is { } group)
                {
                    group.Pods[key] = pod;
                }
            }
        }

        return shape;
    }

    private sealed class Shape(IReadOnlyList<string> labels)
    {
        private readonly Dictionary<string, Group> groups = new(StringComparer.Ordinal);

        /// <summary>Where an object with these labels (or a selector of these values) belongs; null when it lacks one of the shape's labels.</summary>
        public Group? GroupOf(string @namespace, IReadOnlyDictionary<string, string> values)
        {
            var parts = new string[labels.Count + 1];
            parts[0] = @namespace;
            for (var index = 0; index < labels.Count; index++)
            {
                if (!values.TryGetValue(labels[index], out var value))
                {
                    return null;
                }

                parts[index + 1] = value;
            }

            var key = string.Join('\n', parts);
            return groups.TryGetValue(key, out var group) ? group : groups[key] = new Group();
        }
    }

    private sealed class Group
    {
        public HashSet<ResourceKey> Services { get; } = [];

        public Dictionary<ResourceKey, Document> Pods { get; } = [];
    }
}
