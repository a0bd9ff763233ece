using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Resources;
using Microsoft.AspNetCore.Http;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>GET of one object, its status, its scale; and of lists.</summary>
internal sealed class ReadEndpoints(IResourceService service, ObjectLister lister)
{
    public async Task GetAsync(KindRequest request)
    {
        if (ListOptions.ForList(request.Query).ResourceVersion is { } wanted)
        {
            await lister.ReachAsync(wanted, request.Cancelled);
        }

        var document = await service.GetAsync(request.Kind, request.Namespace, request.Info.Name, request.Cancelled);
        var shown = request.Info.Subresource == "scale" ? Document.FromNode(ScaleView.Of(request.Kind.Scale!, document)) : document;
        await request.AnswerAsync(StatusCodes.Status200OK, shown);
    }

    public async Task ListAsync(KindRequest request)
    {
        var query = request.Query;
        var filter = new ObjectFilter(request.Kind, request.Namespace, query.LabelSelector(), query.FieldSelector());
        await request.AnswerAsync(await lister.ListAsync(request.Kind, filter, ListOptions.ForList(query), request.Cancelled));
    }
}
