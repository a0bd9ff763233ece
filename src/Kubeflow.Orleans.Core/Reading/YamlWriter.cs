using System.Globalization;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Kubeflow.Orleans.Core.Reading;

/// <summary>YAML as Go's sigs.k8s.io/yaml writes it: block style, keys in natural order, text quoted only where it must be.</summary>
public static class YamlWriter
{
    private static readonly EmitterSettings Settings = new(
        bestIndent: 2, bestWidth: int.MaxValue, isCanonical: false, maxSimpleKeyLength: 1024, skipAnchorName: true, newLine: "\n");

    public static string Write(JsonElement element)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        var emitter = new Emitter(text, Settings);
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Emit(emitter, element);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Emit(Emitter emitter, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                EmitMapping(emitter, element);
                break;
            case JsonValueKind.Array:
                EmitSequence(emitter, element);
                break;
            case JsonValueKind.String:
                EmitText(emitter, element.GetString()!);
                break;
            default:
                emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, element.GetRawText(), ScalarStyle.Plain, true, false));
                break;
        }
    }

    private static void EmitMapping(Emitter emitter, JsonElement element)
    {
        var fields = element.EnumerateObject().OrderBy(field => field.Name, NaturalOrder.Instance).ToList();
        emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, true, fields.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
        foreach (var field in fields)
        {
            EmitText(emitter, field.Name);
            Emit(emitter, field.Value);
        }

        emitter.Emit(new MappingEnd());
    }

    private static void EmitSequence(Emitter emitter, JsonElement element)
    {
        var style = element.GetArrayLength() == 0 ? SequenceStyle.Flow : SequenceStyle.Block;
        emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, true, style));
        foreach (var item in element.EnumerateArray())
        {
            Emit(emitter, item);
        }

        emitter.Emit(new SequenceEnd());
    }

    private static void EmitText(Emitter emitter, string text)
    {
        var style = !YamlScalar.IsPlainText(text) ? ScalarStyle.DoubleQuoted : text.Contains('\n', StringComparison.Ordinal) ? ScalarStyle.Literal : ScalarStyle.Plain;
        emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, style, true, true));
    }
}
