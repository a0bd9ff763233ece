using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Reading;
using Kubeflow.Orleans.Core.Reading.Protobuf;
using Xunit;

namespace Kubeflow.Orleans.Core.Tests.Reading;

public sealed class ProtobufReaderTests
{
    private static readonly string[] Served = ["Namespace", "ConfigMap", "Secret", "ServiceAccount", "ResourceQuota", "Service", "SelfSubjectReview"];

    [Fact]
    public void Recorded_bodies_of_kubectl_become_the_json_recorded_with_them()
    {
        var read = new List<string>();
        foreach (var (body, decoded) in Recorded())
        {
            var document = ProtobufReader.Read(body);
            Assert.True(JsonNode.DeepEquals(decoded, document), $"expected {decoded.ToJsonString()}\nread {document.ToJsonString()}");
            read.Add(document["kind"]!.GetValue<string>());
        }

        Assert.Equal(Served.Order(), read.Order());
    }

    [Fact]
    public void Body_cut_off_anywhere_is_read_or_refused_but_never_crashes()
    {
        foreach (var (body, _) in Recorded())
        {
            for (var length = 0; length < body.Length; length++)
            {
                var refused = Record.Exception(() => ProtobufReader.Read(body.AsSpan(0, length)));
                Assert.True(refused is null or ReadException, refused?.ToString());
            }
        }
    }

    [Fact]
    public void Body_with_any_byte_changed_is_read_or_refused_but_never_crashes()
    {
        foreach (var (body, _) in Recorded())
        {
            for (var at = 4; at < body.Length; at++)
            {
                foreach (var other in (byte[])[0, 1, 0x7f, 0x80, 0xff])
                {
                    var changed = body.ToArray();
                    changed[at] = other;
                    var refused = Record.Exception(() => ProtobufReader.Read(changed));
                    Assert.True(refused is null or ReadException, refused?.ToString());
                }
            }
        }
    }

    [Fact]
    public void Numbers_that_mean_something_stay_where_they_are_zero()
    {
        // A Pod whose spec says terminationGracePeriodSeconds: 0 (a pointer) and priority by name "" (not one).
        byte[] spec = [0x20, 0, 0xc2, 0x01, 0];
        byte[] pod = [0x12, (byte)spec.Length, .. spec];
        byte[] type = [0x0a, 2, (byte)'v', (byte)'1', 0x12, 3, (byte)'P', (byte)'o', (byte)'d'];
        byte[] body = [.. "k8s\0"u8, 0x0a, (byte)type.Length, .. type, 0x12, (byte)pod.Length, .. pod];
        Assert.Equal("""{"apiVersion":"v1","kind":"Pod","spec":{"terminationGracePeriodSeconds":0}}""", ProtobufReader.Read(body).ToJsonString());
    }

    private static IEnumerable<(byte[] Body, JsonNode Decoded)> Recorded() => File.ReadLines(Fixtures.Path("apimachinery/protobuf-bodies.jsonl"))
        .Select(line => JsonNode.Parse(line)!)
        .Where(line => Served.Contains(line["decoded"]!["kind"]!.GetValue<string>()))
        .Select(line => (Convert.FromBase64String(line["b64"]!.GetValue<string>()), line["decoded"]!));
}
