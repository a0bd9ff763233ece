using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Kinds;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Kinds;

public sealed class PodKindTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 1, 0, 0, TimeSpan.Zero);

    private readonly PodKind kind = new();

    [Fact]
    public void Defaults_are_those_of_the_API_server_and_stable()
    {
        var pod = Yaml.Node("""
            spec:
              containers:
              - {name: c, image: "busybox", ports: [{containerPort: 80}], resources: {limits: {cpu: "1"}}, livenessProbe: {httpGet: {port: 80}}}
              - {name: d, image: "busybox:1.0"}
              volumes: [{name: e}, {name: s, secret: {secretName: x}}]
            """);

        kind.Default(pod);

        var expected = Yaml.Node("""
            spec:
              containers:
              - name: c
                image: busybox
                ports: [{containerPort: 80, protocol: TCP}]
                resources: {limits: {cpu: "1"}, requests: {cpu: "1"}}
                livenessProbe: {httpGet: {port: 80, scheme: HTTP, path: /}, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3}
                terminationMessagePath: /dev/termination-log
                terminationMessagePolicy: File
                imagePullPolicy: Always
              - {name: d, image: "busybox:1.0", terminationMessagePath: /dev/termination-log, terminationMessagePolicy: File, imagePullPolicy: IfNotPresent, resources: {}}
              volumes: [{name: e, emptyDir: {}}, {name: s, secret: {secretName: x, defaultMode: 420}}]
              restartPolicy: Always
              dnsPolicy: ClusterFirst
              terminationGracePeriodSeconds: 30
              schedulerName: default-scheduler
              serviceAccountName: default
              serviceAccount: default
              enableServiceLinks: true
              priority: 0
              preemptionPolicy: PreemptLowerPriority
              securityContext: {}
              tolerations:
              - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 300}
              - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 300}
            status: {phase: Pending, qosClass: Burstable}
            """);
        AssertJson.Equal(expected, pod);

        kind.Default(pod);
        AssertJson.Equal(expected, pod);
    }

    public static TheoryData<string, string> Refusals => new()
    {
        { "{}", "spec.containers: Required value" },
        { "{containers: [{image: i}]}", "spec.containers[0].name: Required value" },
        { "{containers: [{name: c}]}", "spec.containers[0].image: Required value" },
        { "{containers: [{name: c, image: i}, {name: c, image: i}]}", "spec.containers[1].name: Duplicate value: \"c\"" },
        { "{containers: [{name: c, image: i, ports: [{containerPort: 70000}]}]}", "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive" },
        { "{containers: [{name: c, image: i, env: [{value: x}]}]}", "spec.containers[0].env[0].name: Required value" },
        { "{containers: [{name: c, image: i, volumeMounts: [{name: v, mountPath: /v}]}]}", "spec.containers[0].volumeMounts[0].name: Not found: \"v\"" },
        { "{restartPolicy: Sometimes, containers: [{name: c, image: i}]}", "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"Never\", \"OnFailure\"" },
        { "{containers: [{name: c, image: i, livenessProbe: {}}]}", "spec.containers[0].livenessProbe: Required value: must specify a handler type" },
        { "{containers: [{name: c, image: i, resources: {requests: {cpu: '2'}, limits: {cpu: '1'}}}]}", "spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1" },
        { "{containers: [{name: c, image: i, resources: {requests: {nvidia.com/gpu: 1}}}]}", "spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources" },
        { "{activeDeadlineSeconds: 0, containers: [{name: c, image: i}]}", "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Bad_pod_is_refused_in_the_API_servers_words(string spec, string message) =>
        Assert.Contains(message, kind.Validate(Yaml.Node($"{{metadata: {{name: p}}, spec: {spec}}}"), null).Select(error => error.ToString()));

    [Theory]
    [InlineData("{containers: [{name: c, image: other}]}", true)]
    [InlineData("{activeDeadlineSeconds: 5, containers: [{name: c, image: i}]}", true)]
    [InlineData("{containers: [{name: c, image: i, command: [sh]}]}", false)]
    [InlineData("{nodeName: other, containers: [{name: c, image: i}]}", false)]
    public void Spec_of_a_stored_pod_is_fixed_but_for_a_few_fields(string spec, bool allowed)
    {
        var old = Yaml.Node("{spec: {containers: [{name: c, image: i}]}}");
        Assert.Equal(allowed, !kind.Validate(Yaml.Node($"{{spec: {spec}}}"), old).Any());
    }

    public static TheoryData<string, string, string, string> Rows => new()
    {
        { "{status: {phase: Pending}}", "0/1", "Pending", "0" },
        { "{status: {phase: Running, containerStatuses: [{name: c, ready: true, restartCount: 0, state: {running: {}}}]}}", "1/1", "Running", "0" },
        { "{status: {phase: Running, containerStatuses: [{name: c, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {finishedAt: '2026-01-01T00:57:11Z'}}}]}}", "0/1", "CrashLoopBackOff", "3 (2m49s ago)" },
        { "{status: {phase: Succeeded, containerStatuses: [{name: c, restartCount: 0, state: {terminated: {exitCode: 0, reason: Completed}}}]}}", "0/1", "Completed", "0" },
        { "{status: {phase: Failed, containerStatuses: [{name: c, restartCount: 0, state: {terminated: {exitCode: 3}}}]}}", "0/1", "ExitCode:3", "0" },
        { "{status: {phase: Failed, reason: Evicted}}", "0/1", "Evicted", "0" },
        { "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}, status: {phase: Running}}", "0/1", "Terminating", "0" },
        { "{spec: {initContainers: [{name: i}, {name: j}], containers: [{name: c}]}, status: {phase: Pending, initContainerStatuses: [{name: i, state: {terminated: {exitCode: 0}}}, {name: j, state: {running: {}}}]}}", "0/1", "Init:1/2", "0" },
        { "{spec: {initContainers: [{name: i}], containers: [{name: c}]}, status: {phase: Failed, initContainerStatuses: [{name: i, state: {terminated: {exitCode: 1, reason: Error}}}]}}", "0/1", "Init:Error", "0" },
        { "{spec: {initContainers: [{name: s, restartPolicy: Always}], containers: [{name: c}]}, status: {phase: Running, initContainerStatuses: [{name: s, started: true, ready: true, restartCount: 0, state: {running: {}}}], containerStatuses: [{name: c, ready: true, state: {running: {}}}]}}", "2/2", "Running", "0" },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Row_shows_what_kubectl_shows(string yaml, string ready, string status, string restarts)
    {
        var body = Yaml.Node(yaml);
        body["spec"] ??= Yaml.Node("{containers: [{name: c}]}");

        var cells = kind.Cells(Document.FromNode(body), Now);

        Assert.Equal([ready, status, restarts], cells.Take(3).Select(cell => cell!.ToString()));
    }

    [Theory]
    [InlineData("{spec: {terminationGracePeriodSeconds: 30}}", null, 0)]
    [InlineData("{spec: {nodeName: n1, terminationGracePeriodSeconds: 30}}", null, 30)]
    [InlineData("{spec: {nodeName: n1, terminationGracePeriodSeconds: 30}}", 5, 5)]
    [InlineData("{spec: {nodeName: n1, terminationGracePeriodSeconds: 30}}", 0, 0)]
    [InlineData("{spec: {nodeName: n1, terminationGracePeriodSeconds: -1}}", null, 1)]
    [InlineData("{spec: {nodeName: n1}, status: {phase: Succeeded}}", null, 0)]
    public void Grace_period_follows_the_request_then_the_spec(string yaml, int? requested, int seconds) =>
        Assert.Equal(seconds, kind.GracePeriodSeconds(Yaml.Document(yaml), requested));
}
