using Orleans.Concurrency;

namespace Kubeflow.Orleans.Contracts;

/// <summary>
/// The actor of one object; its key is <c>resource/namespace/name</c> (<see cref="Core.Resources.ResourceKey.ToString"/>).
/// It alone decides about the object; everybody else only asks it to look again.
/// </summary>
[Alias("kfo.IResourceGrain")]
public interface IResourceGrain : IGrainWithStringKey
{
    /// <summary>
    /// Something about the object or its children may have changed: look again. Pokes carry no data, coalesce and may be lost; what
    /// must not be lost is the object's next_wake in the store.
    /// </summary>
    [OneWay]
    [AlwaysInterleave]
    [Alias("Poke")]
    Task PokeAsync();
}
