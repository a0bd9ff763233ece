namespace Kubeflow.Orleans.Store.Feed;

/// <summary>What the feed keeps of one resource: its newest changes, and who waits for the next.</summary>
internal sealed class ResourceTail(long floor)
{
    private const int Length = 2048;
    private const long Bytes = 16 * 1024 * 1024;

    public ChangeRing Ring { get; } = new(Length, Bytes, floor);

    public Pulse Changed { get; } = new();

    /// <summary>When the ring was last appended to, as <see cref="TimeProvider.GetTimestamp"/> has it.</summary>
    public long LastAppended { get; private set; }

    public void Append(IEnumerable<Change> newer, long timestamp)
    {
        Ring.Append(newer);
        LastAppended = timestamp;
    }
}
