using Kubeflow.Orleans.Cli.Api;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Cli.Manifests;

/// <summary>An object the server has accepted.</summary>
/// <param name="Created">This command made it; false: it was there and was changed.</param>
internal sealed record Submitted(ResourceType Type, Document Document, bool Created)
{
    public string Namespace => Document.Metadata.Namespace;

    public string Name => Document.Metadata.Name;

    public string Path => Type.ItemPath(Namespace, Name);

    public string Label => $"{Type.Singular}{(Type.Group.Length > 0 ? $".{Type.Group}" : "")}/{Name}";
}
