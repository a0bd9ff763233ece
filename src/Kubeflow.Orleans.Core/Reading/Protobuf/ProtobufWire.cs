using System.Buffers.Binary;

namespace Kubeflow.Orleans.Core.Reading.Protobuf;

/// <summary>The fields of one message as they come off the wire.</summary>
internal ref struct ProtobufWire(ReadOnlySpan<byte> message)
{
    private const int LongestNumber = 10;

    private ReadOnlySpan<byte> rest = message;

    /// <summary>The field's number.</summary>
    public int Field { get; private set; }

    /// <summary>The value of a field that is a number, floating ones by their bits.</summary>
    public long Number { get; private set; }

    /// <summary>The value of a field that is text, bytes or a message.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    public bool IsNumber { get; private set; }

    /// <exception cref="ReadException">The message ends in the middle of a field, or it is no protobuf.</exception>
    public bool Next()
    {
        if (rest.IsEmpty)
        {
            return false;
        }

        var key = Variable();
        Field = (int)(key >> 3);
        var type = (int)(key & 7);
        IsNumber = type != 2;
        Number = 0;
        Bytes = default;
        switch (type)
        {
            case 0:
                Number = (long)Variable();
                break;
            case 1:
                Number = BinaryPrimitives.ReadInt64LittleEndian(Take(8));
                break;
            case 2:
                Bytes = Take(Variable());
                break;
            case 5:
                Number = BinaryPrimitives.ReadInt32LittleEndian(Take(4));
                break;
            default:
                throw new ReadException($"proto: illegal wireType {type}");
        }

        return true;
    }

    private ulong Variable()
    {
        var value = 0UL;
        for (var index = 0; index < LongestNumber && index < rest.Length; index++)
        {
            value |= (ulong)(rest[index] & 0x7f) << (7 * index);
            if (rest[index] < 0x80)
            {
                rest = rest[(index + 1)..];
                return value;
            }
        }

        throw rest.Length < LongestNumber ? Truncated() : new ReadException("proto: integer overflow");
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)rest.Length)
        {
            throw Truncated();
        }

        var taken = rest[..(int)length];
        rest = rest[(int)length..];
        return taken;
    }

    private static ReadException Truncated() => new("unexpected EOF");
}
