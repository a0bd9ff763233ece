using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.ApiServer.Discovery;

/// <summary>The Kubernetes version clients are to believe in: they gate features on it.</summary>
public static class ServerVersion
{
    public const string Git = "v1.36.2+kubeflow-orleans";

    internal static JsonObject Document() => new()
    {
        ["major"] = "1",
        ["minor"] = "36",
        ["emulationMajor"] = "1",
        ["emulationMinor"] = "36",
        ["minCompatibilityMajor"] = "1",
        ["minCompatibilityMinor"] = "35",
        ["gitVersion"] = Git,
        ["gitCommit"] = "",
        ["gitTreeState"] = "clean",
        ["buildDate"] = "",
        ["goVersion"] = RuntimeInformation.FrameworkDescription,
        ["compiler"] = "roslyn",
        ["platform"] = Platform(),
    };

    /// <summary>As Go names it: linux/amd64.</summary>
    private static string Platform()
    {
        var system = OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux";
        var architecture = RuntimeInformation.OSArchitecture switch { Architecture.X64 => "amd64", var other => other.ToString().ToLowerInvariant() };
        return $"{system}/{architecture}";
    }
}
