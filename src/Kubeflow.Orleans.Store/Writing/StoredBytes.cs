using System.Runtime.InteropServices;

namespace Kubeflow.Orleans.Store.Writing;

/// <summary>Bytes as the database drivers take them: whole arrays only.</summary>
internal static class StoredBytes
{
    /// <summary>Documents usually are one array already, so that nothing is copied.</summary>
    public static byte[] Of(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetArray(memory, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : memory.ToArray();

    /// <summary>The notes to store; null: none.</summary>
    public static byte[]? OfNotes(WriteOperation operation) => operation.Notes is { Length: > 0 } notes ? Of(notes) : null;
}
