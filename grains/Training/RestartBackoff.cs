namespace Kubeflow.Orleans.Grains.Training;

/// <summary>
/// How long what failed again and again is left alone before it starts once more: at once the first time, then 1, 2, 4 ... seconds up
/// to five minutes. Whoever ran for ten minutes begins anew.
/// </summary>
/// <param name="Streak">Restarts in quick succession.</param>
/// <param name="NotBefore">When it may start again; null: at once.</param>
internal sealed record RestartBackoff(int Streak, DateTimeOffset? NotBefore)
{
    private const double LongestSeconds = 300;

    private static readonly TimeSpan Calm = TimeSpan.FromMinutes(10);

    public static RestartBackoff After(RestartBackoff? before, DateTimeOffset? startTime, DateTimeOffset now)
    {
        var streak = now - startTime >= Calm ? 1 : (before?.Streak ?? 0) + 1;
        return new RestartBackoff(streak, streak == 1 ? null : now.AddSeconds(Math.Min(Math.Pow(2, streak - 2), LongestSeconds)));
    }
}
