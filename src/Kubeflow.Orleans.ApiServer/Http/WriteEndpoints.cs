using System.Collections.Concurrent;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.ApiServer.Views;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store;
using Microsoft.AspNetCore.Http;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>POST, PUT, PATCH and DELETE.</summary>
internal sealed class WriteEndpoints(ResourceService service, ObjectLister lister)
{
    private const int CollectionPage = 500;

    /// <summary>Deletes of a collection in flight at once; they share the store's group commits.</summary>
    private const int CollectionParallelism = 64;

    public async Task CreateAsync(KindRequest request)
    {
        var sent = await SentObject.ReadAsync(request);
        var options = WriteOptions.Parse(request, "CreateOptions", sent.DuplicateFields);
        var document = await service.CreateAsync(request.Kind, request.Info.Version, request.Namespace, sent.Document, options, request.Cancelled);
        await request.AnswerAsync(StatusCodes.Status201Created, document);
    }

    public async Task PutAsync(KindRequest request)
    {
        var sent = await SentObject.ReadAsync(request);
        var options = WriteOptions.Parse(request, "UpdateOptions", sent.DuplicateFields);
        var info = request.Info;
        var (document, created) = await service.PutAsync(
            request.Kind, info.Version, request.Namespace, info.Name, sent.Document, info.Subresource, options, request.Cancelled);
        await request.AnswerAsync(created ? StatusCodes.Status201Created : StatusCodes.Status200OK, document);
    }

    public async Task PatchAsync(KindRequest request)
    {
        var (patch, duplicates) = await SentObject.ReadPatchAsync(request);
        var options = WriteOptions.Parse(request, "PatchOptions", duplicates);
        if (patch.Type != PatchType.Apply && request.Query.Has("force"))
        {
            throw StatusErrors.InvalidOptions("PatchOptions", FieldError.Forbidden("force", "may not be specified for non-apply patch"));
        }

        if (patch.Type == PatchType.Apply && request.Query.Text("fieldManager").Length == 0)
        {
            throw StatusErrors.InvalidOptions("PatchOptions", FieldError.Required("fieldManager", "is required for apply patch"));
        }

        var info = request.Info;
        var (document, created) = await service.PatchOrCreateAsync(
            request.Kind, info.Version, request.Namespace, info.Name, patch, info.Subresource, options, request.Cancelled);
        await request.AnswerAsync(created ? StatusCodes.Status201Created : StatusCodes.Status200OK, document);
    }

    public async Task DeleteAsync(KindRequest request)
    {
        var (delete, dryRun) = await DeleteOptions.ReadAsync(request);
        var outcome = await service.DeleteAsync(request.Kind, request.Namespace, request.Info.Name, delete, new RequestOptions { DryRun = dryRun }, request.Cancelled);
        if (!outcome.Removed || request.Kind is IGracefulDeletion)
        {
            await request.AnswerAsync(StatusCodes.Status200OK, outcome.Document);
            return;
        }

        var details = StatusErrors.PluralDetails(request.Kind, request.Info.Name) with { Uid = outcome.Document.Metadata.Uid };
        await Responses.WriteStatusAsync(request.Context, new ApiStatus(StatusCodes.Status200OK, "", "", details));
    }

    /// <summary>Answers with the objects it found and deleted.</summary>
    public async Task DeleteCollectionAsync(KindRequest request)
    {
        var (delete, dryRun) = await DeleteOptions.ReadAsync(request);
        var query = request.Query;
        var filter = new ObjectFilter(request.Kind, request.Namespace, query.LabelSelector(), query.FieldSelector());
        var options = new RequestOptions { DryRun = dryRun };
        var deleted = new List<Document>();
        var next = new ListQuery(request.Kind.Resource) { Limit = CollectionPage };
        while (true)
        {
            var page = await lister.PageAsync(request.Kind, filter, next, request.Cancelled);
            var gone = await DeleteAllAsync(request, page, delete, options);
            deleted.AddRange(page.Items.Where(document => !gone.Contains(document.Metadata.Uid)));
            if (page.Next is null)
            {
                await request.AnswerAsync(new ObjectList(deleted, page.Position, "", null));
                return;
            }

            next = next with { After = page.Next, At = page.Position };
        }
    }

    /// <summary>The uids of those somebody else had removed already.</summary>
    private async Task<ICollection<string>> DeleteAllAsync(KindRequest request, ListPage page, DeleteRequest delete, RequestOptions options)
    {
        var gone = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = CollectionParallelism, CancellationToken = request.Cancelled };
        await Parallel.ForEachAsync(page.Items, parallel, async (document, cancelled) =>
        {
            var metadata = document.Metadata;
            try
            {
                // An object made anew under the same name was not asked for.
                var sameObject = delete with { PreconditionUid = metadata.Uid };
                await service.DeleteAsync(request.Kind, metadata.Namespace, metadata.Name, sameObject, options, cancelled);
            }
            catch (StatusException refusal) when (refusal.Status.Code is StatusCodes.Status404NotFound or StatusCodes.Status409Conflict)
            {
                gone[metadata.Uid] = true;
            }
        });
        return gone.Keys;
    }
}
