namespace Kubeflow.Orleans.Store.Feed;

/// <summary>The newest position this process knows of. Never goes back; wakes those who wait for it to move.</summary>
internal sealed class KnownHead(long position)
{
    private readonly Pulse moved = new();
    private long position = position;

    public long Position => Volatile.Read(ref position);

    /// <summary>Takes in what was heard from anywhere, in any order.</summary>
    public void Advance(long heard)
    {
        var known = Position;
        while (heard > known)
        {
            var before = Interlocked.CompareExchange(ref position, heard, known);
            if (before == known)
            {
                moved.Beat();
                return;
            }

            known = before;
        }
    }

    public async Task WaitForChangeAsync(long after, CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = moved.Next;
            if (Position > after)
            {
                return;
            }

            await next.WaitAsync(cancellationToken);
        }
    }
}
