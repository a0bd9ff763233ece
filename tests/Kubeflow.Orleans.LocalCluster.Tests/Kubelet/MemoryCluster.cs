using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Kubelet;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Kubelet;

/// <summary>The API server's side of a kubelet, in memory: objects with versions, ordered watches, and all that was ever written.</summary>
internal sealed class MemoryCluster(TimeProvider time, string? file = null) : IKubeletApi
{
    private readonly Lock gate = new();
    private readonly Dictionary<ResourceKey, Document> objects = [];
    private readonly List<(string Resource, Channel<ObjectChange> Channel)> watchers = [];
    private readonly List<(ResourceKey Key, ObjectChange Change)> history = [];
    private readonly ConcurrentQueue<PodEvent> events = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long version;

    /// <summary>A cluster whose objects survive the process: every write is in the file before it is answered.</summary>
    public static MemoryCluster Load(string file)
    {
        var cluster = new MemoryCluster(TimeProvider.System, file);
        foreach (var line in File.Exists(file) ? File.ReadAllLines(file) : [])
        {
            var (resource, text) = (line[..line.IndexOf(' ', StringComparison.Ordinal)], line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
            cluster.Put(resource, JsonNode.Parse(text)!.AsObject());
        }

        return cluster;
    }

    public IReadOnlyCollection<PodEvent> Events => events;

    public IReadOnlyList<(ResourceKey Key, ObjectChange Change)> History
    {
        get
        {
            lock (gate)
            {
                return [.. history];
            }
        }
    }

    /// <summary>Every document a pod had, in order, the last one twice when it was removed.</summary>
    public IReadOnlyList<JsonElement> HistoryOf(string name) => [.. History.Where(entry => entry.Key.Resource == "pods" && entry.Key.Name == name).Select(entry => entry.Change switch
    {
        ObjectChange.Changed change => change.Object.Root,
        ObjectChange.Removed removed => removed.Last.Root,
        _ => default,
    })];

    public Document Put(string resource, JsonObject node)
    {
        var metadata = node["metadata"]!.AsObject();
        metadata["namespace"] ??= "default";
        metadata["uid"] ??= Guid.CreateVersion7().ToString();
        var key = new ResourceKey(resource, metadata["namespace"]!.GetValue<string>(), metadata["name"]!.GetValue<string>());
        lock (gate)
        {
            return Store(key, node);
        }
    }

    public Document? Find(string resource, string name, string @namespace = "default")
    {
        lock (gate)
        {
            return objects.GetValueOrDefault(new ResourceKey(resource, @namespace, name));
        }
    }

    /// <summary>DELETE with a grace period, as the API server does it for a pod that has a node.</summary>
    public void Delete(string name, long gracePeriodSeconds, string @namespace = "default")
    {
        var key = new ResourceKey("pods", @namespace, name);
        lock (gate)
        {
            if (gracePeriodSeconds == 0)
            {
                Remove(key);
                return;
            }

            var node = objects[key].ToNode();
            node["metadata"]!["deletionTimestamp"] = (time.GetUtcNow() + TimeSpan.FromSeconds(gracePeriodSeconds)).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);
            node["metadata"]!["deletionGracePeriodSeconds"] = gracePeriodSeconds;
            node["metadata"]!["generation"] = 2;
            Store(key, node);
        }
    }

