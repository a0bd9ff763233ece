using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Cli.Output;

/// <summary>Prints server-made tables as kubectl does. Keeps the columns between calls: a watch sends them once.</summary>
internal sealed class TableText(bool wide, bool showNamespace)
{
    private const string Gap = "   ";

    private int[] shown = [];
    private int[] widths = [];
    private string[] headers = [];

    /// <summary>The lines of a table; its header too when the columns are new.</summary>
    public IReadOnlyList<string> Render(JsonObject table)
    {
        var withHeader = table["columnDefinitions"] is JsonArray { Count: > 0 } columns && Learn(columns);
        var rows = (table["rows"] as JsonArray ?? []).OfType<JsonObject>().Select(Cells).ToList();
        widths = [.. headers.Select((header, at) => Math.Max(Math.Max(widths.ElementAtOrDefault(at), header.Length), rows.Select(row => row[at].Length).DefaultIfEmpty().Max()))];
        return [.. (withHeader && rows.Count > 0 ? rows.Prepend(headers) : rows).Select(Line)];
    }

    private bool Learn(JsonArray columns)
    {
        var known = headers.Length > 0;
        shown = [.. columns.Select((column, at) => (column, at)).Where(entry => wide || (entry.column?["priority"]?.GetValue<int>() ?? 0) == 0).Select(entry => entry.at)];
        headers = [.. (showNamespace ? (string[])["NAMESPACE"] : []), .. shown.Select(at => columns[at]!["name"]!.GetValue<string>().ToUpperInvariant())];
        return !known;
    }

    private string[] Cells(JsonObject row)
    {
        var cells = row["cells"] as JsonArray ?? [];
        var @namespace = row["object"]?["metadata"]?["namespace"]?.GetValue<string>() ?? "";
        return [.. (showNamespace ? (string[])[@namespace] : []), .. shown.Select(at => at < cells.Count ? Cell(cells[at]) : "")];
    }

    private static string Cell(JsonNode? cell) => cell is null ? "<none>" : cell.GetValueKind() == System.Text.Json.JsonValueKind.String ? cell.GetValue<string>() : cell.ToJsonString();

    private string Line(string[] cells) => string.Join(Gap, cells.Select((cell, at) => cell.PadRight(widths[at]))).TrimEnd();
}
