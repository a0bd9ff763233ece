using System.Collections.Frozen;

namespace Kubeflow.Orleans.Core.Reading.Protobuf;

/// <summary>How a field repeats or what a zero in it means.</summary>
internal enum FieldShape
{
    /// <summary>A zero is as good as nothing.</summary>
    Plain,

    /// <summary>A zero was meant.</summary>
    Kept,

    Repeated,

    Map,
}

/// <param name="Name">Its name in JSON; empty: what is in it stands in the message around it.</param>
/// <param name="Type">A scalar, one of the types with a JSON form of their own, or a message by its full name.</param>
internal sealed record ProtobufField(string Name, FieldShape Shape, string Type);

/// <summary>The messages of Kubernetes' API that are read in protobuf, from the table beside this file.</summary>
internal static class ProtobufTable
{
    private static readonly FrozenSet<string> Simple = FrozenSet.ToFrozenSet(
        ["string", "bool", "int32", "int64", "double", "bytes", "Time", "MicroTime", "Quantity", "IntOrString", "FieldsV1", "ExtraValue"], StringComparer.Ordinal);

    private static readonly Lazy<FrozenDictionary<string, FrozenDictionary<int, ProtobufField>>> Messages = new(Load);

    /// <summary>The fields of a message by number; null when it is none of ours.</summary>
    public static FrozenDictionary<int, ProtobufField>? Find(string message) => Messages.Value.GetValueOrDefault(message);

    /// <summary>The message a kind is sent as: <c>coordination.k8s.io/v1</c> Lease is <c>coordination.v1.Lease</c>.</summary>
    public static string MessageOf(string apiVersion, string kind)
    {
        if (kind == "DeleteOptions")
        {
            return "meta.v1.DeleteOptions";
        }

        var slash = apiVersion.IndexOf('/');
        return slash < 0 ? $"core.{apiVersion}.{kind}" : $"{apiVersion[..slash].Split('.')[0]}.{apiVersion[(slash + 1)..]}.{kind}";
    }

    private static FrozenDictionary<string, FrozenDictionary<int, ProtobufField>> Load()
    {
        var name = $"{typeof(ProtobufTable).Namespace}.messages.txt";
        using var stream = typeof(ProtobufTable).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The table {name} is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' '))
            .ToFrozenDictionary(words => words[0], words => Fields(words[0], words[1..]), StringComparer.Ordinal);
    }

    private static FrozenDictionary<int, ProtobufField> Fields(string message, string[] fields)
    {
        var package = message[..message.LastIndexOf('.')];
        return fields.Select(field => field.Split(':')).ToFrozenDictionary(parts => int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), parts => Field(parts[1], parts[2], package));
    }

    private static ProtobufField Field(string name, string type, string package)
    {
        var (shape, bare) = type switch
        {
            ['[', ']', ..] => (FieldShape.Repeated, type[2..]),
            ['{', '}', ..] => (FieldShape.Map, type[2..]),
            ['?' or '!', ..] => (FieldShape.Kept, type[1..]),
            _ => (FieldShape.Plain, type),
        };
        return new ProtobufField(name, shape, Simple.Contains(bare) || bare.Contains('.') ? bare : $"{package}.{bare}");
    }
}
