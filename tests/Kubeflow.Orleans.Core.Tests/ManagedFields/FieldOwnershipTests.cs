using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.ManagedFields;
using Kubeflow.Orleans.Core.Schemas;
using Xunit;

namespace Kubeflow.Orleans.Core.Tests.ManagedFields;

public sealed class FieldOwnershipTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Schema Kind = Schema.Object(("spec", Schema.Object(
        ("queue", Schema.String),
        ("count", Schema.Int32),
        ("tags", Schema.ListOf(Schema.String) with { ListType = "set" }),
        ("parts", Schema.ListOf(Schema.Object(("name", Schema.String), ("v", Schema.Int32))) with { ListType = "map", ListMapKeys = ["name"] }),
        ("ports", Schema.ListOf(Schema.Object(("port", Schema.Int32), ("protocol", Schema.String with { DefaultJson = "\"TCP\"" }))) with
        {
            ListType = "map",
            ListMapKeys = ["port", "protocol"],
        }),
        ("args", Schema.ListOf(Schema.String)),
        ("free", Schema.FreeObject),
        ("whole", Schema.Object(("a", Schema.String)) with { MapType = "atomic" }),
        ("labels", Schema.MapOf(Schema.String)))));

    [Theory]
    [InlineData("""{"queue":"q"}""", """{"f:spec":{".":{},"f:queue":{}}}""")]
    [InlineData("""{"tags":["a"],"args":["x"]}""", """{"f:spec":{".":{},"f:args":{},"f:tags":{".":{},"v:\"a\"":{}}}}""")]
    [InlineData("""{"parts":[{"name":"p","v":1}]}""", """{"f:spec":{".":{},"f:parts":{".":{},"k:{\"name\":\"p\"}":{".":{},"f:name":{},"f:v":{}}}}}""")]
    [InlineData("""{"ports":[{"port":80}]}""", """{"f:spec":{".":{},"f:ports":{".":{},"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{}}}}}""")]
    [InlineData("""{"free":{"a":{"b":[1]}},"whole":{"a":"x"}}""", """{"f:spec":{".":{},"f:free":{".":{},"f:a":{".":{},"f:b":{}}},"f:whole":{}}}""")]
    [InlineData("""{"labels":{},"tags":[]}""", """{"f:spec":{".":{},"f:labels":{},"f:tags":{}}}""")]
    public void Creator_owns_all_it_wrote_containers_included(string spec, string fields) =>
        Assert.Equal(fields, Fields(FieldOwnership.Update(FieldManagers.None, Blank(), Object(spec), Kind, Updater("u"), Noon), "u"));

    [Theory]
    [InlineData("""{"queue":"q","tags":["a"]}""", """{"f:spec":{"f:queue":{},"f:tags":{"v:\"a\"":{}}}}""")]
    [InlineData("""{"parts":[{"name":"p"}]}""", """{"f:spec":{"f:parts":{"k:{\"name\":\"p\"}":{".":{},"f:name":{}}}}}""")]
    [InlineData("""{"labels":{"a":"b"},"free":{}}""", """{"f:spec":{"f:free":{},"f:labels":{"f:a":{}}}}""")]
    [InlineData("""{"free":{"a":{"b":1}}}""", """{"f:spec":{"f:free":{"f:a":{".":{},"f:b":{}}}}}""")]
    public void Applier_owns_leaves_and_entries_but_not_what_is_on_the_way(string spec, string fields) =>
        Assert.Equal(fields, Fields(Applied("{}", spec, "a").Managers, "a"));

    [Fact]
    public void Update_takes_what_it_changes_and_leaves_the_rest_to_others()
    {
        var before = Applied("{}", """{"queue":"q","count":1,"tags":["a","b"]}""", "a");
        var after = FieldOwnership.Update(before.Managers, before.Document, Object("""{"queue":"q","count":2,"tags":["a"]}"""), Kind, Updater("u"), Noon);
        Assert.Equal("""{"f:spec":{"f:queue":{},"f:tags":{"v:\"a\"":{}}}}""", Fields(after, "a"));
        Assert.Equal("""{"f:spec":{"f:count":{}}}""", Fields(after, "u"));
    }

    [Fact]
    public void Update_that_changes_nothing_keeps_the_time_of_the_last_change()
    {
        var before = FieldOwnership.Update(FieldManagers.None, Blank(), Object("""{"queue":"q"}"""), Kind, Updater("u"), Noon);
        var after = FieldOwnership.Update(before, Object("""{"queue":"q"}"""), Object("""{"queue":"q"}"""), Kind, Updater("u"), Noon.AddHours(1));
        Assert.Equal(Noon, after.Entries.Single().Time);
        Assert.True(after.SameFieldsAs(before));
    }

    [Fact]
    public void Apply_of_another_value_conflicts_unless_forced()
    {
        var first = Applied("{}", """{"queue":"q","parts":[{"name":"p","v":1}]}""", "a");
        var configuration = Object("""{"queue":"other","parts":[{"name":"p","v":2}]}""");
        var refused = FieldOwnership.Apply(first.Managers, first.Document, [], configuration, Kind, Applier("b"), false, Noon);
        Assert.Equal([".spec.queue", ".spec.parts[name=\"p\"].v"], Assert.IsType<ApplyResult.Conflicting>(refused).Conflicts.Select(conflict => conflict.Path));
        var forced = FieldOwnership.Apply(first.Managers, first.Document, [], configuration, Kind, Applier("b"), true, Noon);
        var applied = Assert.IsType<ApplyResult.Applied>(forced);
        Assert.Equal("""{"queue":"other","parts":[{"name":"p","v":2}]}""", applied.Document["spec"]!.ToJsonString());
        Assert.Equal("""{"f:spec":{"f:parts":{"k:{\"name\":\"p\"}":{".":{},"f:name":{}}}}}""", Fields(applied.Managers, "a"));
    }

    [Fact]
    public void Field_given_up_goes_when_nobody_else_owns_it()
    {
        var first = Applied("{}", """{"queue":"q","count":1,"labels":{"l":"1"},"args":["x"]}""", "a");
        var shared = Next(first, """{"queue":"q"}""", "b");
        var result = Next(shared, """{"args":["x"]}""", "a");
        Assert.Equal("""{"queue":"q","args":["x"]}""", result.Document["spec"]!.ToJsonString());
        Assert.Equal("""{"f:spec":{"f:args":{}}}""", Fields(result.Managers, "a"));
        Assert.Equal("""{"f:spec":{"f:queue":{}}}""", Fields(result.Managers, "b"));
    }

    [Theory]
    [InlineData("""["b","a"]""", """["c"]""", """["b","a","c"]""")]
    [InlineData("""["a","b","c"]""", """["c","a"]""", """["b","c","a"]""")]
    [InlineData("""["a","x"]""", """["r","x"]""", """["a","r","x"]""")]
    public void Elements_only_the_object_has_keep_their_place(string live, string applied, string merged)
    {
        var stored = Object($$"""{"tags":{{live}}}""");
        var managers = FieldOwnership.Update(FieldManagers.None, Blank(), stored, Kind, Updater("u"), Noon);
        var result = FieldOwnership.Apply(managers, stored, [], Object($$"""{"tags":{{applied}}}"""), Kind, Applier("a"), false, Noon);
        Assert.Equal(merged, Assert.IsType<ApplyResult.Applied>(result).Document["spec"]!["tags"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"bogus":1}""", ".spec.bogus: field not declared in schema")]
    [InlineData("""{"tags":["a","a"]}""", ".spec.tags: duplicate entries for key [=\"a\"]")]
    [InlineData("""{"parts":[{"v":1}]}""", ".spec.parts: element 0: associative list with keys has an element that omits key field \"name\" (and doesn't have default value)")]
    [InlineData("""{"queue":1}""", ".spec.queue: expected string, got &value.valueUnstructured{Value:1}")]
    [InlineData("""{"bogus":1,"queue":1}""", "errors:\n  .spec.bogus: field not declared in schema\n  .spec.queue: expected string, got &value.valueUnstructured{Value:1}\n")]
    public void Configuration_that_does_not_fit_is_named(string spec, string problem) =>
        Assert.Equal(problem, Assert.IsType<ApplyResult.Unfit>(FieldOwnership.Apply(FieldManagers.None, [], [], Object(spec), Kind, Applier("a"), false, Noon)).Problem);

    [Fact]
    public void First_apply_finds_what_nobody_tracked_under_one_name()
    {
        var live = Object("""{"queue":"q","count":1}""");
        var conflicting = FieldOwnership.Apply(FieldManagers.None, live, [], Object("""{"queue":"other"}"""), Kind, Applier("a"), false, Noon);
        Assert.Equal("before-first-apply", Assert.IsType<ApplyResult.Conflicting>(conflicting).Conflicts.Single().Manager.Name);
        var same = Assert.IsType<ApplyResult.Applied>(FieldOwnership.Apply(FieldManagers.None, live, [], Object("""{"queue":"q"}"""), Kind, Applier("a"), false, Noon));
        Assert.Equal("""{"f:spec":{".":{},"f:count":{},"f:queue":{}}}""", Fields(same.Managers, "before-first-apply"));
    }

    [Fact]
    public void Only_ten_updaters_are_told_apart()
    {
        var state = Object("""{"labels":{}}""");
        var managers = FieldOwnership.Update(FieldManagers.None, Blank(), state, Kind, Updater("first"), Noon.AddMinutes(-1));
        for (var number = 0; number < 11; number++)
        {
            var next = state.DeepClone().AsObject();
            next["spec"]!["labels"]![$"l{number}"] = "x";
            managers = FieldOwnership.Update(managers, state, next, Kind, Updater($"u{number:00}"), Noon.AddMinutes(number));
            state = next;
        }

        Assert.Equal(10, managers.Entries.Count);
        Assert.Equal("""{"f:spec":{".":{},"f:labels":{".":{},"f:l0":{},"f:l1":{}}}}""", Fields(managers, "ancient-changes"));
    }

    [Fact]
    public void Managers_survive_writing_and_reading()
    {
        var managers = Next(Applied("{}", """{"parts":[{"name":"p","v":1}],"tags":["a"]}""", "a"), """{"queue":"q","whole":{"a":"x"}}""", "b").Managers;
        Assert.Equal(managers.ToNode()!.ToJsonString(), FieldManagers.Read(managers.ToNode())!.ToNode()!.ToJsonString());
    }

    [Theory]
    [InlineData("""[{"manager":"m"}]""")]
    [InlineData("""[{"manager":"m","operation":"Update","fieldsType":"FieldsV2","fieldsV1":{}}]""")]
    [InlineData("""[{"manager":"m","operation":"Update","fieldsType":"FieldsV1","fieldsV1":{"spec":{}}}]""")]
    [InlineData("""[{"manager":"m","operation":"Update","fieldsType":"FieldsV1","fieldsV1":{"f:spec":1}}]""")]
    [InlineData("""[null]""")]
    [InlineData("""{}""")]
    public void Entries_that_make_no_sense_are_not_believed(string entries) => Assert.Null(FieldManagers.Read(JsonNode.Parse(entries)));

    private static ApplyResult.Applied Applied(string live, string spec, string manager) =>
        Assert.IsType<ApplyResult.Applied>(FieldOwnership.Apply(FieldManagers.None, JsonNode.Parse(live)!.AsObject(), [], Object(spec), Kind, Applier(manager), false, Noon));

    private static ApplyResult.Applied Next(ApplyResult.Applied before, string spec, string manager) =>
        Assert.IsType<ApplyResult.Applied>(FieldOwnership.Apply(before.Managers, before.Document, [], Object(spec), Kind, Applier(manager), false, Noon));

    private static FieldManager Updater(string name) => new(name, false, "kubeflow.org/v1");

    private static FieldManager Applier(string name) => new(name, true, "kubeflow.org/v1");

    private static string? Fields(FieldManagers managers, string manager) =>
        managers.ToNode()?.AsArray().SingleOrDefault(entry => entry!["manager"]!.GetValue<string>() == manager)?["fieldsV1"]!.ToJsonString(Core.Resources.Document.SerializerOptions);

    private static JsonObject Object(string spec) => new() { ["apiVersion"] = "kubeflow.org/v1", ["kind"] = "Thing", ["metadata"] = new JsonObject { ["name"] = "x" }, ["spec"] = JsonNode.Parse(spec) };

    private static JsonObject Blank() => [];
}
