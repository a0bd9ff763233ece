using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Kubeflow.Orleans.ApiServer.OpenApi;

/// <summary>Writes protobuf fields, as far as OpenAPI documents need them. Fields come in the order they are written.</summary>
internal sealed class ProtobufWriter
{
    private const int VariableLength = 0;
    private const int EightBytes = 1;
    private const int LengthDelimited = 2;

    private readonly ArrayBufferWriter<byte> output = new();

    public void Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    public void Flag(int field, bool value) => Integer(field, value ? 1 : 0);

    public void Integer(int field, long value)
    {
        Tag(field, VariableLength);
        Number((ulong)value);
    }

    public void Double(int field, double value)
    {
        Tag(field, EightBytes);
        BinaryPrimitives.WriteDoubleLittleEndian(output.GetSpan(sizeof(double)), value);
        output.Advance(sizeof(double));
    }

    public void Message(int field, Action<ProtobufWriter> write)
    {
        var inner = new ProtobufWriter();
        write(inner);
        Bytes(field, inner.output.WrittenSpan);
    }

    public byte[] ToArray() => output.WrittenSpan.ToArray();

    private void Bytes(int field, ReadOnlySpan<byte> bytes)
    {
        Tag(field, LengthDelimited);
        Number((ulong)bytes.Length);
        output.Write(bytes);
    }

    private void Tag(int field, int wireType) => Number((ulong)((field << 3) | wireType));

    private void Number(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            Byte((byte)(value | 0x80));
        }

        Byte((byte)value);
    }

    private void Byte(byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }
}
