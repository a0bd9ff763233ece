using System.Text;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Conformance.Tests.BadInput;

/// <summary>Damages manifests: fields vanish, change their type, grow, or the text itself breaks. The same seed damages alike.</summary>
internal sealed class ManifestMutation(Random random)
{
    /// <summary>Stands for an escape that is half a character, which no JSON library writes.</summary>
    private const string HalfCharacter = "HALF-A-CHARACTER";

    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1.5", "1e400", "9223372036854775807", "99999999999999999999", "\"\"", "\"x\"", "\"-1\"", "\"1Gi\"", "\"\\u0000\"", $"\"{HalfCharacter}\"", "\"ümläut/../..\"",
        "[]", "[null]", "[[[]]]", "{}", "{\"\":null}", "{\"a\":{\"b\":[1,\"2\",null]}}", "\"$(NAME)\"", "\"Always\"", "\"2026-13-45T99:99:99Z\"",
    ];

    private static readonly string[] Names = ["", "extra", "replicas", "metadata", "spec", "status", "name", "env", "containers", "resourceVersion", "ownerReferences", "finalizers", "a/b~c", "ÿ", "$patch"];

    /// <summary>A damaged copy of a JSON manifest, as bytes that may no longer be JSON.</summary>
    public byte[] Mutate(JsonNode manifest)
    {
        var mutant = manifest.DeepClone();
        for (var damage = random.Next(1, 5); damage > 0; damage--)
        {
            Damage(mutant);
        }

        var bytes = Text(mutant);
        return random.Next(10) == 0 ? Break(bytes) : bytes;
    }

    /// <summary>A patch over some of the manifest's own fields.</summary>
    public byte[] Patch(JsonNode manifest, bool asOperations)
    {
        if (!asOperations)
        {
            return Mutate(new JsonObject { ["spec"] = manifest["spec"]?.DeepClone(), ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["a"] = "b" } } });
        }

        var operations = new JsonArray();
        foreach (var place in Places(manifest).OrderBy(_ => random.Next()).Take(random.Next(1, 4)))
        {
            var pointer = place.GetPath().Replace("$", "", StringComparison.Ordinal).Replace(".", "/", StringComparison.Ordinal).Replace("[", "/", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal);
            operations.Add(new JsonObject { ["op"] = Pick(["add", "replace", "remove", "test", "move", "copy", "explode"]), ["path"] = pointer, ["from"] = "/spec", ["value"] = Value() });
        }

        return random.Next(5) == 0 ? Mutate(operations) : Text(operations);
    }

    private static byte[] Text(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString().Replace(HalfCharacter, @"\ud800", StringComparison.Ordinal));

    private void Damage(JsonNode mutant)
    {
        var places = Places(mutant).ToList();
        var place = places[random.Next(places.Count)];
        switch (place)
        {
            case JsonObject members when members.Count > 0 && random.Next(3) > 0:
                var name = members.ElementAt(random.Next(members.Count)).Key;
                if (random.Next(3) == 0)
                {
                    members.Remove(name);
                }
                else
                {
                    members[name] = Value();
                }

                break;
            case JsonObject members:
                members[Pick(Names)] = Value();
                break;
            case JsonArray items when items.Count > 0 && random.Next(2) == 0:
                items[random.Next(items.Count)] = Value();
                break;
            case JsonArray items:
                items.Add(items.Count > 0 ? items[0]?.DeepClone() : Value());
                break;
        }
    }

    private byte[] Break(byte[] bytes)
    {
        if (random.Next(2) == 0)
        {
            return bytes[..random.Next(bytes.Length)];
        }

        for (var damage = random.Next(1, 8); damage > 0; damage--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return bytes;
    }

    /// <summary>All objects and lists in the manifest.</summary>
    private static IEnumerable<JsonNode> Places(JsonNode node) => node switch
    {
        JsonObject members => members.Where(member => member.Value is JsonObject or JsonArray).SelectMany(member => Places(member.Value!)).Prepend(node),
        JsonArray items => items.Where(item => item is JsonObject or JsonArray).SelectMany(item => Places(item!)).Prepend(node),
        _ => [],
    };

    private JsonNode? Value() => random.Next(40) == 0 ? Deep() : JsonNode.Parse(Pick(Values));

    private JsonNode Deep()
    {
        JsonNode node = "bottom";
        for (var depth = random.Next(50); depth > 0; depth--)
        {
            node = new JsonObject { ["a"] = node };
        }

        return node;
    }

    private string Pick(string[] choices) => choices[random.Next(choices.Length)];
}
