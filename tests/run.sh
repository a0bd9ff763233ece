#!/usr/bin/env bash
# Builds everything, checks the format and runs every test. The last line is "N passed, N failed, N skipped"; the exit code is 0 when
# nothing failed. A build or a format that fails counts as one failure.
#
#   tests/run.sh           everything
#   tests/run.sh --quick   without the format check and the tests that drive real clients
#   tests/run.sh --cluster only the tests of clusters, against the one KUBECONFIG names: it gets namespaces kfo-test-*, which go again.
#                          Its nodes must be able to run the image in KFO_TEST_IMAGE (busybox:1.36); one without ready nodes gets a
#                          kubelet of the tests' own
set -uo pipefail
started_in=$PWD
cd "$(dirname "$0")/.." || exit 1

configuration=Release
results=$(mktemp -d "${TMPDIR:-/tmp}/kfo-tests.XXXXXX")
trap 'rm -rf "$results"' EXIT
passed=0 failed=0 skipped=0
quick=false cluster=false
case "${1:-}" in
  --quick) quick=true ;;
  --cluster)
    KFO_TEST_KUBECONFIG=$(cd "$started_in" && realpath -e "${KUBECONFIG:-}" 2>/dev/null) \
      || { echo "KUBECONFIG must name the kubeconfig of the cluster to test against." >&2; exit 2; }
    export KFO_TEST_KUBECONFIG
    cluster=true ;;
  "") ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

# These start processes and measure time: they have the machine for themselves.
alone=" Kubeflow.Orleans.Conformance.Tests Kubeflow.Orleans.Resilience.Tests Kubeflow.Orleans.LocalCluster.Tests Kubeflow.Orleans.Clusters.Tests Kubeflow.Orleans.Silos.Tests "
# These drive kubectl and Python clients against a running control plane.
real=" Kubeflow.Orleans.Conformance.Tests "
# The only project --cluster runs.
clusters=Kubeflow.Orleans.Clusters.Tests
one_project_limit=900

say() { printf '%s\n' "$*"; }

finish() {
  say "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
  exit
}

