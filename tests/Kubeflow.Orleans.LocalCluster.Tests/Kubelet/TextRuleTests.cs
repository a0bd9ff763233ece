using Kubeflow.Orleans.LocalCluster.Kubelet;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Kubelet;

/// <summary>Expansion and replacement: text in, text out.</summary>
public sealed class TextRuleTests
{
    [Theory]
    [InlineData("$(A)", "1")]
    [InlineData("x$(A)y$(B)z", "x1y2z")]
    [InlineData("$(C)", "$(C)")]
    [InlineData("$$(A)", "$(A)")]
    [InlineData("$$$(A)", "$1")]
    [InlineData("$(A", "$(A")]
    [InlineData("$A $", "$A $")]
    [InlineData("$$", "$")]
    public void References_to_variables_are_expanded_as_Kubernetes_does(string text, string expected) =>
        Assert.Equal(expected, VariableExpansion.Expand(text, new Dictionary<string, string> { ["A"] = "1", ["B"] = "2" }));

    [Theory]
    [InlineData("cat /data/x", "cat /host/v/x")]
    [InlineData("--dir=/data", "--dir=/host/v")]
    [InlineData("/data/deep/y", "/host/w/y")]
    [InlineData("/database", "/database")]
    [InlineData("/mnt/data", "/mnt/data")]
    [InlineData("a:/data:b", "a:/host/v:b")]
    public void Mount_paths_are_replaced_as_whole_paths_only(string text, string expected) =>
        Assert.Equal(expected, PathReplacement.Replace(text, [new Bind("/host/v", "/data"), new Bind("/host/w", "/data/deep")]));

    [Theory]
    [InlineData("job-ps-0.default.svc:2222", "127.64.0.1:2222")]
    [InlineData("[\"job-ps-0.default.svc.cluster.local:2222\"]", "[\"127.64.0.1:2222\"]")]
    [InlineData("later-0.default.svc:1", "127.64.0.9:1")]
    [InlineData("job-ps-0", "127.64.0.1")]
    [InlineData("http://web/path", "http://127.64.0.2/path")]
    [InlineData("web:80", "127.64.0.2:80")]
    [InlineData("train the web now", "train the web now")]
    [InlineData("/data/job-ps-0/out", "/data/job-ps-0/out")]
    [InlineData("job-ps-0_log", "job-ps-0_log")]
    [InlineData("web.default", "127.64.0.2")]
    [InlineData("python3.11 a.b", "python3.11 a.b")]
    [InlineData("member-0.group.default.svc", "127.64.0.3")]
    public void Names_are_replaced_where_they_are_surely_hosts(string text, string expected)
    {
        static string? Known(string @namespace, string name) => (@namespace, name) switch
        {
            ("default", "job-ps-0") => "127.64.0.1",
            ("default", "web") => "127.64.0.2",
            ("default", "member-0.group") => "127.64.0.3",
            _ => null,
        };
        Assert.Equal(expected, NameReplacement.Replace(text, "default", wholeValueMayBeName: false, Known, (space, name) => Known(space, name) ?? "127.64.0.9"));
    }

    [Fact]
    public void Address_book_remembers_over_restarts_and_never_gives_one_address_twice()
    {
        var directory = Directory.CreateTempSubdirectory("addresses-").FullName;
        var path = Path.Combine(directory, "addresses");
        string kept;
        using (var book = new AddressBook(path))
        {
            var released = book.Reserve("default", "a");
            kept = book.Reserve("default", "b");
            Assert.NotEqual(released, kept);
            Assert.True(AddressBook.Contains(released) && AddressBook.Contains(kept));
            book.Release("default", "a");
        }

        using (var book = new AddressBook(path))
        {
            Assert.Equal(kept, book.Reserve("default", "b"));
            Assert.NotEqual(kept, book.Reserve("other", "b"));
            var many = Enumerable.Range(0, 600).Select(index => book.Reserve("many", $"{index}")).ToList();
            Assert.Equal(600, many.Distinct().Count());
            Assert.DoesNotContain(many, address => address.EndsWith(".0", StringComparison.Ordinal) || address.EndsWith(".255", StringComparison.Ordinal));
        }

        Directory.Delete(directory, recursive: true);
    }
}
