using System.Collections.Immutable;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>discovery.k8s.io/v1 EndpointSlice: where the pods behind a service are.</summary>
public sealed class EndpointSliceKind() : CoreKind(typeof(V1EndpointSlice)), ITableRows
{
    private const int Shown = 3;

    public override string Group => "discovery.k8s.io";

    public override string Kind => "EndpointSlice";

    public override string Plural => "endpointslices";

    public override bool HasGeneration => true;

    protected override ImmutableArray<PrinterColumn> Columns => [Computed("AddressType"), Computed("Ports"), Computed("Endpoints"), Age];

    public IReadOnlyList<JsonNode?> Cells(Document document, DateTimeOffset now)
    {
        var slice = document.Root;
        return
        [
            slice.Text("addressType"), Abbreviate(slice.Items("ports").Select(port => port.Scalar("port"))),
            Abbreviate(slice.Items("endpoints").SelectMany(endpoint => endpoint.Texts("addresses"))), Timestamps.Age(document.Metadata.CreationTimestamp, now),
        ];
    }

    private static string Abbreviate(IEnumerable<string> values)
    {
        var all = values.ToList();
        return all.Count switch
        {
            0 => "<unset>",
            <= Shown => string.Join(',', all),
            _ => $"{string.Join(',', all.Take(Shown))} + {all.Count - Shown} more...",
        };
    }
}
