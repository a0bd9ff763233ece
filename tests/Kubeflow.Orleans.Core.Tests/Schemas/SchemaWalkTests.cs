using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Schemas;
using Xunit;

namespace Kubeflow.Orleans.Core.Tests.Schemas;

public sealed class SchemaWalkTests
{
    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    public void Validate_a_recorded_bad_object_words_the_causes_as_the_real_server(int number)
    {
        var golden = Fixtures.Golden(number);
        var document = Parse(golden["req"]!["body"]!.GetValue<string>());
        SchemaWalk.ApplyDefaults(document, RecordedKind.Schema);

        FieldError[] errors = [.. SchemaWalk.Validate(document, RecordedKind.Schema), .. SchemaWalk.ScaleErrors(document, RecordedKind.Scale)];

        var expected = golden["resp"]!["json"]!["details"]!["causes"]!.AsArray().Select(cause => (cause!["reason"]!.ToString(), cause["field"]!.ToString(), cause["message"]!.ToString()));
        Assert.Equal(expected, errors.Select(error => (error.Reason, error.Field, error.Message)));
    }

    [Theory]
    [InlineData("""{"spec":{"queue":1}}""", """spec.queue: Invalid value: "integer": spec.queue in body must be of type string: "integer" """)]
    [InlineData("""{"spec":{"queue":"q","parts":[{"v":1}]}}""", "spec.parts[0].name: Required value")]
    [InlineData("""{"spec":{"queue":"q","parts":{}}}""", """spec.parts: Invalid value: "object": spec.parts in body must be of type array: "object" """)]
    [InlineData("""{"spec":{"queue":"q","parts":[{"name":"a","v":1.5}]}}""", """spec.parts[0].v: Invalid value: "number": spec.parts[0].v in body must be of type integer: "number" """)]
    [InlineData("""{"spec":{"queue":"q","tags":["a","b","a"]}}""", """spec.tags[2]: Duplicate value: "a" """)]
    [InlineData("""{"spec":{"queue":"q","parts":[{"name":"a"},{"name":"a"}]}}""", """spec.parts[1]: Duplicate value: {"name":"a"}""")]
    [InlineData("""{"spec":{"queue":"q","labels":{"a":true}}}""", """spec.labels.a: Invalid value: "boolean": spec.labels.a in body must be of type string: "boolean" """)]
    [InlineData("""{"spec":[]}""", """spec: Invalid value: "array": spec in body must be of type object: "array" """)]
    public void Validate_a_wrong_field_is_named_with_its_path(string json, string expected) =>
        Assert.Equal([expected.TrimEnd()], SchemaWalk.Validate(Parse(json), RecordedKind.Schema).Select(error => error.ToString()));

    [Theory]
    [InlineData("""{"x":"abc"}""", "Too long: may not be more than 2 bytes")]
    [InlineData("""{"x":"B"}""", """Invalid value: "B": x in body should match '^[a-z]*$'""")]
    [InlineData("""{"e":"z"}""", """Unsupported value: "z": supported values: "a", "b" """)]
    [InlineData("""{"n":11}""", "Invalid value: 11: n in body should be less than or equal to 10")]
    [InlineData("""{"n":1e300}""", "Invalid value: 1e300: n in body should be less than or equal to 10")]
    [InlineData("""{"l":[]}""", "Invalid value: 0: l in body should have at least 1 items")]
    [InlineData("""{"l":["a","b","c"]}""", "Too many: 3: must have at most 2 items")]
    [InlineData("""{"m":""}""", """Invalid value: "": m in body should be at least 1 chars long""")]
    [InlineData("""{"o":{}}""", "Invalid value: 0: o in body should have at least 1 properties")]
    [InlineData("""{"t":"yesterday"}""", """Invalid value: "yesterday": t in body must be of type date-time: "yesterday" """)]
    [InlineData("""{"q":"1gb"}""", """Invalid value: "1gb": q in body should match '^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$'""")]
    public void Validate_each_rule_has_the_servers_wording(string json, string expected)
    {
        var schema = Schema.Object(
            ("x", new Schema { Type = "string", MaxLength = 2, Pattern = "^[a-z]*$" }),
            ("e", new Schema { Type = "string", Enum = ["a", "b"] }),
            ("n", new Schema { Type = "integer", Maximum = 10 }),
            ("l", Schema.ListOf(Schema.String) with { MinItems = 1, MaxItems = 2 }),
            ("m", Schema.String with { MinLength = 1 }),
            ("o", Schema.Object() with { MinProperties = 1 }),
            ("t", Schema.Time),
            ("q", Schema.Quantity));

        var error = Assert.Single(SchemaWalk.Validate(Parse(json), schema));

        Assert.Equal(expected.TrimEnd(), error.Message);
    }

