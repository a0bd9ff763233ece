namespace Kubeflow.Orleans.Store.Feed;

/// <summary>
/// The newest changes of one scope (a resource, or everything), kept by reference for any number of readers, each with a position of
/// its own. Bounded by number and by bytes; the oldest fall out, and a reader that still needs them reads the log instead.
/// </summary>
/// <param name="floor">Every change of the scope above this position is or will be here.</param>
internal sealed class ChangeRing(int capacity, long byteCapacity, long floor)
{
    private readonly Lock gate = new();
    private readonly Change[] changes = new Change[capacity];
    private int oldest;
    private int count;
    private long bytes;
    private long floor = floor;

    /// <summary>Adds changes above all that are here, in order.</summary>
    public void Append(IEnumerable<Change> newer)
    {
        lock (gate)
        {
            foreach (var change in newer)
            {
                Append(change);
            }
        }
    }

    /// <summary>Lets go of what is here; who has read it all notices nothing.</summary>
    public void Forget()
    {
        lock (gate)
        {
            while (count > 0)
            {
                DropOldest();
            }
        }
    }

    /// <summary>Forgets everything; what follows <paramref name="position"/> will be appended.</summary>
    public void Reset(long position)
    {
        lock (gate)
        {
            Array.Clear(changes);
            (oldest, count, bytes, floor) = (0, 0, 0, position);
        }
    }

    /// <summary>Up to <paramref name="limit"/> changes above <paramref name="after"/>; false when some of them are here no longer.</summary>
    public bool TryRead(long after, int limit, out IReadOnlyList<Change> read)
    {
        lock (gate)
        {
            if (after < floor)
            {
                read = [];
                return false;
            }

            var start = FirstAbove(after);
            var found = new Change[Math.Min(limit, count - start)];
            for (var index = 0; index < found.Length; index++)
            {
                found[index] = At(start + index);
            }

            read = found;
            return true;
        }
    }

    private void Append(Change change)
    {
        if (count == changes.Length)
        {
            DropOldest();
        }

        changes[(oldest + count) % changes.Length] = change;
        count++;
        bytes += SizeOf(change);
        while (bytes > byteCapacity && count > 1)
        {
            DropOldest();
        }
    }

    private void DropOldest()
    {
        var dropped = changes[oldest];
        changes[oldest] = null!;
        oldest = (oldest + 1) % changes.Length;
        count--;
        bytes -= SizeOf(dropped);
        floor = dropped.Position;
    }

    private int FirstAbove(long position)
    {
        var (low, high) = (0, count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = At(middle).Position > position ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    private Change At(int index) => changes[(oldest + index) % changes.Length];

    private static long SizeOf(Change change) => change.Document.Utf8.Length + (change.Previous?.Utf8.Length ?? 0);
}
