using System.Text;

namespace Kubeflow.Orleans.ApiServer.Tests.OpenApi;

/// <summary>A protobuf message read by the table of field numbers: names it knows, bytes it does not.</summary>
internal sealed class ProtobufFields
{
    private readonly List<(int Number, ulong Value, byte[] Bytes)> fields = [];
    private readonly string message;
    private readonly IReadOnlyDictionary<(string Message, int Number), (string Name, string Type)> table;

    public ProtobufFields(byte[] bytes, string message, IReadOnlyDictionary<(string Message, int Number), (string Name, string Type)> table)
    {
        this.message = message;
        this.table = table;
        for (var at = 0; at < bytes.Length;)
        {
            var tag = Number(bytes, ref at);
            var number = (int)(tag >> 3);
            if (!table.ContainsKey((message, number)))
            {
                throw new InvalidDataException($"{message} has no field {number}.");
            }

            switch (tag & 7)
            {
                case 0:
                    fields.Add((number, Number(bytes, ref at), []));
                    break;
                case 1:
                    fields.Add((number, BitConverter.ToUInt64(bytes, at), []));
                    at += 8;
                    break;
                default:
                    var length = (int)Number(bytes, ref at);
                    fields.Add((number, 0, bytes[at..(at + length)]));
                    at += length;
                    break;
            }
        }
    }

    public static IReadOnlyDictionary<(string Message, int Number), (string Name, string Type)> ReadTable(string path) => File.ReadLines(path)
        .Where(line => !line.StartsWith('#'))
        .Select(line => line.Split('\t'))
        .ToDictionary(row => (row[0], int.Parse(row[1], System.Globalization.CultureInfo.InvariantCulture)), row => (row[2], row[4]));

    public IEnumerable<ProtobufFields> Messages(string name) => Named(name).Select(field => new ProtobufFields(field.Bytes, table[(message, field.Number)].Type, table));

    public ProtobufFields Message(string name) => Messages(name).Single();

    public IEnumerable<string> Texts(string name) => Named(name).Select(field => Encoding.UTF8.GetString(field.Bytes));

    public string Text(string name) => Texts(name).Single();

    /// <summary>Reads every message below, so that a field its message does not have is found.</summary>
    public int CountAll() => 1 + fields.Where(field => table.Keys.Any(key => key.Message == table[(message, field.Number)].Type))
        .Sum(field => new ProtobufFields(field.Bytes, table[(message, field.Number)].Type, table).CountAll());

    private IEnumerable<(int Number, ulong Value, byte[] Bytes)> Named(string name) => fields.Where(field => table[(message, field.Number)].Name == name);

    private static ulong Number(byte[] bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
