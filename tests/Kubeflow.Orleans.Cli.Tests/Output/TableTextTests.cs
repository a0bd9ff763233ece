using Kubeflow.Orleans.Cli.Output;
using Xunit;

namespace Kubeflow.Orleans.Cli.Tests.Output;

public sealed class TableTextTests
{
    private const string Table = """
        columnDefinitions: [{name: Name, type: string, priority: 0}, {name: State, type: string, priority: 0}, {name: IP, type: string, priority: 1}]
        rows:
        - {cells: [digits, Succeeded, 127.0.0.1], object: {metadata: {name: digits, namespace: default}}}
        - {cells: [longer-name, null, null], object: {metadata: {name: longer-name, namespace: team-a}}}
        """;

    [Fact]
    public void Columns_line_up_and_those_of_low_priority_stay_away() => Assert.Equal(
        ["NAME          STATE", "digits        Succeeded", "longer-name   <none>"],
        new TableText(wide: false, showNamespace: false).Render(Objects.Node(Table)));

    [Fact]
    public void Wide_shows_every_column_and_all_namespaces_shows_the_namespace() => Assert.Equal(
        ["NAMESPACE   NAME          STATE       IP", "default     digits        Succeeded   127.0.0.1", "team-a      longer-name   <none>      <none>"],
        new TableText(wide: true, showNamespace: true).Render(Objects.Node(Table)));

    [Fact]
    public void A_watch_repeats_no_header()
    {
        var table = new TableText(wide: false, showNamespace: false);
        table.Render(Objects.Node(Table));

        Assert.Equal(["x             y"], table.Render(Objects.Node("columnDefinitions: null\nrows: [{cells: [x, y, z]}]")));
    }

    [Fact]
    public void No_rows_give_no_header() => Assert.Empty(new TableText(wide: false, showNamespace: false).Render(Objects.Node("columnDefinitions: [{name: Name}]\nrows: []")));
}
