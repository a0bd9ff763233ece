namespace Kubeflow.Orleans.Store.Feed;

/// <summary>
/// Wakes everybody who waits, again and again. Take <see cref="Next"/> first, then look whether there is anything to do, then await
/// it: a beat in between is not missed.
/// </summary>
internal sealed class Pulse
{
    private TaskCompletionSource next = NewSource();

    public Task Next => Volatile.Read(ref next).Task;

    public void Beat() => Interlocked.Exchange(ref next, NewSource()).TrySetResult();

    /// <summary>Continuations run elsewhere: whoever beats must not run its listeners' code.</summary>
    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
