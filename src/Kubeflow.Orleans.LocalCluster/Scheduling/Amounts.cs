using System.Text.Json;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Scheduling;

/// <summary>Amounts of resources by name: CPU in thousandths, everything else in whole units, both rounded up.</summary>
internal sealed class Amounts
{
    public const string Cpu = "cpu";
    public const string Memory = "memory";
    public const string Pods = "pods";

    private readonly Dictionary<string, long> amounts = new(StringComparer.Ordinal);

    public IEnumerable<KeyValuePair<string, long>> All => amounts;

    public long this[string name]
    {
        get => amounts.GetValueOrDefault(name);
        set => amounts[name] = value;
    }

    public static Amounts Read(JsonElement quantities)
    {
        var result = new Amounts();
        foreach (var quantity in quantities.Fields())
        {
            result[quantity.Name] = Units(quantity.Name, quantity.Value.Quantity() ?? 0);
        }

        return result;
    }

    public void Add(Amounts other)
    {
        foreach (var (name, amount) in other.amounts)
        {
            this[name] += amount;
        }
    }

    public void Subtract(Amounts other)
    {
        foreach (var (name, amount) in other.amounts)
        {
            this[name] -= amount;
        }
    }

    public void RaiseTo(Amounts other)
    {
        foreach (var (name, amount) in other.amounts)
        {
            this[name] = Math.Max(this[name], amount);
        }
    }

    private static long Units(string name, decimal quantity)
    {
        var units = Math.Ceiling(name == Cpu ? quantity * 1000 : quantity);
        return units >= long.MaxValue ? long.MaxValue : units <= 0 ? 0 : (long)units;
    }
}
