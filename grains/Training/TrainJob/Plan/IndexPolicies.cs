using System.Globalization;
using System.Text.Json;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Plan;

/// <summary>What an indexed job says of its indexes: how often each may fail, how many may be lost, which are enough.</summary>
internal readonly record struct IndexPolicies(JsonElement JobSpec)
{
    /// <summary>Null: the pods of all indexes are counted together, and an index is never given up alone.</summary>
    public long? BackoffLimitPerIndex => JobSpec.Integer("backoffLimitPerIndex");

    /// <summary>More lost indexes than these end the job; null: the others run to their end.</summary>
    public long? MaxFailedIndexes => JobSpec.Integer("maxFailedIndexes");

    /// <summary>A rule of the success policy holds.</summary>
    public bool AreEnough(IReadOnlyCollection<int> completed)
    {
        foreach (var rule in JobSpec.Get("successPolicy").Items("rules"))
        {
            var (listed, count) = (rule.Text("succeededIndexes"), rule.Integer("succeededCount"));
            var ranges = listed is null ? null : ReadRanges(listed);
            if (listed is not null && ranges is null)
            {
                continue;
            }

            var succeeded = ranges is null ? completed.Count : completed.Count(index => ranges.Exists(range => range.First <= index && index <= range.Last));
            if (succeeded > 0 && succeeded >= (count ?? ranges?.Sum(range => range.Last - range.First + 1L)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Indexes as Kubernetes writes them, for example <c>0,2-4</c>: ascending, none twice.</summary>
    /// <returns>Null: these are no indexes.</returns>
    public static List<(int First, int Last)>? ReadRanges(string text)
    {
        var ranges = new List<(int First, int Last)>();
        foreach (var part in text.Split(','))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !TryRead(ends[0], out var first) || !TryRead(ends[^1], out var last) || (ends.Length == 2 && first >= last) || (ranges.Count > 0 && first <= ranges[^1].Last))
            {
                return null;
            }

            ranges.Add((first, last));
        }

        return ranges;
    }

    private static bool TryRead(string text, out int index) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out index);
}
