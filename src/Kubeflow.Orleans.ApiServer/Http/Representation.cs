using Kubeflow.Orleans.ApiServer.Resources;
using Microsoft.AspNetCore.Http;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>What an object is shown as.</summary>
internal enum ShownAs
{
    Object,
    Table,
    PartialObjectMetadata,
    PartialObjectMetadataList,
}

/// <summary>How an answer is written, as the request's Accept header asks.</summary>
internal sealed record Representation(bool Yaml, ShownAs As, bool Pretty)
{
    public static Representation Default { get; } = new(false, ShownAs.Object, false);

    /// <summary>The client reads protobuf and nothing else, so even the refusal has to be protobuf.</summary>
    public static bool AcceptsOnlyProtobuf(HttpRequest request) =>
        request.Headers.Accept.Count > 0 && Clauses(request).All(clause => clause.MediaType == MediaTypes.Protobuf);

    /// <exception cref="Core.Errors.StatusException">406: nothing the client accepts can be served.</exception>
    public static Representation Negotiate(HttpRequest request, bool watch = false)
    {
        var pretty = WantsPretty(request);
        if (request.Headers.Accept is [MediaTypes.Json] or [])
        {
            return Default with { Pretty = pretty };
        }

        foreach (var clause in Clauses(request))
        {
            if (clause.Read(watch) is { } representation)
            {
                return representation with { Pretty = pretty };
            }
        }

        var accepted = watch ? MediaTypes.Accepted.Select(type => $"{type};stream=watch") : MediaTypes.Accepted;
        throw StatusErrors.NotAcceptable($"only the following media types are accepted: {string.Join(", ", accepted)}");
    }

    private static bool WantsPretty(HttpRequest request)
    {
        var query = new RequestQuery(request.Query);
        if (query.Has("pretty"))
        {
            return query.Flag("pretty");
        }

        var agent = request.Headers.UserAgent.ToString();
        return agent.StartsWith("curl", StringComparison.Ordinal) || agent.StartsWith("Wget", StringComparison.Ordinal) || agent.StartsWith("Mozilla/5.0", StringComparison.Ordinal);
    }

    private static IEnumerable<AcceptClause> Clauses(HttpRequest request) =>
        request.Headers.Accept.SelectMany(header => (header ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)).Select(AcceptClause.Parse);

    /// <summary>One alternative of an Accept header. Clients list them in order of preference; of q only 0 counts.</summary>
    private sealed record AcceptClause(string MediaType, IReadOnlyDictionary<string, string> Parameters)
    {
        private static readonly string[] Known = ["as", "g", "v", "q", "stream", "charset", "pretty", "profile"];

        public static AcceptClause Parse(string text)
        {
            var parts = text.Split(';', StringSplitOptions.TrimEntries);
            var parameters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (var part in parts.Skip(1))
            {
                var equals = part.IndexOf('=');
                parameters[equals < 0 ? part : part[..equals].Trim()] = equals < 0 ? "" : part[(equals + 1)..].Trim().Trim('"');
            }

            return new AcceptClause(parts[0].ToLowerInvariant(), parameters);
        }

        /// <summary>Null when this clause cannot be served.</summary>
        public Representation? Read(bool watch)
        {
            var usable = Value("q") is not ("0" or "0.0" or "0.00" or "0.000") && (Value("stream") is null || (watch && Value("stream") == "watch")) &&
                Parameters.Keys.All(name => Known.Contains(name, StringComparer.OrdinalIgnoreCase));
            return usable && IsYaml is { } yaml && As is { } shownAs ? Default with { Yaml = yaml, As = shownAs } : null;
        }

        private bool? IsYaml => MediaType switch
        {
            MediaTypes.Yaml or "application/yml" or "text/yaml" => true,
            MediaTypes.Json or "application/*" or "*/*" => false,
            _ => null,
        };

        private ShownAs? As => (Value("as"), Value("g"), Value("v")) switch
        {
            (null, null, null) => ShownAs.Object,
            ("Table", "meta.k8s.io", "v1" or "v1beta1") => ShownAs.Table,
            ("PartialObjectMetadata", "meta.k8s.io", "v1" or "v1beta1") => ShownAs.PartialObjectMetadata,
            ("PartialObjectMetadataList", "meta.k8s.io", "v1" or "v1beta1") => ShownAs.PartialObjectMetadataList,
            _ => null,
        };

        private string? Value(string name) => Parameters.GetValueOrDefault(name);
    }
}
