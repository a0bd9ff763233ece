using Microsoft.AspNetCore.Http;

namespace Kubeflow.Orleans.Clusters.Tests.Faults;

/// <summary>Passes a watch on, event by event.</summary>
internal sealed class FaultyWatch(Stream body, HttpContext context, FaultPlan plan, string gone) : IDisposable
{
    /// <summary>How long an event is held back for another to overtake it.</summary>
    private static readonly TimeSpan Overtaking = TimeSpan.FromMilliseconds(300);

    private readonly StreamReader reader = new(body);

    public async Task CopyAsync()
    {
        await context.Response.Body.FlushAsync(context.RequestAborted);
        var next = ReadAsync();
        while (await next is { } line)
        {
            next = ReadAsync();
            switch (plan.ForEvent())
            {
                case WatchFault.Cut:
                    await context.Response.WriteAsync(line[..(line.Length / 2)], context.RequestAborted);
                    await context.Response.Body.FlushAsync(context.RequestAborted);
                    context.Abort();
                    return;
                case WatchFault.Expired:
                    await WriteAsync($$"""{"type":"ERROR","object":{{gone}}}""");
                    return;
                case WatchFault.Duplicate:
                    await WriteAsync($"{line}\n{line}");
                    break;
                case WatchFault.Swap when await OvertakesAsync(next):
                    // In one piece: a server that lost the first of two would have lied about its order.
                    await WriteAsync($"{await next}\n{line}");
                    next = ReadAsync();
                    break;
                default:
                    await WriteAsync(line);
                    break;
            }
        }
    }

    public void Dispose() => reader.Dispose();

    private Task<string?> ReadAsync() => reader.ReadLineAsync(context.RequestAborted).AsTask();

    private static async Task<bool> OvertakesAsync(Task<string?> next) =>
        await Task.WhenAny(next, Task.Delay(Overtaking)) == next && await next is not null;

    private async Task WriteAsync(string text)
    {
        await context.Response.WriteAsync(text + "\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
