using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training;

public sealed class GoldenCasesTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string> Cases => [.. Directory.EnumerateFiles(CaseFile.Root, "expect.yaml", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(CaseFile.Root, Path.GetDirectoryName(file)!).Replace('\\', '/'))
        .Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Decision_on_a_golden_case_is_the_expected_one(string directory)
    {
        var expected = CaseFile.Expected(directory);
        var actual = CaseFile.Actual(CaseFile.ReadWorld(directory), expected);
        Assert.Equal(Sorted(expected)!.ToJsonString(Indented), Sorted(actual)!.ToJsonString(Indented));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Decision_on_what_it_has_written_says_and_changes_nothing_more(string directory)
    {
        var world = CaseFile.ReadWorld(directory);
        var first = world.Decide();
        world.Write(first);
        var second = world.Decide();

        Assert.Null(second.Status);
        Assert.Null(second.Notes);
        Assert.Equal(first.NextWake, second.NextWake);
        Assert.Equal(first.Actions.Select(action => JsonSerializer.Serialize<object>(action)), second.Actions.Select(action => JsonSerializer.Serialize<object>(action)));
        Assert.All(second.Events, said => Assert.StartsWith("SuccessfulDelete", said.Reason, StringComparison.Ordinal));
    }

    /// <summary>The order of members says nothing.</summary>
    private static JsonNode? Sorted(JsonNode? value) => value switch
    {
        JsonObject members => new JsonObject(members.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => KeyValuePair.Create(member.Key, Sorted(member.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Sorted)]),
        _ => value?.DeepClone(),
    };
}
