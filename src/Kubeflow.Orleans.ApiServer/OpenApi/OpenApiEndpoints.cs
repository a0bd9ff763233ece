using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Discovery;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Kubeflow.Orleans.ApiServer.OpenApi;

/// <summary><c>/openapi/v3</c> and <c>/openapi/v2</c>: what explain, client-side validation and GitOps tools know of our kinds.</summary>
public static class OpenApiEndpoints
{
    private const string Protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    private static readonly TimeSpan OneYear = TimeSpan.FromDays(365);

    /// <summary>Needs a <see cref="KindCatalog"/> and a <see cref="TimeProvider"/> among the services. Documents are built when first asked for.</summary>
    public static IEndpointRouteBuilder MapKubernetesOpenApi(this IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider;
        var api = new ServedApi(services.GetRequiredService<KindCatalog>(), services.GetServices<ISubresource>());
        var clock = services.GetRequiredService<TimeProvider>();
        var swagger = new Lazy<JsonObject>(() => OpenApiV2.Document(api));
        var json = new Lazy<PublishedDocument>(() => PublishedDocument.Json(swagger.Value));
        var protobuf = new Lazy<PublishedDocument>(() => new PublishedDocument(SwaggerProtobuf.Write(swagger.Value), Protobuf));
        var versions = new ConcurrentDictionary<(string Group, string Version), Lazy<PublishedDocument>>();
        var index = new Lazy<PublishedDocument>(() => Index(api, DocumentOf));

        endpoints.MapGet("/openapi/v2", context => (WantsProtobuf(context.Request) ? protobuf : json).Value.AnswerAsync(context));
        endpoints.MapGet("/openapi/v3", context => index.Value.AnswerAsync(context));
        endpoints.MapGet("/openapi/v3/api/{version}", (HttpContext context, string version) => AnswerAsync(context, api.Find("", version)));
        endpoints.MapGet("/openapi/v3/apis/{group}/{version}", (HttpContext context, string group, string version) => AnswerAsync(context, api.Find(group, version)));
        return endpoints;

        PublishedDocument DocumentOf(ServedVersion version) => versions.GetOrAdd(
            (version.Group, version.Version), _ => new Lazy<PublishedDocument>(() => PublishedDocument.Json(OpenApiV3.Document(version)))).Value;

        Task AnswerAsync(HttpContext context, ServedVersion? version) => version is null ? PublishedDocument.AnswerMissingAsync(context) : VersionAsync(context, version, DocumentOf(version), clock);
    }

    private static PublishedDocument Index(ServedApi api, Func<ServedVersion, PublishedDocument> documentOf)
    {
        var paths = new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var version in api.Groups.SelectMany(group => group.Versions))
        {
            paths[PathOf(version)] = new JsonObject { ["serverRelativeURL"] = Url(version, documentOf(version)) };
        }

        return PublishedDocument.Json(new JsonObject { ["paths"] = new JsonObject(paths) }, "text/plain; charset=utf-8");
    }

    /// <summary>A URL with the right hash never changes its answer; one with an old hash leads to the right one.</summary>
    private static Task VersionAsync(HttpContext context, ServedVersion version, PublishedDocument document, TimeProvider clock)
    {
        var hash = context.Request.Query["hash"].ToString();
        if (hash.Length > 0 && hash != document.Hash)
        {
            context.Response.Redirect(Url(version, document), permanent: true);
            return Task.CompletedTask;
        }

        if (hash.Length > 0)
        {
            context.Response.Headers.CacheControl = "public, immutable";
            context.Response.Headers.Expires = (clock.GetUtcNow() + OneYear).ToString("R", CultureInfo.InvariantCulture);
        }
        else
        {
            context.Response.Headers.CacheControl = "no-cache, private";
        }

        return document.AnswerAsync(context);
    }

    private static string PathOf(ServedVersion version) => $"{(version.Group.Length == 0 ? "api" : "apis")}/{version.GroupVersion}";

    private static string Url(ServedVersion version, PublishedDocument document) => $"/openapi/v3/{PathOf(version)}?hash={document.Hash}";

    /// <summary>Whichever the client names first; kubectl names protobuf only, browsers and Argo CD do not know it.</summary>
    private static bool WantsProtobuf(HttpRequest request)
    {
        var accepted = request.Headers.Accept.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var type in accepted)
        {
            if (type.StartsWith("application/com.github.proto-openapi.spec.v2", StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }

            if (type.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) || type.StartsWith("*/*", StringComparison.Ordinal) || type.StartsWith("application/*", StringComparison.Ordinal))
            {
                return false;
            }
        }

        return accepted.Length == 0
            ? false
            : throw new StatusException(new ApiStatus(StatusCodes.Status406NotAcceptable, "NotAcceptable", $"only the following media types are accepted: application/json, {Protobuf}"));
    }
}