# What the tests of real components need. Missing pieces make those tests skip, never fail.
install_components() {
  local wanted=()
  /usr/bin/python3 -c 'import kubernetes' 2>/dev/null || wanted+=(python3-kubernetes)
  /usr/bin/python3 -c 'import torch' 2>/dev/null || wanted+=(python3-torch)
  /usr/bin/python3 -c 'import mpi4py' 2>/dev/null || wanted+=(python3-mpi4py)
  command -v mpirun >/dev/null || wanted+=(openmpi-bin)
  [ -x /usr/sbin/sshd ] || wanted+=(openssh-server)
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || wanted+=(postgresql)
  [ ${#wanted[@]} -eq 0 ] && return
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    say "not installed (needs root and apt): ${wanted[*]}; tests that use them are skipped"
    return
  fi
  say "installing ${wanted[*]}"
  for package in "${wanted[@]}"; do
    if ! { DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -y --no-install-recommends "$package" \
           || { timeout 120 apt-get update && DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -y --no-install-recommends "$package"; }; } \
         >"$results/apt.log" 2>&1; then
      say "not installed: $package ($(tail -n 1 "$results/apt.log")); tests that use it are skipped"
    fi
  done
  # The tests start servers of their own; the one that comes with the package need not run.
  if [[ " ${wanted[*]} " == *" postgresql "* ]] && command -v pg_lsclusters >/dev/null; then
    pg_lsclusters --no-header | while read -r version cluster _; do pg_ctlcluster "$version" "$cluster" stop; done
  fi
}

# Debian's kubectl is unpacked, not installed: its package would displace a kubectl of another origin.
unpack_kubectl() {
  local folder=artifacts/kubectl
  { [ -x $folder/usr/bin/kubectl ] || ! command -v apt-get >/dev/null; } && return
  say "unpacking kubernetes-client into $folder"
  if ! { (cd "$results" && timeout 120 apt-get download -q kubernetes-client || { timeout 120 apt-get update && timeout 120 apt-get download -q kubernetes-client; }) \
         && mkdir -p $folder && dpkg-deb -x "$results"/kubernetes-client_*.deb $folder; } >"$results/apt.log" 2>&1; then
    say "not unpacked: kubernetes-client ($(tail -n 1 "$results/apt.log")); tests of its version are skipped"
  fi
}

# A python3 that comes first in PATH may know none of the libraries: take the one that knows most.
choose_python() {
  local best="" most=-1 candidate known
  for candidate in /usr/bin/python3 "$(command -v python3 || true)"; do
    [ -x "$candidate" ] || continue
    known=0
    for library in kubernetes torch yaml; do
      "$candidate" -c "import $library" 2>/dev/null && known=$((known + 1))
    done
    [ "$known" -gt "$most" ] && best=$candidate most=$known
  done
  [ -n "$best" ] && export KFO_PYTHON=$best && say "python: $best ($most of 3 libraries: kubernetes, torch, yaml)"
}

run_project() {
  local name=$1 code
  timeout --kill-after=10 "$one_project_limit" "tests/$name/bin/$configuration/net10.0/$name" -noLogo -noColor -result-xml "$results/$name.xml" >"$results/$name.log" 2>&1
  code=$?
  echo "$code" >"$results/$name.code"
}

attribute() { sed -n "s/.*<assembly [^>]*[ ]$2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1; }

report_project() {
  local name=$1 code p=0 f=0 s=0 e=0
  code=$(cat "$results/$name.code")
  if [ -s "$results/$name.xml" ]; then
    p=$(attribute "$results/$name.xml" passed) f=$(attribute "$results/$name.xml" failed)
    s=$(attribute "$results/$name.xml" skipped) e=$(attribute "$results/$name.xml" errors)
  fi
  f=$((${f:-0} + ${e:-0}))
  # A project that died, hung or found no test is a failure even if nothing in it is.
  if [ "$code" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
  say "$name: ${p:-0} passed, $f failed, ${s:-0} skipped"
  [ "$code" -eq 124 ] && say "  stopped after $one_project_limit s"
  if [ "$f" -gt 0 ]; then sed 's/^/  /' "$results/$name.log"; else grep -A 1 '\[SKIP\]' "$results/$name.log" | sed 's/^/  /'; fi
  passed=$((passed + ${p:-0})) failed=$((failed + f)) skipped=$((skipped + ${s:-0}))
}

$quick || $cluster || { install_components; unpack_kubectl; }
choose_python

say "building ($configuration)"
if ! dotnet build "$($cluster && echo tests/$clusters || echo Kubeflow.Orleans.sln)" -c "$configuration" -v quiet --nologo -clp:NoSummary >"$results/build.log" 2>&1; then
  grep -E 'error|warning' "$results/build.log" | sort -u | head -n 50
  say "the build failed"
  failed=1
  finish
fi

if ! $quick && ! $cluster && ! timeout 600 dotnet format Kubeflow.Orleans.sln --no-restore --verify-no-changes >"$results/format.log" 2>&1; then
  sort -u "$results/format.log" | head -n 30
  say "the format is not what 'dotnet format' makes of it"
  failed=1
fi

together=() lonely=()
for project in tests/*/*.csproj; do
  grep -q 'Include="xunit.v3"' "$project" || continue
  name=$(basename "$project" .csproj)
  if $cluster && [ "$name" != $clusters ]; then continue; fi
  if $quick && [[ $real == *" $name "* ]]; then say "$name: left out by --quick"; continue; fi
  if [[ $alone == *" $name "* ]]; then lonely+=("$name"); else together+=("$name"); fi
done

for name in "${together[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
  run_project "$name" &
done
wait
for name in "${lonely[@]}"; do run_project "$name"; done
for name in "${together[@]}" "${lonely[@]}"; do report_project "$name"; done
finish
