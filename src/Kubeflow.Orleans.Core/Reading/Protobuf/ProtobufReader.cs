using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Core.Reading.Protobuf;

/// <summary>
/// Objects of Kubernetes' own kinds as typed clients send them: an envelope of <c>k8s\0</c>, the type, and a message. They become the
/// JSON the same client would have sent.
/// </summary>
public static class ProtobufReader
{
    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    /// <exception cref="ReadException">It is no such envelope, or of a kind that is not read in protobuf.</exception>
    public static JsonObject Read(ReadOnlySpan<byte> body)
    {
        if (!body.StartsWith(Magic))
        {
            throw new ReadException("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
        }

        var (apiVersion, kind) = ("", "");
        ReadOnlySpan<byte> raw = default;
        var envelope = new ProtobufWire(body[Magic.Length..]);
        while (envelope.Next())
        {
            if (envelope.Field == 1)
            {
                (apiVersion, kind) = TypeOf(envelope.Bytes);
            }
            else if (envelope.Field == 2)
            {
                raw = envelope.Bytes;
            }
        }

        var message = ProtobufTable.MessageOf(apiVersion, kind);
        if (ProtobufTable.Find(message) is null)
        {
            throw new ReadException($"no kind \"{kind}\" is registered for version \"{apiVersion}\"");
        }

        var document = new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind };
        ReadMessage(raw, message, document);
        return document;
    }

    private static (string ApiVersion, string Kind) TypeOf(ReadOnlySpan<byte> typeMeta)
    {
        var (apiVersion, kind) = ("", "");
        var fields = new ProtobufWire(typeMeta);
        while (fields.Next())
        {
            (apiVersion, kind) = fields.Field == 1 ? (Text(fields.Bytes), kind) : (apiVersion, Text(fields.Bytes));
        }

        return (apiVersion, kind);
    }

    private static void ReadMessage(ReadOnlySpan<byte> bytes, string message, JsonObject into)
    {
        var table = ProtobufTable.Find(message) ?? throw new InvalidOperationException($"The table has no message {message}.");
        var wire = new ProtobufWire(bytes);
        while (wire.Next())
        {
            if (table.GetValueOrDefault(wire.Field) is { } field)
            {
                ReadField(wire, field, into);
            }
        }
    }

    private static void ReadField(ProtobufWire wire, ProtobufField field, JsonObject into)
    {
        switch (field)
        {
            case { Name.Length: 0 }:
                ReadMessage(wire.Bytes, field.Type, into);
                break;
            case { Shape: FieldShape.Map }:
                ReadEntry(wire.Bytes, field, Child<JsonObject>(into, field.Name, () => []));
                break;
            case { Shape: FieldShape.Repeated }:
                Child<JsonArray>(into, field.Name, () => []).Add(Value(wire, field.Type));
                break;
            default:
                var value = Value(wire, field.Type);
                if (field.Shape == FieldShape.Kept || !IsZero(value))
                {
                    into[field.Name] = value;
                }

                break;
        }
    }

    private static void ReadEntry(ReadOnlySpan<byte> entry, ProtobufField field, JsonObject map)
    {
        var key = "";
        var value = Value(default, field.Type);
        var wire = new ProtobufWire(entry);
        while (wire.Next())
        {
            if (wire.Field == 1)
            {
                key = Text(wire.Bytes);
            }
            else
            {
                value = Value(wire, field.Type);
            }
        }

        map[key] = value;
    }

    private static JsonNode? Value(ProtobufWire wire, string type)
    {
        switch (type)
        {
            case "string":
                return Text(wire.Bytes);
            case "bool":
                return wire.Number != 0;
            case "int32":
                return (int)wire.Number;
            case "int64":
                return wire.Number;
            case "double":
                return BitConverter.Int64BitsToDouble(wire.Number);
            case "bytes":
                return Convert.ToBase64String(wire.Bytes);
            case "Time" or "MicroTime":
                return Time(wire.Bytes, type == "Time" ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'");
            case "Quantity":
                return First(wire.Bytes, 1) is { Length: > 0 } quantity ? Text(quantity) : "0";
            case "IntOrString":
                return IntOrString(wire.Bytes);
            case "FieldsV1":
                return Json(First(wire.Bytes, 1));
            case "ExtraValue":
                return Texts(wire.Bytes);
            default:
                var message = new JsonObject();
                ReadMessage(wire.Bytes, type, message);
                return message;
        }
    }

    private static JsonValue? Time(ReadOnlySpan<byte> message, string format)
    {
        var (seconds, nanoseconds) = (0L, 0L);
        var wire = new ProtobufWire(message);
        while (wire.Next())
        {
            (seconds, nanoseconds) = wire.Field == 1 ? (wire.Number, nanoseconds) : (seconds, wire.Number);
        }

        if (seconds == 0)
        {
            return null;
        }

        return seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? JsonValue.Create(DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(Math.Clamp(nanoseconds, 0, 999_999_999) / TimeSpan.NanosecondsPerTick).ToString(format, CultureInfo.InvariantCulture))
            : throw new ReadException("proto: time out of range");
    }

    private static JsonValue IntOrString(ReadOnlySpan<byte> message)
    {
        var (isText, number, text) = (false, 0, "");
        var wire = new ProtobufWire(message);
        while (wire.Next())
        {
            (isText, number, text) = wire.Field switch
            {
                1 => (wire.Number == 1, number, text),
                2 => (isText, (int)wire.Number, text),
                _ => (isText, number, Text(wire.Bytes)),
            };
        }

        return isText ? JsonValue.Create(text) : JsonValue.Create(number);
    }

    private static JsonArray Texts(ReadOnlySpan<byte> message)
    {
        var texts = new JsonArray();
        var wire = new ProtobufWire(message);
        while (wire.Next())
        {
            texts.Add(Text(wire.Bytes));
        }

        return texts;
    }

    private static JsonNode? Json(ReadOnlySpan<byte> raw)
    {
        try
        {
            return raw.IsEmpty ? new JsonObject() : JsonNode.Parse(raw, documentOptions: new JsonDocumentOptions { MaxDepth = ObjectReader.MaximumDepth });
        }
        catch (JsonException exception)
        {
            throw new ReadException(exception.Message);
        }
    }

    private static ReadOnlySpan<byte> First(ReadOnlySpan<byte> message, int field)
    {
        var wire = new ProtobufWire(message);
        while (wire.Next())
        {
            if (wire.Field == field)
            {
                return wire.Bytes;
            }
        }

        return default;
    }

    private static T Child<T>(JsonObject into, string name, Func<T> create)
        where T : JsonNode
    {
        if (into[name] is not T child)
        {
            into[name] = child = create();
        }

        return child;
    }

    private static bool IsZero(JsonNode? value) => value switch
    {
        null => true,
        JsonObject fields => fields.Count == 0,
        JsonValue scalar => scalar.ToJsonString() is "\"\"" or "0" or "false",
        _ => false,
    };

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
