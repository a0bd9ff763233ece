using System.Collections.Immutable;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>The media types of the API.</summary>
internal static class MediaTypes
{
    public const string Json = "application/json";

    public const string Yaml = "application/yaml";

    public const string Protobuf = "application/vnd.kubernetes.protobuf";

    public const string JsonPatch = "application/json-patch+json";

    public const string MergePatch = "application/merge-patch+json";

    public const string StrategicMergePatch = "application/strategic-merge-patch+json";

    public const string ApplyPatch = "application/apply-patch+yaml";

    /// <summary>What upstream says it accepts, in the order it says it; protobuf is named there even where a kind does not take it.</summary>
    public static ImmutableArray<string> Accepted { get; } = [Json, Yaml, Protobuf];

    /// <summary>The media type without its parameters, in lower case; empty when there is none.</summary>
    public static string WithoutParameters(string? contentType)
    {
        var semicolon = contentType?.IndexOf(';') ?? -1;
        return (semicolon < 0 ? contentType ?? "" : contentType![..semicolon]).Trim().ToLowerInvariant();
    }
}
