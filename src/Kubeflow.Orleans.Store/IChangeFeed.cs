using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Store;

/// <summary>The live log for everybody in this process: watchers, controllers, pokers. One reader tails the store for all of them.</summary>
public interface IChangeFeed
{
    /// <summary>
    /// Follows the changes of one resource (null: of all) above <paramref name="after"/>, without gap and in order, from the store's
    /// log first and then live. A slow reader harms nobody: it falls back to reading the log.
    /// </summary>
    IChangeSubscription Subscribe(string? resource, long after);
}

public interface IChangeSubscription : IDisposable
{
    /// <summary>Every change of the resource at or below this position has been returned. Moves with other resources' changes too.</summary>
    long Position { get; }

    /// <summary>
    /// The next changes in order, at least one unless <paramref name="maximumWait"/> passes first (then empty; <see cref="Position"/>
    /// may have moved on).
    /// </summary>
    /// <exception cref="PositionExpiredException">The log no longer reaches back to <see cref="Position"/>.</exception>
    ValueTask<IReadOnlyList<Change>> ReadAsync(TimeSpan maximumWait, CancellationToken cancellationToken);
}
