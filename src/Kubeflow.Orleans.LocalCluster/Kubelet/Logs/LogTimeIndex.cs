using System.Buffers.Binary;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>
/// When a log had grown how far: pairs of length and time in a file beside it. A line's time is that of the first entry behind its
/// beginning, so it is as exact as growth is noticed (a tenth of a second).
/// </summary>
internal sealed class LogTimeIndex
{
    public const string Extension = ".times";

    private const int EntryLength = 16;

    private readonly List<(long Length, DateTimeOffset Time)> entries;

    private LogTimeIndex(List<(long Length, DateTimeOffset Time)> entries) => this.entries = entries;

    public static LogTimeIndex Read(string log)
    {
        var bytes = File.Exists(log + Extension) ? File.ReadAllBytes(log + Extension) : [];
        var entries = new List<(long, DateTimeOffset)>(bytes.Length / EntryLength);
        for (var offset = 0; offset + EntryLength <= bytes.Length; offset += EntryLength)
        {
            var entry = bytes.AsSpan(offset, EntryLength);
            entries.Add((BinaryPrimitives.ReadInt64LittleEndian(entry), new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(entry[8..]), TimeSpan.Zero)));
        }

        return new LogTimeIndex(entries);
    }

    public static void Append(string log, long length, DateTimeOffset time)
    {
        Span<byte> entry = stackalloc byte[EntryLength];
        BinaryPrimitives.WriteInt64LittleEndian(entry, length);
        BinaryPrimitives.WriteInt64LittleEndian(entry[8..], time.UtcTicks);
        using var stream = new FileStream(log + Extension, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        stream.Write(entry);
    }

    /// <summary>When the line that begins at the offset was written; <paramref name="latest"/> when that has not been noticed yet.</summary>
    public DateTimeOffset TimeOf(long offset, DateTimeOffset latest)
    {
        var index = entries.BinarySearch((offset, DateTimeOffset.MaxValue));
        index = index < 0 ? ~index : index + 1;
        return index < entries.Count ? entries[index].Time : latest;
    }
}
