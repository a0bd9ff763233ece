using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>
/// Gives the beginning of a growing file back to the file system without moving the rest: writers that append notice nothing, offsets
/// stay what they are, no line is lost. Where the system cannot do that the file just keeps growing.
/// </summary>
internal static partial class SparseFile
{
    private const int PunchHoleKeepSize = 3;
    private const int SeekData = 3;

    public static void Forget(string path, long upTo)
    {
        if (OperatingSystem.IsLinux())
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            _ = Allocate(file, PunchHoleKeepSize, 0, upTo);
        }
    }

    /// <summary>Where the first bytes are that were not forgotten.</summary>
    public static long Beginning(SafeFileHandle file) => OperatingSystem.IsLinux() && Seek(file, 0, SeekData) is > 0 and var offset ? offset : 0;

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(SafeFileHandle file, long offset, int whence);
}
