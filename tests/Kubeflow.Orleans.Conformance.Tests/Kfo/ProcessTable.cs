using System.Globalization;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Kfo;

/// <summary>The machine's processes, found by a mark in their command line or environment.</summary>
internal static class ProcessTable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static IReadOnlyList<int> With(string mark) =>
        [.. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, CultureInfo.InvariantCulture, out _))
            .Where(name => Described(name!).Contains(mark, StringComparison.Ordinal)).Select(name => int.Parse(name!, CultureInfo.InvariantCulture))];

    public static async Task UntilNoneAsync(string mark)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        while (With(mark) is { Count: > 0 } left)
        {
            Assert.True(time.GetElapsedTime(started) < Limit, $"Still running with '{mark}': {string.Join(", ", left)}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, TestContext.Current.CancellationToken);
        }
    }

    private static string Described(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline") + File.ReadAllText($"/proc/{process}/environ");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It has ended in the meantime, or is somebody else's.
            return "";
        }
    }
}