    public ValueTask<Document?> FindAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return ValueTask.FromResult(objects.GetValueOrDefault(key));
        }
    }

    public ValueTask<IReadOnlyList<Document>> ListAsync(string resource, string? @namespace, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return ValueTask.FromResult<IReadOnlyList<Document>>(
                [.. objects.Where(entry => entry.Key.Resource == resource && (@namespace is null || entry.Key.Namespace == @namespace)).Select(entry => entry.Value)]);
        }
    }

    public async IAsyncEnumerable<ObjectChange> WatchAsync(string resource, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateUnbounded<ObjectChange>();
        lock (gate)
        {
            watchers.Add((resource, channel));
            channel.Writer.TryWrite(new ObjectChange.Listed([.. objects.Where(entry => entry.Key.Resource == resource).Select(entry => entry.Value)]));
        }

        await foreach (var change in channel.Reader.ReadAllAsync(cancellationToken))
        {
            yield return change;
        }
    }

    public Task<Document?> WriteStatusAsync(ResourceKey pod, string uid, JsonObject status, IReadOnlyList<string> owned, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (objects.GetValueOrDefault(pod) is not { } document || document.Metadata.Uid != uid)
            {
                return Task.FromResult<Document?>(null);
            }

            var node = document.ToNode();
            var stored = node["status"] as JsonObject ?? [];
            foreach (var field in owned)
            {
                stored.Remove(field);
            }

            foreach (var (name, value) in status)
            {
                stored[name] = value?.DeepClone();
            }

            node["status"] = stored.Parent is null ? stored : stored.DeepClone();
            return Task.FromResult<Document?>(Store(pod, node));
        }
    }

    public Task RemovePodAsync(ResourceKey pod, string uid, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (objects.GetValueOrDefault(pod)?.Metadata.Uid == uid)
            {
                Remove(pod);
            }
        }

        return Task.CompletedTask;
    }

    public void Record(PodEvent podEvent) => events.Enqueue(podEvent);

    /// <summary>Waits for a condition on what is stored; what did not come true in time is named in the failure.</summary>
    public Task UntilAsync(string condition, Func<MemoryCluster, bool> holds, TimeSpan? limit = null) => UntilAsync(condition, cluster => Task.FromResult(holds(cluster)), limit);

    /// <inheritdoc cref="UntilAsync(string, Func{MemoryCluster, bool}, TimeSpan?)"/>
    public async Task UntilAsync(string condition, Func<MemoryCluster, Task<bool>> holds, TimeSpan? limit = null)
    {
        using var timeout = new CancellationTokenSource(limit ?? TimeSpan.FromSeconds(20));
        while (true)
        {
            var next = changed.Task;
            if (await holds(this))
            {
                return;
            }

            // What a condition asks for may also lie outside the store (a file, a process), hence the second clock.
            await Task.WhenAny(next, Task.Delay(100, CancellationToken.None));
            Assert.False(timeout.IsCancellationRequested, $"In time came not true: {condition}. Last: {string.Join("\n", HistoryText().TakeLast(5))}");
        }
    }

    public Task PhaseAsync(string name, string phase, TimeSpan? limit = null) => UntilAsync($"pod {name} is {phase}", cluster => cluster.Phase(name) == phase, limit);

    public Task GoneAsync(string name) => UntilAsync($"pod {name} is gone", cluster => cluster.Find("pods", name) is null);

    public string Phase(string name, string @namespace = "default") => Find("pods", name, @namespace)?.Root.GetProperty("status").GetProperty("phase").GetString() ?? "";

    private IEnumerable<string> HistoryText() => History.Select(entry => $"{entry.Key} {(entry.Change as ObjectChange.Changed)?.Object.Root}");

    private Document Store(ResourceKey key, JsonObject node)
    {
        var document = Document.FromNode(node).WithResourceVersion(++version);
        objects[key] = document;
        Publish(key, new ObjectChange.Changed(document));
        return document;
    }

    private void Remove(ResourceKey key)
    {
        objects.Remove(key, out var last);
        Publish(key, new ObjectChange.Removed(last!.WithResourceVersion(++version)));
    }

    private void Publish(ResourceKey key, ObjectChange change)
    {
        history.Add((key, change));
        if (file is not null)
        {
            File.WriteAllLines(file + ".tmp", objects.Select(entry => $"{entry.Key.Resource} {entry.Value}"));
            File.Move(file + ".tmp", file, overwrite: true);
        }

        foreach (var (_, channel) in watchers.Where(watcher => watcher.Resource == key.Resource))
        {
            channel.Writer.TryWrite(change);
        }

        var previous = changed;
        changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        previous.TrySetResult();
    }
}