    [Fact]
    public void Validate_thousands_of_errors_stops_early()
    {
        var document = new JsonObject { ["spec"] = new JsonObject { ["queue"] = "q", ["args"] = new JsonArray([.. Enumerable.Repeat(0, 10_000).Select(_ => (JsonNode)1)]) } };

        Assert.InRange(SchemaWalk.Validate(document, RecordedKind.Schema).Count, 10, 100);
    }

    [Fact]
    public void Prune_unknown_fields_removes_and_reports_them_with_their_paths()
    {
        var document = Parse("""
            {"apiVersion":"v1","kind":"X","metadata":{"name":"a","bogus":1,"labels":{"any":"thing"}},"other":1,
             "spec":{"queue":"q","bogus":1,"parts":[{"name":"p","x":1}],"free":{"kept":{"deep":1}},"labels":{"kept":"1"}}}
            """);
        var unknown = new List<string>();

        SchemaWalk.Prune(document, RecordedKind.Schema, unknown);

        Assert.Equal(["metadata.bogus", "other", "spec.bogus", "spec.parts[0].x"], unknown);
        Assert.True(JsonNode.DeepEquals(document, Parse("""
            {"apiVersion":"v1","kind":"X","metadata":{"name":"a","labels":{"any":"thing"}},
             "spec":{"queue":"q","parts":[{"name":"p"}],"free":{"kept":{"deep":1}},"labels":{"kept":"1"}}}
            """)));
    }

    [Theory]
    [InlineData("""{"spec":{"queue":"q"}}""", """{"spec":{"queue":"q","replicas":1}}""")]
    [InlineData("""{"spec":{"queue":"q","replicas":null}}""", """{"spec":{"queue":"q","replicas":1}}""")]
    [InlineData("""{"spec":{"queue":"q","replicas":3,"args":null}}""", """{"spec":{"queue":"q","replicas":3}}""")]
    [InlineData("""{"status":{}}""", """{"status":{}}""")]
    public void ApplyDefaults_a_missing_or_null_field_gets_its_default_or_goes(string json, string expected)
    {
        var document = Parse(json);

        SchemaWalk.ApplyDefaults(document, RecordedKind.Schema);

        Assert.True(JsonNode.DeepEquals(Parse(expected), document), document.ToJsonString());
    }

    [Theory]
    [InlineData("""{"spec":{"containers":"x"}}""", "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container")]
    [InlineData("""{"spec":{"containers":[{"name":"a","env":[{"name":"A","value":1}]}]}}""", "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string")]
    [InlineData("""{"spec":{"priority":99999999999}}""", "json: cannot unmarshal number 99999999999 into Go struct field PodSpec.spec.priority of type int32")]
    [InlineData("""{"metadata":{"labels":{"a":1}}}""", "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string")]
    [InlineData("""{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":"lots"}}}]}}""", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    [InlineData("""{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":1.5}},"livenessProbe":{"httpGet":{"port":"http"}}}],"nodeName":null}}""", null)]
    public void DecodeError_a_pod_of_the_wrong_types_is_refused_in_Go_words(string json, string? expected) =>
        Assert.Equal(expected, SchemaWalk.DecodeError(Parse(json), ClrSchema.Of(typeof(V1Pod))));

    [Fact]
    public void MetadataError_a_boolean_name_is_worded_as_recorded()
    {
        var recorded = Fixtures.Golden(19)["resp"]!["json"]!["message"]!.ToString();

        var error = SchemaWalk.MetadataError(Parse("""{"metadata":{"name":true}}"""));

        Assert.Equal(recorded, "TFJob in version \"v1\" cannot be handled as a TFJob: " + error);
    }

    [Fact]
    public void Every_walk_survives_any_shape_of_document()
    {
        string[] shapes = ["null", "1", "1.5", "-1e999", "\"text\"", "true", "[]", "[null,1,[],{}]", "{}", """{"a":{"b":[{"c":null}]}}"""];
        var pod = ClrSchema.Of(typeof(V1Pod));
        foreach (var shape in shapes)
        {
            foreach (var field in (string[])["metadata", "spec", "status", "kind"])
            {
                foreach (var template in (string[])["{\"%f\":%v}", "{\"%f\":{\"replicas\":%v,\"parts\":[%v],\"containers\":[{\"ports\":[%v],\"resources\":%v}],\"labels\":%v}}"])
                {
                    var document = Parse(template.Replace("%f", field, StringComparison.Ordinal).Replace("%v", shape, StringComparison.Ordinal));
                    foreach (var schema in new[] { RecordedKind.Schema, pod })
                    {
                        SchemaWalk.ApplyDefaults(document, schema);
                        SchemaWalk.Validate(document, schema);
                        SchemaWalk.DecodeError(document, schema);
                        SchemaWalk.MetadataError(document);
                        Assert.All(SchemaWalk.ScaleErrors(document, RecordedKind.Scale), error => Assert.NotEmpty(error.Message));
                        SchemaWalk.Prune(document, schema, []);
                    }
                }
            }
        }
    }

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();
}
