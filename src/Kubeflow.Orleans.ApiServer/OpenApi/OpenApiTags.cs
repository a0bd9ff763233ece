using Kubeflow.Orleans.ApiServer.Discovery;

namespace Kubeflow.Orleans.ApiServer.OpenApi;

/// <summary>Words both OpenAPI versions use.</summary>
internal static class OpenApiTags
{
    /// <summary><c>kubeflowOrg_v1</c>.</summary>
    public static string Of(ServedVersion version)
    {
        var words = (version.Group.Length == 0 ? "core" : version.Group).Split('.', '-');
        return $"{words[0]}{string.Concat(words.Skip(1).Select(word => char.ToUpperInvariant(word[0]) + word[1..]))}_{version.Version}";
    }

    public static string Describe(int code) => code switch { 200 => "OK", 201 => "Created", 202 => "Accepted", _ => "Unauthorized" };
}
