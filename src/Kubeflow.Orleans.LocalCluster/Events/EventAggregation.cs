namespace Kubeflow.Orleans.LocalCluster.Events;

/// <summary>What to do about an event that was told.</summary>
internal abstract record EventAction
{
    /// <summary>Write it as a new object.</summary>
    public sealed record Create(string Namespace, string Name, ClusterEvent Event) : EventAction;

    /// <summary>It has been told before: count it there.</summary>
    public sealed record Count(string Namespace, string Name, ClusterEvent Event) : EventAction;

    /// <summary>Its teller talks too much.</summary>
    public sealed record Drop : EventAction;
}

/// <summary>
/// Keeps the number of event objects small: the same words again raise a count, more than ten variations within ten minutes become
/// one "combined" event, and a source gets 25 events about an object, then one every five minutes. Pure but for what it remembers;
/// used by one loop.
/// </summary>
internal sealed class EventAggregation
{
    private const int SimilarLimit = 10;
    private const int Burst = 25;
    private const int RememberedLimit = 4096;
    private static readonly TimeSpan SimilarWindow = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Refill = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(InvolvedObject, EventSource), Bucket> buckets = [];
    private readonly Dictionary<Similarity, SimilarEvents> similar = [];
    private readonly Dictionary<ClusterEvent, Told> told = [];

    public EventAction Decide(ClusterEvent clusterEvent, DateTimeOffset now)
    {
        if (told.Count > RememberedLimit)
        {
            ForgetAll();
        }

        var identity = clusterEvent with { About = clusterEvent.About with { ResourceVersion = "" } };
        var combined = Combine(identity, now);
        if (!Allows((combined.About, combined.Source), now))
        {
            return new EventAction.Drop();
        }

        var key = combined == identity ? identity : identity with { Message = "" };
        if (told.TryGetValue(key, out var known))
        {
            return new EventAction.Count(known.Namespace, known.Name, combined);
        }

        var @namespace = combined.About.Namespace.Length > 0 ? combined.About.Namespace : "default";
        var name = $"{combined.About.Name}.{now.UtcTicks + told.Count:x}";
        told[key] = new Told(@namespace, name);
        return new EventAction.Create(@namespace, name, combined with { About = combined.About with { ResourceVersion = clusterEvent.About.ResourceVersion } });
    }

    /// <summary>The object an event was counted on is gone (it has aged out): the next one is written anew.</summary>
    public void ForgetTold(string @namespace, string name)
    {
        var gone = new Told(@namespace, name);
        foreach (var key in told.Where(entry => entry.Value == gone).Select(entry => entry.Key).ToList())
        {
            told.Remove(key);
        }
    }

    private ClusterEvent Combine(ClusterEvent identity, DateTimeOffset now)
    {
        var similarity = new Similarity(identity.About, identity.Source, identity.Type, identity.Reason);
        if (!similar.TryGetValue(similarity, out var events) || now - events.Last > SimilarWindow)
        {
            similar[similarity] = events = new SimilarEvents();
        }

        events.Last = now;
        events.Messages.Add(identity.Message);
        return events.Messages.Count < SimilarLimit ? identity : identity with { Message = "(combined from similar events): " + identity.Message };
    }

    private bool Allows((InvolvedObject, EventSource) key, DateTimeOffset now)
    {
        if (!buckets.TryGetValue(key, out var bucket))
        {
            buckets[key] = bucket = new Bucket(Burst, now);
        }

        bucket.Tokens = Math.Min(Burst, bucket.Tokens + ((now - bucket.Filled) / Refill));
        bucket.Filled = now;
        if (bucket.Tokens < 1)
        {
            return false;
        }

        bucket.Tokens--;
        return true;
    }

    /// <summary>Forgetting costs a few duplicate event objects; remembering everything would cost memory without end.</summary>
    private void ForgetAll()
    {
        told.Clear();
        similar.Clear();
        buckets.Clear();
    }

    private sealed record Similarity(InvolvedObject About, EventSource Source, string Type, string Reason);

    private sealed class SimilarEvents
    {
        public DateTimeOffset Last { get; set; }

        public HashSet<string> Messages { get; } = new(StringComparer.Ordinal);
    }

    private sealed class Bucket(double tokens, DateTimeOffset filled)
    {
        public double Tokens { get; set; } = tokens;

        public DateTimeOffset Filled { get; set; } = filled;
    }

    private sealed record Told(string Namespace, string Name);
}
