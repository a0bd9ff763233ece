using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace Kubeflow.Orleans.ApiServer.Discovery;

/// <summary><c>/api</c>, <c>/apis</c> and what is below them, and <c>/version</c>: how clients learn what there is.</summary>
public static class DiscoveryEndpoints
{
    private static readonly string[] AggregatedVersions = ["v2", "v2beta1"];

    /// <summary>Needs a <see cref="KindCatalog"/> among the services; registered <see cref="ISubresource"/>s are listed.</summary>
    public static IEndpointRouteBuilder MapDiscovery(this IEndpointRouteBuilder endpoints)
    {
        var api = new ServedApi(endpoints.ServiceProvider.GetRequiredService<KindCatalog>(), endpoints.ServiceProvider.GetServices<ISubresource>());
        var core = Aggregated(api, core: true);
        var others = Aggregated(api, core: false);
        var groups = new Lazy<PublishedDocument>(() => PublishedDocument.Json(DiscoveryDocuments.GroupList(api)));

        endpoints.MapGet("/version", context => PublishedDocument.Json(ServerVersion.Document()).AnswerAsync(context));
        endpoints.MapGet("/api", context => AnswerAsync(context, core, () => PublishedDocument.Json(DiscoveryDocuments.Versions(context.Request.Host.Value ?? ""))));
        endpoints.MapGet("/apis", context => AnswerAsync(context, others, () => groups.Value));
        endpoints.MapGet("/api/{version}", (HttpContext context, string version) => ResourcesAsync(context, api.Find("", version)));
        endpoints.MapGet("/apis/{group}/{version}", (HttpContext context, string group, string version) => ResourcesAsync(context, api.Find(group, version)));
        endpoints.MapGet("/apis/{group}", (HttpContext context, string group) => api.Find(group) is { Name.Length: > 0 } served
            ? PublishedDocument.Json(DiscoveryDocuments.Group(served)).AnswerAsync(context)
            : PublishedDocument.AnswerMissingAsync(context));
        return endpoints;
    }

    private static Dictionary<string, Lazy<PublishedDocument>> Aggregated(ServedApi api, bool core) => AggregatedVersions.ToDictionary(
        version => version,
        version => new Lazy<PublishedDocument>(() => PublishedDocument.Json(
            DiscoveryDocuments.Aggregated(api, core, version), $"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList")),
        StringComparer.Ordinal);

    private static Task ResourcesAsync(HttpContext context, ServedVersion? version) => version is null
        ? PublishedDocument.AnswerMissingAsync(context)
        : PublishedDocument.Json(DiscoveryDocuments.ResourceList(version)).AnswerAsync(context);

    private static Task AnswerAsync(HttpContext context, Dictionary<string, Lazy<PublishedDocument>> aggregated, Func<PublishedDocument> plain)
    {
        var document = aggregated.GetValueOrDefault(Wanted(context.Request))?.Value;
        if (document is not null)
        {
            context.Response.Headers.CacheControl = "public";
        }

        return (document ?? plain()).AnswerAsync(context);
    }

    /// <summary>The aggregated version the client likes best; empty for the plain document.</summary>
    private static string Wanted(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted) || accepted.Count == 0)
        {
            return "";
        }

        foreach (var type in accepted.OrderByDescending(type => type.Quality ?? 1))
        {
            if (!type.MatchesAllTypes && !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) && !type.MediaType.Equals("application/*", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var version = Parameter(type, "v");
            if (Parameter(type, "as").Length == 0)
            {
                return "";
            }

            if (Parameter(type, "as") == "APIGroupDiscoveryList" && Parameter(type, "g") == "apidiscovery.k8s.io" && AggregatedVersions.Contains(version))
            {
                return version;
            }
        }

        throw new StatusException(new ApiStatus(StatusCodes.Status406NotAcceptable, "NotAcceptable", "only the following media types are accepted: application/json"));
    }

    private static string Parameter(MediaTypeHeaderValue type, string name) => type.Parameters.FirstOrDefault(parameter => parameter.Name == name)?.Value.ToString() ?? "";
}
