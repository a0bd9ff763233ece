using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>Reads what the query of a write says.</summary>
internal static class WriteOptions
{
    private const int LongestFieldManager = 128;

    /// <summary>The manager's name where a client tells nothing about itself.</summary>
    private const string UnknownAgent = "unknown";

    private static readonly string[] FieldValidations = ["", "Ignore", "Strict", "Warn"];

    /// <param name="optionsKind">CreateOptions, UpdateOptions or PatchOptions: what a refusal names.</param>
    public static RequestOptions Parse(KindRequest request, string optionsKind, IReadOnlyList<string> duplicateFields)
    {
        var query = request.Query;
        var validation = query.Text("fieldValidation");
        if (!FieldValidations.Contains(validation))
        {
            throw StatusErrors.InvalidOptions(optionsKind, FieldError.NotSupported("fieldValidation", GoText.Quote(validation), FieldValidations));
        }

        var manager = query.Text("fieldManager");
        if (manager.Length > LongestFieldManager)
        {
            throw StatusErrors.InvalidOptions(optionsKind, FieldError.TooLong("fieldManager", $"may not be more than {LongestFieldManager} bytes"));
        }

        return new RequestOptions
        {
            DryRun = DryRun(query.Text("dryRun"), optionsKind),
            FieldValidation = validation.Length == 0 ? "Warn" : validation,
            FieldManager = manager.Length == 0 ? AgentName(request) : manager,
            Force = query.Flag("force"),
            DuplicateFields = duplicateFields,
            Warnings = request.Context.Features.Get<RequestWarnings>(),
        };
    }

    public static bool DryRun(string text, string optionsKind) => text switch
    {
        "" => false,
        "All" => true,
        _ => throw StatusErrors.InvalidOptions(optionsKind, FieldError.NotSupported("dryRun", $"[{GoText.Quote(text)}]", ["All"])),
    };

    /// <summary>Who does not name its field manager is named after its user agent.</summary>
    private static string AgentName(KindRequest request)
    {
        var agent = request.Context.Request.Headers.UserAgent.ToString().Split('/')[0];
        return agent.Length switch
        {
            0 => UnknownAgent,
            > LongestFieldManager => agent[..LongestFieldManager],
            _ => agent,
        };
    }
}
