using System.Text.RegularExpressions;
using Xunit;

namespace Kubeflow.Orleans.Architecture.Tests;

public sealed partial class ConventionTests
{
    [Fact]
    public void Every_grain_interface_and_each_of_its_methods_has_an_alias()
    {
        var grains = Assemblies.All.SelectMany(assembly => assembly.GetTypes()).Where(type => type.IsInterface && typeof(IAddressable).IsAssignableFrom(type)).ToList();
        Assert.NotEmpty(grains);

        Assert.Empty(grains.Where(grain => !grain.IsDefined(typeof(AliasAttribute), inherit: false)).Select(grain => grain.FullName));
        Assert.Empty(grains.SelectMany(grain => grain.GetMethods()).Where(method => !method.IsDefined(typeof(AliasAttribute), inherit: false)).Select(method => $"{method.DeclaringType}.{method.Name}"));
    }

    /// <summary>Kubernetes calls who writes a field its field manager.</summary>
    private static readonly HashSet<string> TermsOfTheField = ["FieldManager", "FieldManagers"];

    [Fact]
    public void No_type_is_called_a_helper_a_manager_or_a_util() =>
        Assert.DoesNotContain(Assemblies.All.SelectMany(assembly => assembly.GetTypes()).Where(IsOurs), type => Vague().IsMatch(type.Name) && !TermsOfTheField.Contains(type.Name));

    [Fact]
    public void No_source_puts_work_off_or_blocks_a_thread() => Assert.Empty(
        Sources.SelectMany(file => Repository.Read(file).Split('\n').Select((line, at) => (line, at))
            .Where(entry => PutOff().IsMatch(entry.line)).Select(entry => $"{file}:{entry.at + 1}: {entry.line.Trim()}")));

    [Fact]
    public void No_source_is_longer_than_a_person_reads() =>
        Assert.DoesNotContain(Sources, file => File.ReadLines(Repository.PathOf(file)).Count() > 400);

    [Fact]
    public void Every_project_has_a_line_of_reason_for_each_package_it_uses()
    {
        var reasons = Repository.Read("src/README.md");
        var packages = ((string[])["src", "grains", "silo"]).SelectMany(folder => Repository.Files(folder, "*.csproj"))
            .SelectMany(project => PackageName().Matches(Repository.Read(project)).Select(match => match.Groups[1].Value)).Distinct();

        Assert.DoesNotContain(packages, package => !reasons.Contains($"`{package}`", StringComparison.Ordinal));
    }

    /// <summary>Source generators put their types into assemblies too.</summary>
    private static bool IsOurs(Type type) => type.Namespace?.StartsWith("Kubeflow.Orleans", StringComparison.Ordinal) ?? false;

    private static IEnumerable<string> Sources => ((string[])["src", "grains", "silo"]).SelectMany(folder => Repository.Files(folder, "*.cs"));

    [GeneratedRegex("(Helper|Helpers|Manager|Util|Utils|Utilities)$")]
    private static partial Regex Vague();

    [GeneratedRegex(@"TODO|FIXME|HACK|NotImplementedException|\.GetAwaiter\(\)\.GetResult\(\)|Thread\.Sleep")]
    private static partial Regex PutOff();

    [GeneratedRegex("PackageReference Include=\"([^\"]+)\"")]
    private static partial Regex PackageName();
}
