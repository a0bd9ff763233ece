using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Framework;

/// <summary>
/// What this activation has just done and the watch has not shown yet. Laid over the view so that the next decision, a moment later,
/// does not ask for it again. Losing it is harmless: creates are idempotent and deletes fenced.
/// </summary>
internal sealed class PendingEffects(TimeProvider clock)
{
    /// <summary>How long the watch is given before the view alone is believed.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<string, (ObservedPod Pod, DateTimeOffset Until)> pods = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (ObservedService Service, DateTimeOffset Until)> services = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (ObservedChild Child, DateTimeOffset Until)> children = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (string SeenVersion, JsonElement Content, DateTimeOffset Until)> updated = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> refusals = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> deleted = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> gone = new(StringComparer.Ordinal);

    /// <summary>By pod name, what the cluster said when it last refused to create it.</summary>
    public IReadOnlyDictionary<string, string> Refusals => refusals;

    public void Note(V1Pod pod, CreateOutcome outcome)
    {
        NoteRefusal(pod.Name(), outcome);
        if (UidOf(outcome, pod.Metadata) is { } uid)
        {
            pods[uid] = (new ObservedPod
            {
                Name = pod.Name(),
                Namespace = pod.Namespace(),
                Uid = uid,
                OwnerUid = OwnerOf(pod.Metadata),
                Labels = pod.Labels()?.ToImmutableDictionary() ?? ImmutableDictionary<string, string>.Empty,
                Phase = "Pending",
            }, clock.GetUtcNow() + Patience);
        }
    }

    public void Note(V1Service service, CreateOutcome outcome)
    {
        if (UidOf(outcome, service.Metadata) is { } uid)
        {
            services[uid] = (new ObservedService
            {
                Name = service.Name(),
                Namespace = service.Namespace(),
                Uid = uid,
                OwnerUid = OwnerOf(service.Metadata),
                Labels = service.Labels()?.ToImmutableDictionary() ?? ImmutableDictionary<string, string>.Empty,
            }, clock.GetUtcNow() + Patience);
        }
    }

    public void Note(IKubernetesObject<V1ObjectMeta> item, CreateOutcome outcome)
    {
        if (UidOf(outcome, item.Metadata) is { } uid)
        {
            children[uid] = (new ObservedChild
            {
                Kind = ChildKind.Of(item),
                Name = item.Metadata.Name,
                Uid = uid,
                OwnerUid = OwnerOf(item.Metadata),
                Content = ContentOf(item),
            }, clock.GetUtcNow() + Patience);
        }
    }

    public void NoteUpdate(ClusterAction.Update update, ChangeResult result)
    {
        if (result is ChangeResult.Accepted)
        {
            updated[update.Uid] = (update.SeenVersion, ContentOf(update.Item), clock.GetUtcNow() + Patience);
        }
    }

    public void NoteDelete(string uid, ChangeResult result)
    {
        if (result is ChangeResult.Accepted or ChangeResult.Gone)
        {
            deleted[uid] = clock.GetUtcNow() + Patience;
        }
    }

    /// <summary>What was deleted by force is gone at once.</summary>
    public void NoteForcedDelete(string uid, ChangeResult result)
    {
        if (result is ChangeResult.Accepted or ChangeResult.Gone)
        {
            gone[uid] = clock.GetUtcNow() + Patience;
        }
    }

    public IReadOnlyList<ObservedPod> Overlay(IReadOnlyList<ObservedPod> seen)
    {
        if (Nothing(pods) && gone.IsEmpty)
        {
            return seen;
        }

        var now = clock.GetUtcNow();
        Forget(pods, seen.Select(pod => pod.Uid), entry => entry.Until, now);
        return [.. seen.Concat(pods.Values.Select(entry => entry.Pod)).Where(pod => !Holds(gone, pod.Uid)).Select(pod => IsDeleted(pod.Uid) ? pod with { DeletionTime = pod.DeletionTime ?? now } : pod)];
    }

    public IReadOnlyList<ObservedService> Overlay(IReadOnlyList<ObservedService> seen)
    {
        if (Nothing(services))
        {
            return seen;
        }

        Forget(services, seen.Select(service => service.Uid), entry => entry.Until, clock.GetUtcNow());
        return [.. seen.Concat(services.Values.Select(entry => entry.Service)).Select(service => IsDeleted(service.Uid) ? service with { Terminating = true } : service)];
    }

    public IReadOnlyList<ObservedChild> Overlay(IReadOnlyList<ObservedChild> seen)
    {
        if (Nothing(children) && updated.IsEmpty)
        {
            return seen;
        }

        Forget(children, seen.Select(child => child.Uid), entry => entry.Until, clock.GetUtcNow());
        return [.. seen.Concat(children.Values.Select(entry => entry.Child)).Select(Updated).Select(child => IsDeleted(child.Uid) ? child with { Terminating = true } : child)];
    }

    /// <summary>An update is visible as soon as the watch shows another version than the one that was updated.</summary>
    private ObservedChild Updated(ObservedChild child)
    {
        if (!updated.TryGetValue(child.Uid, out var update))
        {
            return child;
        }

        if (update.SeenVersion == child.ResourceVersion && update.Until > clock.GetUtcNow())
        {
            return child with { Content = update.Content };
        }

        updated.TryRemove(child.Uid, out _);
        return child;
    }

    private bool Nothing<T>(ConcurrentDictionary<string, T> created) => created.IsEmpty && deleted.IsEmpty;

    private bool IsDeleted(string uid) => Holds(deleted, uid);

    private bool Holds(ConcurrentDictionary<string, DateTimeOffset> noted, string uid)
    {
        if (!noted.TryGetValue(uid, out var until))
        {
            return false;
        }

        if (until > clock.GetUtcNow())
        {
            return true;
        }

        noted.TryRemove(uid, out _);
        return false;
    }

    private static void Forget<T>(ConcurrentDictionary<string, T> created, IEnumerable<string> seen, Func<T, DateTimeOffset> until, DateTimeOffset now)
    {
        foreach (var uid in seen)
        {
            created.TryRemove(uid, out _);
        }

        foreach (var (uid, entry) in created)
        {
            if (until(entry) <= now)
            {
                created.TryRemove(uid, out _);
            }
        }
    }

    private void NoteRefusal(string name, CreateOutcome outcome)
    {
        if (outcome is CreateOutcome.Refused refused)
        {
            refusals[name] = refused.Message;
        }
        else if (outcome is not CreateOutcome.Unavailable)
        {
            refusals.TryRemove(name, out _);
        }
    }

    private static string? UidOf(CreateOutcome outcome, V1ObjectMeta metadata) => outcome switch
    {
        CreateOutcome.Created created => created.Uid,

        // Made before, and its answer was lost: the watch will show it too.
        CreateOutcome.AlreadyExists existing when existing.OwnerUid == OwnerOf(metadata) => existing.Uid,
        _ => null,
    };

    private static JsonElement ContentOf(IKubernetesObject<V1ObjectMeta> item) => JsonSerializer.Deserialize<JsonElement>(KubernetesJson.Serialize(item));

    private static string OwnerOf(V1ObjectMeta metadata) => metadata.OwnerReferences?.FirstOrDefault(owner => owner.Controller == true)?.Uid ?? "";
}
