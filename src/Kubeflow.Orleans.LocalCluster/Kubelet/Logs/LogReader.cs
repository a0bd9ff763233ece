using System.Buffers;
using System.Text;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>PodLogOptions.</summary>
public sealed record PodLogOptions
{
    public bool Follow { get; init; }

    public bool Previous { get; init; }

    public bool Timestamps { get; init; }

    public long? TailLines { get; init; }

    public long? LimitBytes { get; init; }

    public long? SinceSeconds { get; init; }

    public DateTimeOffset? SinceTime { get; init; }
}

/// <summary>Copies the lines of one log that were asked for.</summary>
internal sealed class LogReader(string log, LogObserver observer, PodLogOptions options, DateTimeOffset now)
{
    private const int BlockLength = 64 * 1024;

    private readonly DateTimeOffset? since = options.SinceTime ?? (options.SinceSeconds is { } seconds ? now - TimeSpan.FromSeconds(seconds) : null);
    private long remaining = options.LimitBytes ?? long.MaxValue;
    private bool atLineStart = true;
    private bool skipping;
    private LogTimeIndex times = LogTimeIndex.Read(log);

    /// <param name="ended">Whether nothing will be written any more.</param>
    public async Task CopyAsync(Stream output, Func<bool> ended, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        file.Position = Beginning(file);
        while (true)
        {
            // Asked before reading: what is written before the end is read after it.
            var last = !options.Follow || ended();
            var wake = last ? Task.CompletedTask : observer.WaitAsync(log, cancellationToken);
            await CopyAvailableAsync(file, output, cancellationToken);
            await output.FlushAsync(cancellationToken);
            if (last || remaining <= 0)
            {
                return;
            }

            await wake;
            times = LogTimeIndex.Read(log);
        }
    }

    private async Task CopyAvailableAsync(FileStream file, Stream output, CancellationToken cancellationToken)
    {
        var block = ArrayPool<byte>.Shared.Rent(BlockLength);
        try
        {
            for (var position = file.Position; remaining > 0 && await file.ReadAsync(block, cancellationToken) is > 0 and var count; position += count)
            {
                var selected = Select(block.AsSpan(0, count), position);
                var length = (int)Math.Min(selected.WrittenCount, remaining);
                await output.WriteAsync(selected.WrittenMemory[..length], cancellationToken);
                remaining -= length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private ArrayBufferWriter<byte> Select(ReadOnlySpan<byte> block, long position)
    {
        var selected = new ArrayBufferWriter<byte>(block.Length + 64);
        while (block.Length > 0)
        {
            if (atLineStart)
            {
                var written = times.TimeOf(position, now);
                skipping = since > written;
                if (options.Timestamps && !skipping)
                {
                    selected.Write(Encoding.ASCII.GetBytes($"{LogTimestamp.Format(written)} "));
                }
            }

            var end = block.IndexOf((byte)'\n');
            var part = end < 0 ? block : block[..(end + 1)];
            atLineStart = end >= 0;
            if (!skipping)
            {
                selected.Write(part);
            }

            position += part.Length;
            block = block[part.Length..];
        }

        return selected;
    }

    /// <summary>Where to start: behind what was forgotten, or where the last lines begin.</summary>
    private long Beginning(FileStream file)
    {
        var floor = SparseFile.Beginning(file.SafeFileHandle);
        return options.TailLines is { } lines ? TailStart(file, floor, lines) : floor == 0 ? 0 : NextLine(file, floor);
    }

    private static long NextLine(FileStream file, long offset)
    {
        var block = new byte[BlockLength];
        var count = RandomAccess.Read(file.SafeFileHandle, block, offset);
        return offset + block.AsSpan(0, count).IndexOf((byte)'\n') + 1;
    }

    private static long TailStart(FileStream file, long floor, long lines)
    {
        var end = RandomAccess.GetLength(file.SafeFileHandle);
        if (lines == 0)
        {
            return end;
        }

        var block = new byte[BlockLength];
        var start = end;
        while (start > floor)
        {
            var length = (int)Math.Min(BlockLength, start - floor);
            start -= length;
            RandomAccess.Read(file.SafeFileHandle, block.AsSpan(0, length), start);
            for (var index = length - 1; index >= 0; index--)
            {
                // The newline that ends the file begins no line.
                if (block[index] == '\n' && start + index + 1 < end && --lines == 0)
                {
                    return start + index + 1;
                }
            }
        }

        return floor;
    }
}
