using Kubeflow.Orleans.Cli.Api;
using Kubeflow.Orleans.Cli.Running;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Cli.Manifests;

/// <summary>Hands manifests to the server. A refusal names the file and the document.</summary>
internal sealed class Submission(ApiClient client, ResourceCatalog catalog, string @namespace, TimeProvider time)
{
    private static readonly TimeSpan DeletionLimit = TimeSpan.FromSeconds(60);

    /// <summary>Creates or changes the object, as <c>kubectl apply</c> does.</summary>
    public Task<Submitted> ApplyAsync(Manifest manifest, CancellationToken cancellationToken) => SendAsync(manifest, async type =>
    {
        var collection = type.CollectionPath(NamespaceOf(manifest, type));
        var item = type.ItemPath(NamespaceOf(manifest, type), manifest.Name);
        var before = manifest.Name.Length == 0 ? null : await FindAsync(item, cancellationToken);
        var answer = before is null
            ? await client.CreateAsync(collection, LastApplied.Recorded(manifest.Object), cancellationToken)
            : await client.MergeAsync(item, LastApplied.Patch(manifest.Object, before.ToNode()), cancellationToken);
        return new Submitted(type, Document.FromNode(answer), Created: before is null);
    });

    /// <summary>Starts what runs to an end anew: one of that name that has finished makes room, one that has not is left alone.</summary>
    public Task<Submitted> StartAsync(Manifest manifest, CancellationToken cancellationToken) => SendAsync(manifest, async type =>
    {
        var collection = type.CollectionPath(NamespaceOf(manifest, type));
        try
        {
            return new Submitted(type, Document.FromNode(await client.CreateAsync(collection, manifest.Object, cancellationToken)), Created: true);
        }
        catch (ApiException refused) when (refused.AlreadyExists)
        {
            await MakeRoomAsync(type, manifest, cancellationToken);
            return new Submitted(type, Document.FromNode(await client.CreateAsync(collection, manifest.Object, cancellationToken)), Created: true);
        }
    });

    /// <summary>Deletes what this command created; what is gone already is fine.</summary>
    public async Task WithdrawAsync(IEnumerable<Submitted> submitted, CancellationToken cancellationToken)
    {
        foreach (var item in submitted.Where(item => item.Created).Reverse())
        {
            try
            {
                await client.DeleteAsync(item.Path, cancellationToken);
            }
            catch (ApiException gone) when (gone.NotFound)
            {
                // Somebody was faster.
            }
        }
    }

    private async Task MakeRoomAsync(ResourceType type, Manifest manifest, CancellationToken cancellationToken)
    {
        var path = type.ItemPath(NamespaceOf(manifest, type), manifest.Name);
        if (await FindAsync(path, cancellationToken) is { } existing && TargetState.Read(existing).Verdict == Verdict.Unfinished)
        {
            throw new FailureException(
                $"{manifest.Place}: {type.Singular} '{manifest.Name}' is there already and has not finished.", ExitCode.Refused,
                $"Follow it with: kfo logs -f {manifest.Name}\nOr remove it with: kfo delete {type.Singular} {manifest.Name}");
        }

        await WaitForDeletionAsync(type, manifest, path, cancellationToken);
    }

    private async Task WaitForDeletionAsync(ResourceType type, Manifest manifest, string path, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(DeletionLimit);
        try
        {
            await client.DeleteAsync(path, limited.Token);
            var watch = new ObjectWatch(client, type.CollectionPath(NamespaceOf(manifest, type)), $"fieldSelector=metadata.name%3D{manifest.Name}", time);
            await foreach (var seen in watch.ReadAsync(limited.Token))
            {
                if (seen.Gone || await FindAsync(path, limited.Token) is null)
                {
                    return;
                }
            }
        }
        catch (ApiException gone) when (gone.NotFound)
        {
            // It went by itself.
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FailureException($"The earlier {type.Singular} '{manifest.Name}' was deleted but is not gone after {DeletionLimit.TotalSeconds:0} s.");
        }
    }

    private async Task<Submitted> SendAsync(Manifest manifest, Func<ResourceType, Task<Submitted>> send)
    {
        var type = catalog.FindKind(manifest.ApiVersion, manifest.Kind) ?? throw new FailureException(
            $"{manifest.Place}: the control plane serves no kind {manifest.Kind} in {manifest.ApiVersion}.", ExitCode.Refused, Alternatives(manifest));
        try
        {
            return await send(type);
        }
        catch (ApiException refused)
        {
            throw new FailureException($"{manifest.Place}: {refused.Message}", ExitCode.Refused);
        }
    }

    private string Alternatives(Manifest manifest)
    {
        var versions = catalog.Types.Where(type => type.Kind.Equals(manifest.Kind, StringComparison.OrdinalIgnoreCase)).Select(type => $"{type.Kind} in {type.ApiVersion}").ToList();
        return versions.Count > 0
            ? $"It serves {string.Join(", ", versions)}."
            : $"Kinds it serves: {string.Join(", ", catalog.Types.Where(type => type.Group.Contains('.')).Select(type => type.Kind).Distinct().Order())}.";
    }

    private async Task<Document?> FindAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return Document.FromNode(await client.GetAsync(path, cancellationToken));
        }
        catch (ApiException missing) when (missing.NotFound)
        {
            return null;
        }
    }

    private string NamespaceOf(Manifest manifest, ResourceType type) => !type.Namespaced ? "" : manifest.Namespace.Length > 0 ? manifest.Namespace : @namespace;
}
