namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>
/// The small process between us and a container. It outlives the control plane, so an exit code is written down even when nobody is
/// there to see it. It knows nothing but files.
/// </summary>
internal static class Shim
{
    /// <summary>Arguments: attempt directory, log file, PATH for its own tools, then the container's command.</summary>
    public const string Script = """
        #!/bin/sh
        # Runs one attempt of a container: claims it, runs it, writes down how it ended.
        directory=$1 log=$2 tools=$3
        shift 3
        container_path=$PATH
        PATH=$tools
        # Handlers, not "ignore": a signal meant for the container's whole group may not end the shim, and is not ignored in the container.
        trap : TERM INT HUP QUIT
        exec </dev/null >/dev/null 2>&1
        cd "$directory" || exit 1
        start_time() {
            [ -r "/proc/$$/stat" ] || { echo -; return; }
            read -r stat <"/proc/$$/stat"
            set -- ${stat##*) }
            shift 19
            echo "$1"
        }
        # noclobber creates exclusively: of two shims only one can go on, and none after the attempt was revoked.
        set -C
        echo "$$ $(start_time)" >claim || exit 0
        set +C
        setsid=$(command -v setsid) || setsid=
        PATH=$container_path
        # In the foreground, so that SIGINT and SIGQUIT keep their meaning; in a session of its own, so that stragglers can be found.
        $setsid /bin/sh ./launch.sh "$@" </dev/null >>"$log" 2>&1
        code=$?
        PATH=$tools
        echo "$code" >exit.tmp && mv exit.tmp exit

        """;

    /// <summary>What launch.sh begins with: the container's main process writes down who it is.</summary>
    public const string Identify = """
        if [ -r "/proc/$$/stat" ]; then
            read -r stat <"/proc/$$/stat"
            stat=${stat##*) }
            index=0
            for field in $stat; do
                index=$((index + 1))
                [ "$index" = 20 ] && echo "$$ $field" >pid
            done
            unset stat index field
        else
            echo "$$ -" >pid
        fi

        """;

    /// <summary>Text as one word of sh.</summary>
    public static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
