namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>
/// What a program in a pod starts another with in a peer, in the place of <c>kubectl exec</c>: without an API, a token or a kubectl.
/// It takes root: in another user namespace only its own processes may enter.
/// </summary>
internal static class PodExecScript
{
    public const string Name = "pod-exec";

    /// <param name="pods">Where each running pod has a file with its first container and its directory.</param>
    public static string Text(string pods) => $$"""
        #!/bin/sh
        # exec POD [--container NAME] -- COMMAND ...: runs COMMAND in a pod of this namespace as soon as that runs.
        [ "$1" = exec ] || { echo "error: this stands in for kubectl exec and knows no $1" >&2; exit 1; }
        shift
        pod= container=
        while [ $# -gt 0 ]; do
            case $1 in
            --) shift; break ;;
            -c | --container) container=$2; shift ;;
            --container=*) container=${1#*=} ;;
            -*) ;;
            *) pod=$1 ;;
            esac
            shift
        done

        # Until its launch script has made room for the command itself, a container is not there yet.
        runs() {
            [ -s "$1/pid" ] && [ ! -e "$1/exit" ] && read -r pid rest <"$1/pid" && [ -r "/proc/$pid/cmdline" ] || return 1
            case $(tr '\0' ' ' <"/proc/$pid/cmdline") in
            "" | */sh*launch.sh* | unshare\ * | */unshare\ *) return 1 ;;
            esac
        }

        find_container() {
            [ -r {{Shim.Quote(pods)}}/"$pod" ] || return 1
            { read -r first; read -r root; } <{{Shim.Quote(pods)}}/"$pod"
            for attempt in "$root/containers/${container:-$first}"/*; do
                runs "$attempt" && return
            done
            return 1
        }

        tries=0
        until find_container; do
            tries=$((tries + 1))
            [ $tries -lt 240 ] || { echo "error: pod $pod does not run" >&2; exit 1; }
            sleep 0.5
        done
        enter="nsenter --target=$pid --mount --uts --root --wd"
        $enter true 2>/dev/null || { echo "error: on this host only root can start programs in another pod; jobs of kubeflow.org/v2beta1 log in over SSH instead" >&2; exit 1; }
        { cat "/proc/$pid/environ"; for word in "$@"; do printf '%s\0' "$word"; done; } | xargs -0 $enter env -i

        """;
}
