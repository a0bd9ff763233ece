using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.ApiServer.Views;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Microsoft.AspNetCore.Http;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>A request for objects of a registered kind.</summary>
internal sealed record KindRequest(HttpContext Context, RequestInfo Info, ResourceKind Kind, TimeProvider Time)
{
    /// <summary>Empty for cluster-scoped kinds, and for lists across all namespaces.</summary>
    public string Namespace => Kind.Namespaced ? Info.Namespace : "";

    public RequestQuery Query => new(Context.Request.Query);

    public CancellationToken Cancelled => Context.RequestAborted;

    public IObjectView View(Representation representation) => representation.As switch
    {
        ShownAs.Object => new ObjectView(Kind, Info.Version),
        ShownAs.Table => new TableView(Kind, Info.Version, Query.Text("includeObject"), Time),
        _ => new PartialMetadataView(),
    };

    public Task AnswerAsync(int code, Document document)
    {
        var representation = Representation.Negotiate(Context.Request);
        return representation.As == ShownAs.PartialObjectMetadataList
            ? throw StatusErrors.NotAcceptable("you requested PartialObjectMetadataList, but the requested object is not a list (*unstructured.Unstructured)")
            : Responses.WriteAsync(Context, code, representation, writer => View(representation).WriteItem(writer, document));
    }

    public Task AnswerAsync(ObjectList list)
    {
        var representation = Representation.Negotiate(Context.Request);
        return representation.As == ShownAs.PartialObjectMetadata
            ? throw StatusErrors.NotAcceptable("you requested PartialObjectMetadata, but the requested object is a list (*unstructured.UnstructuredList)")
            : Responses.WriteAsync(Context, StatusCodes.Status200OK, representation, writer => View(representation).WriteList(writer, list));
    }
}
