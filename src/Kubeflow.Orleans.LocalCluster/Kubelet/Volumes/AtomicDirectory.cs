using System.Globalization;
using System.Runtime.InteropServices;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>A file's content and permission bits.</summary>
internal sealed record VolumeFile(byte[] Content, int Mode);

/// <summary>
/// A directory whose files change all at once: they lie in a directory of their own, <c>..data</c> points to it and is swapped, and
/// each visible name points through <c>..data</c>. As the real kubelet does it, so programs that watch for the swap see it.
/// </summary>
internal static partial class AtomicDirectory
{
    private const string Current = "..data";

    /// <returns>False when the files were there already.</returns>
    public static bool Write(string directory, IReadOnlyDictionary<string, VolumeFile> files, DateTimeOffset now)
    {
        Directory.CreateDirectory(directory);
        var current = Path.Combine(directory, Current);
        if (Same(current, files))
        {
            return false;
        }

        var old = Directory.Exists(current) ? new DirectoryInfo(current).LinkTarget : null;
        var next = string.Create(CultureInfo.InvariantCulture, $"..{now:yyyy_MM_dd_HH_mm_ss}.{now.Ticks % TimeSpan.TicksPerSecond}");
        foreach (var (path, file) in files)
        {
            WriteFile(Path.Combine(directory, next, path), file);
        }

        Directory.CreateDirectory(Path.Combine(directory, next));
        Link(Path.Combine(directory, "..data_tmp"), next);
        if (Rename(Path.Combine(directory, "..data_tmp"), current) != 0)
        {
            throw new IOException($"{current} cannot be swapped: error {Marshal.GetLastPInvokeError()}");
        }

        LinkNames(directory, files);
        if (old is not null)
        {
            Directory.Delete(Path.Combine(directory, old), recursive: true);
        }

        return true;
    }

    private static bool Same(string current, IReadOnlyDictionary<string, VolumeFile> files) =>
        Directory.Exists(current)
        && Directory.EnumerateFiles(current, "*", SearchOption.AllDirectories).Count() == files.Count
        && files.All(file => File.Exists(Path.Combine(current, file.Key)) && File.ReadAllBytes(Path.Combine(current, file.Key)).AsSpan().SequenceEqual(file.Value.Content));

    private static void WriteFile(string path, VolumeFile file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, file.Content);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, (UnixFileMode)(file.Mode & 0x1FF));
        }
    }

    private static void LinkNames(string directory, IReadOnlyDictionary<string, VolumeFile> files)
    {
        var names = files.Keys.Select(path => path.Split('/')[0]).ToHashSet(StringComparer.Ordinal);
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos().Where(entry => entry.LinkTarget is not null && entry.Name != Current))
        {
            if (!names.Remove(entry.Name))
            {
                entry.Delete();
            }
        }

        foreach (var name in names)
        {
            Link(Path.Combine(directory, name), $"{Current}/{name}");
        }
    }

    private static void Link(string path, string target)
    {
        File.Delete(path);
        File.CreateSymbolicLink(path, target);
    }

    /// <summary>File.Move refuses links to directories; only rename(2) swaps one in a single step.</summary>
    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);
}
