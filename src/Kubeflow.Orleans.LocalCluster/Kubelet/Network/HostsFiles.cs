using System.Text;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>
/// The files pods resolve names with, one set per namespace: <c>hosts</c> (shown as /etc/hosts), <c>ready</c> (what a cluster's DNS
/// would answer), <c>bin/nslookup</c>, which answers from <c>ready</c>, and <c>bin/pod-exec</c>, which finds peers in <c>pods</c>. Rewritten in
/// place: running pods hold the same files.
/// </summary>
internal sealed class HostsFiles(string root)
{
    private const string Localhost = """
        # Kubernetes-managed hosts file.
        127.0.0.1	localhost
        ::1	localhost ip6-localhost ip6-loopback

        """;

    private readonly Dictionary<string, string> written = new(StringComparer.Ordinal);

    public string Hosts(string @namespace) => Path.Combine(root, @namespace, "hosts");

    /// <summary>The directory that comes first in the PATH of the namespace's pods.</summary>
    public string Tools(string @namespace) => Path.Combine(root, @namespace, "bin");

    public void Write(string @namespace, NameTable names)
    {
        Directory.CreateDirectory(Tools(@namespace));
        WriteInPlace(Hosts(@namespace), Localhost + Text(names.Lines(@namespace, onlyReady: false)) + HostEntries());
        WriteInPlace(Path.Combine(root, @namespace, "ready"), Text(names.Lines(@namespace, onlyReady: true)));
        WriteTool(@namespace, "nslookup", NslookupScript(Path.Combine(root, @namespace, "ready")));
        WriteTool(@namespace, PodExecScript.Name, PodExecScript.Text(Places(@namespace)));
    }

    /// <summary>Where a pod's containers are to be found by the tools of its peers.</summary>
    public void Place(string @namespace, string pod, string firstContainer, string directory)
    {
        Directory.CreateDirectory(Places(@namespace));
        File.WriteAllText(Path.Combine(Places(@namespace), pod), $"{firstContainer}\n{directory}\n");
    }

    public void Forget(string @namespace, string pod)
    {
        if (Directory.Exists(Places(@namespace)))
        {
            File.Delete(Path.Combine(Places(@namespace), pod));
        }
    }

    private string Places(string @namespace) => Path.Combine(root, @namespace, "pods");

    private void WriteTool(string @namespace, string name, string script)
    {
        var path = Path.Combine(Tools(@namespace), name);
        if (WriteInPlace(path, script) && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, (UnixFileMode)0x1ED);
        }
    }

    private static string Text(IEnumerable<(string Address, string Names)> lines) => string.Concat(lines.Select(line => $"{line.Address}\t{line.Names}\n").Distinct(StringComparer.Ordinal));

    /// <summary>The host's own additions stay known to pods.</summary>
    private static string HostEntries() => File.Exists("/etc/hosts")
        ? string.Concat(File.ReadLines("/etc/hosts").Where(line => !line.StartsWith('#') && !line.Contains("localhost", StringComparison.Ordinal)).Select(line => line + "\n"))
        : "";

    private bool WriteInPlace(string path, string content)
    {
        if (written.GetValueOrDefault(path) == content)
        {
            return false;
        }

        using var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        var bytes = Encoding.UTF8.GetBytes(content);
        stream.Write(bytes);
        stream.SetLength(bytes.Length);
        written[path] = content;
        return true;
    }

    private static string NslookupScript(string ready) => $$"""
        #!/bin/sh
        # Answers from the names this cluster publishes: a service has an address as soon as one of its pods is ready.
        name=
        for argument in "$@"; do
            case $argument in
            -*) ;;
            *) [ -n "$name" ] || name=${argument%.} ;;
            esac
        done
        printf 'Server:\t\t127.0.0.1\nAddress:\t127.0.0.1#53\n\n'
        while read -r address names; do
            for known in $address $names; do
                if [ "$known" = "$name" ]; then
                    printf 'Name:\t%s\nAddress: %s\n' "$name" "$address"
                    exit 0
                fi
            done
        done <{{Shim.Quote(ready)}}
        echo "** server can't find $name: NXDOMAIN"
        exit 1

        """;
}
