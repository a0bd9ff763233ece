using System.Threading.Channels;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Store.Postgres.Writing;

/// <summary>
/// What waits for the writer, taken out in batches of a size that keeps transactions short. A batch holds one operation of a key at the
/// most, because its statement decides all of them on what was there before; the others of that key follow in the next, in order.
/// </summary>
internal sealed class WriteQueue(int capacity)
{
    private const int OperationsPerBatch = 512;

    private const long BytesPerBatch = 8 * 1024 * 1024;

    private readonly Channel<PendingCall> calls = Channel.CreateBounded<PendingCall>(new BoundedChannelOptions(capacity) { SingleReader = true });
    private List<PendingWrite> postponed = [];
    private volatile bool closed;

    public bool IsClosed => closed;

    public bool TryAdd(PendingCall call) => calls.Writer.TryWrite(call);

    public void Close()
    {
        closed = true;
        calls.Writer.TryComplete();
    }

    /// <summary>Waits for the next batch; null when the queue is closed and empty.</summary>
    public async ValueTask<IReadOnlyList<PendingWrite>?> TakeAsync()
    {
        if (postponed.Count == 0 && !await calls.Reader.WaitToReadAsync())
        {
            return null;
        }

        var batch = new Batch();
        var again = postponed;
        postponed = [];
        again.ForEach(write => Place(write, batch));
        while (!batch.IsFull && calls.Reader.TryRead(out var call))
        {
            foreach (var write in call.Writes)
            {
                Place(write, batch);
            }
        }

        return batch.Writes;
    }

    private void Place(PendingWrite write, Batch batch)
    {
        if (!batch.TryAdd(write))
        {
            postponed.Add(write);
        }
    }

    private sealed class Batch
    {
        private readonly HashSet<ResourceKey> keys = [];
        private long bytes;

        public List<PendingWrite> Writes { get; } = [];

        public bool IsFull => Writes.Count >= OperationsPerBatch || bytes >= BytesPerBatch;

        public bool TryAdd(PendingWrite write)
        {
            if (IsFull || !keys.Add(write.Operation.Key))
            {
                return false;
            }

            Writes.Add(write);
            bytes += write.Bytes;
            return true;
        }
    }
}
