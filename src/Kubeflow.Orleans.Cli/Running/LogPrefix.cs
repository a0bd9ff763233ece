namespace Kubeflow.Orleans.Cli.Running;

/// <summary>What stands before a log line when several replicas write to one screen.</summary>
internal static class LogPrefix
{
    /// <param name="container">Empty when the replica has just one.</param>
    public static string Of(string replica, string container) => container.Length == 0 ? $"[{replica}] " : $"[{replica}/{container}] ";
}
