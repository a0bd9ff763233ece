using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Core.Schemas;
using Kubeflow.Orleans.Grains.Training.TrainJob;
using Xunit;
using static Kubeflow.Orleans.Grains.Tests.Training.TrainJob.TrainJobManifests;

namespace Kubeflow.Orleans.Grains.Tests.Training.TrainJob;

public sealed class TrainJobValidationTests
{
    private const string Immutable = "field is immutable";

    private static readonly ResourceKind Kind = TrainerFamily.Kinds.Single(kind => kind.Kind == "TrainJob");

    [Theory]
    [InlineData("trainer: { numNodes: -1 }", "spec.trainer.numNodes")]
    [InlineData("trainer: { numNodes: 0 }", null)]
    [InlineData("trainer: { numNodes: 1000000 }", "spec.trainer.numNodes")]
    [InlineData("trainer: { numProcPerNode: -1 }", "numProcPerNode must be greater than or equal to 1")]
    [InlineData("trainer: { numProcPerNode: 0 }", "numProcPerNode must be greater than or equal to 1")]
    [InlineData("trainer: { numProcPerNode: 1 }", null)]
    [InlineData("initializer: { dataset: { storageUri: invalid } }", "storageUri may be empty, or it must be a valid URI (scheme://...)")]
    [InlineData("initializer: { dataset: { storageUri: \"\" } }", null)]
    [InlineData("initializer: { model: { storageUri: \"hf://\" } }", "storageUri may be empty")]
    [InlineData("initializer: { model: { storageUri: \"hf://x/y\" } }", null)]
    [InlineData("managedBy: trainer.kubeflow.org/trainjob-controller", null)]
    [InlineData("managedBy: kueue.x-k8s.io/multikueue", null)]
    [InlineData("managedBy: other", "ManagedBy must be trainer.kubeflow.org/trainjob-controller or kueue.x-k8s.io/multikueue if set")]
    [InlineData("runtimePatches: [{ manager: example.io/x }]", null)]
    [InlineData("runtimePatches: [{ manager: trainer.kubeflow.org/kubeflow-sdk }]", null)]
    [InlineData("runtimePatches: [{ manager: bad manager }]", "spec.runtimePatches[0].manager")]
    [InlineData("runtimePatches: [{ manager: a.io/x }, { manager: a.io/x }]", "Duplicate value")]
    [InlineData("activeDeadlineSeconds: 0", "spec.activeDeadlineSeconds")]
    [InlineData("trainer: { env: [{ name: A }, { name: A }] }", "Duplicate value")]
    [InlineData("runtimeRef: { kind: TrainingRuntime }", "spec.runtimeRef.name")]
    public void Job_is_refused_for_what_its_fields_may_not_say(string spec, string? reason) => Expect(Errors(Parse(Job(spec))), reason);

    [Theory]
    [InlineData(1024 * 1024, true)]
    [InlineData((1024 * 1024) + 1, false)]
    public void Argument_may_be_a_mebibyte_long(int length, bool accepted)
    {
        var job = Parse(Job("trainer: {}"));
        job["spec"]!["trainer"]!["args"] = new JsonArray(new string('x', length));
        Assert.Equal(accepted, !Errors(job).Any());
    }

    [Theory]
    [InlineData("a23456789012345678901234567890123456789012345678901234567890123", null)]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234", "no more than 63 characters")]
    [InlineData("Upper", "RFC 1035")]
    [InlineData("1digit", "RFC 1035")]
    [InlineData("hyphen-", "RFC 1035")]
    [InlineData("with.dot", "RFC 1035")]
    public void Name_is_a_label(string name, string? reason) => Expect(Errors(Parse(Job(name: name))), reason);

    [Fact]
    public void Defaults_are_those_of_the_upstream_definition()
    {
        var spec = Parse(Job())["spec"]!;
        Assert.Equal(
            ("false", "trainer.kubeflow.org/trainjob-controller", "trainer.kubeflow.org", "ClusterTrainingRuntime"),
            (spec["suspend"]!.ToString(), spec["managedBy"]!.ToString(), spec["runtimeRef"]!["apiGroup"]!.ToString(), spec["runtimeRef"]!["kind"]!.ToString()));
    }

    [Theory]
    [InlineData("", "runtimeRef: { name: other }", Immutable)]
    [InlineData("trainer: { numNodes: 1 }", "trainer: { numNodes: 2 }", Immutable)]
    [InlineData("", "trainer: { numNodes: 2 }", null)]
    [InlineData("initializer: { model: {} }", "initializer: { dataset: {} }", Immutable)]
    [InlineData("activeDeadlineSeconds: 5", "activeDeadlineSeconds: 6", Immutable)]
    [InlineData("managedBy: kueue.x-k8s.io/multikueue", "managedBy: trainer.kubeflow.org/trainjob-controller", Immutable)]
    [InlineData("suspend: true", "suspend: false", null)]
    public void Fields_that_shape_the_job_stay(string before, string after, string? reason)
    {
        // A second runtimeRef replaces the first.
        var changed = after.StartsWith("runtimeRef", StringComparison.Ordinal) ? Parse(Job(runtime: "other")) : Parse(Job(after));
        Expect(Kind.Validate(changed, Parse(Job(before))).Select(error => error.ToString()), reason);
    }

    [Theory]
    [InlineData(false, false, "RuntimePatches can only be modified when the TrainJob is suspended before or after the update")]
    [InlineData(true, false, null)]
    [InlineData(false, true, null)]
    public void Patches_change_only_around_a_suspension(bool before, bool after, string? reason)
    {
        var old = Parse(Job($"suspend: {(before ? "true" : "false")}"));
        var changed = Parse(Job($"suspend: {(after ? "true" : "false")}\nruntimePatches: [{{ manager: a.io/x }}]"));
        Expect(Kind.Validate(changed, old).Select(error => error.ToString()), reason);

        old["status"] = World.ReadYaml("jobsStatus: [{ name: node, ready: 0, succeeded: 0, failed: 0, active: 1, suspended: 0 }]");
        Expect(Kind.Validate(changed, old).Select(error => error.ToString()), reason ?? "RuntimePatches cannot be modified when the JobSet's ReplicatedJob node is still active");
    }

    [Fact]
    public void Grace_period_of_a_patch_stays()
    {
        string Patched(int seconds) => Job($"suspend: true\nruntimePatches: [{{ manager: a.io/x, trainingRuntimeSpec: {{ template: {{ spec: {{ replicatedJobs: [{{ name: node, template: {{ spec: {{ template: {{ spec: {{ terminationGracePeriodSeconds: {seconds} }} }} }} }} }}] }} }} }} }}]");
        Expect(Kind.Validate(Parse(Patched(5)), Parse(Patched(6))).Select(error => error.ToString()), Immutable);
        Assert.Empty(Kind.Validate(Parse(Patched(5)), Parse(Patched(5))));
    }

    [Fact]
    public void Patch_carries_the_time_it_was_last_changed()
    {
        var prepared = (IPreparedOnWrite)Kind;
        var old = Parse(Job("runtimePatches: [{ manager: a.io/one }, { manager: b.io/two }]"));
        prepared.Prepare(old, null, TrainJobWorld.Start);
        var changed = Parse(Job("runtimePatches: [{ manager: a.io/one }, { manager: b.io/two, trainingRuntimeSpec: { template: { metadata: { labels: { a: b } } } } }]"));
        prepared.Prepare(changed, old, TrainJobWorld.Start.AddHours(1));

        Assert.Equal(["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"], Times(old));
        Assert.Equal(["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"], Times(changed));

        static IEnumerable<string> Times(JsonObject job) => job["spec"]!["runtimePatches"]!.AsArray().Select(patch => patch!["time"]!.ToString());
    }

    [Theory]
    [InlineData("", "steps", null)]
    [InlineData("", "", "specified clusterTrainingRuntime must be created before the TrainJob is created")]
    [InlineData("initializer: { dataset: {} }", "steps", null)]
    [InlineData("initializer: { dataset: {} }", "test", "must have dataset-initializer job when trainJob is configured with input datasetConfig")]
    [InlineData("initializer: { model: {} }", "test", "must have model-initializer job when trainJob is configured with input modelConfig")]
    [InlineData("initializer: { dataset: {} }", "unmounted", "must have volumeMount with name - initializer in container dataset-initializer of the dataset-initializer job")]
    [InlineData("initializer: { dataset: {} }", "renamed", "must have container with name - dataset-initializer in the dataset-initializer job")]
    [InlineData("trainer: { env: [{ name: PET_NNODES, value: a }, { name: PET_MASTER_ADDR, value: b }] }", "torch: {}", "must not have reserved envs, invalid envs configured: [PET_MASTER_ADDR PET_NNODES]")]
    [InlineData("trainer: { env: [{ name: DMLC_TASK_ID, value: a }] }", "xgboost: {}", "spec.trainer.env[0]: Forbidden: DMLC_TASK_ID is reserved for the XGBoost runtime")]
    [InlineData("trainer: { env: [{ name: OMPI_MCA_plm_rsh_args, value: a }] }", "mpi: {}", "must not have reserved envs, invalid envs configured: [OMPI_MCA_plm_rsh_args]")]
    [InlineData("trainer: { numNodes: 2 }", "mpi: { runLauncherAsNode: true }", "must have 1 when MPI trainingRuntime with enabled runLauncherAsNode does not have either launcher and node")]
    [InlineData("", "torch: { envInjection: { targets: [{ jobName: node, containerNames: [gone] }] } }", "envInjection target podSet \"node\" container \"gone\" not found in runtime template")]
    [InlineData("", "torch: { envInjection: { targets: [{ jobName: lost, containerNames: [gone] }] } }", "envInjection target podSet \"lost\" container \"gone\" not found in runtime template")]
    [InlineData("", "flux: {}", "the flux policy is not supported")]
    [InlineData("trainer: { command: [tune, run] }", "torch: {}", "must have a supported pretrained model, invalid model configured: ")]
    [InlineData("trainer: { command: [tune, run], numNodes: 2 }", "torchtune-llama3.2-1b", "must be 1 for llama3_2/1B model")]
    [InlineData("trainer: { command: [tune, run], args: [model.quantize_base=true] }", "torchtune-qwen2.5-1.5b", "QLoRA is not supported for qwen2_5/1.5B model")]
    [InlineData("trainer: { command: [tune, run], numProcPerNode: 2, args: [model.quantize_base=true] }", "torchtune-llama3.2-1b", "must be auto or 1 for llama3_2/1B model when using QLoRA")]
    [InlineData("trainer: { command: [tune, run], args: [output_dir=/tmp] }", "torchtune-llama3.2-1b", "must not set immutable config \"output_dir\" in trainer args; it is managed by the runtime")]
    [InlineData("runtimePatches: [{ manager: a.io/x, trainingRuntimeSpec: { template: { spec: { replicatedJobs: [{ name: gone }] } } } }]", "test", "must not have replicated job that doesn't exist in the runtime job template")]
    public void Job_is_judged_together_with_its_runtime(string spec, string runtime, string? reason) => Expect(ReferenceErrors(Parse(Job(spec)), Named(runtime)), reason);

    [Theory]
    [InlineData("containers: [{ name: gone }]", "must not have container that doesn't exist in the runtime job node")]
    [InlineData("initContainers: [{ name: gone }]", "must not have initContainer that doesn't exist in the runtime job node")]
    [InlineData("containers: [{ name: node, env: [{ name: A, value: b }] }]", "must not have envs for the dataset-initializer, model-initializer, node containers")]
    [InlineData("containers: [{ name: node, volumeMounts: [{ name: a, mountPath: /a }] }]", null)]
    public void Patch_of_pods_names_containers_of_the_runtime(string pod, string? reason) => Expect(
        ReferenceErrors(Parse(Job($"runtimePatches: [{{ manager: a.io/x, trainingRuntimeSpec: {{ template: {{ spec: {{ replicatedJobs: [{{ name: node, template: {{ spec: {{ template: {{ spec: {{ {pod} }} }} }} }} }}] }} }} }} }}]")), Parse(Runtime())), reason);

    [Theory]
    [InlineData(44, null)]
    [InlineData(50, "JobSet name is too long")]
    public void Names_of_the_pods_must_fit(int length, string? reason) =>
        Expect(ReferenceErrors(Parse(Job("trainer: { numNodes: 1000 }", name: new string('a', length))), Parse(Runtime())), reason);

    [Fact]
    public void Runtime_of_an_unknown_kind_is_refused() =>
        Expect(ReferenceErrors(Parse(Job().Replace("{ name: test }", "{ name: test, kind: Other }", StringComparison.Ordinal)), Parse(Runtime())), "unsupported runtime: Other.trainer.kubeflow.org");

    [Fact]
    public void Job_may_still_be_changed_when_its_runtime_is_gone() =>
        Assert.Empty(((IReferringKind)Kind).ValidateReferences(Parse(Job()), Parse(Job("suspend: true")), new Dictionary<ResourceKey, Document>()));

    [Fact]
    public void Deprecated_runtime_is_warned_of()
    {
        var runtime = Parse(Runtime().Replace("framework: test", "support: deprecated", StringComparison.Ordinal));
        var job = Parse(Job());
        const string sentence = "ClusterTrainingRuntime \"test\" is deprecated and will be removed in a future release of Kubeflow Trainer.";
        Assert.StartsWith("Referenced " + sentence, ((IReferringKind)Kind).ReferenceWarnings(job, Found(job, runtime)).Single(), StringComparison.Ordinal);
        Assert.StartsWith(sentence, TrainJobWorld.KindOf(runtime).Warnings(runtime).Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("volcano", "", "Volcano queue name must not be empty")]
    [InlineData("volcano", "research", null)]
    [InlineData("coscheduling", "", null)]
    public void Volcano_queue_that_is_named_has_a_name(string policy, string queue, string? reason)
    {
        var runtime = Parse(Runtime().Replace("  mlPolicy:", $"  podGroupPolicy: {{ {policy}: {{}} }}\n  mlPolicy:", StringComparison.Ordinal)
            .Replace("  template:\n    spec:", $"  template:\n    metadata: {{ annotations: {{ scheduling.volcano.sh/queue-name: '{queue}' }} }}\n    spec:", StringComparison.Ordinal));
        Expect(ReferenceErrors(Parse(Job()), runtime), reason);
    }

    [Theory]
    [InlineData("ClusterTrainingRuntime")]
    [InlineData("TrainingRuntime")]
    public void Runtime_is_refused_for_what_no_job_could_run(string kind)
    {
        Expect(RuntimeErrors(kind), null);
        Expect(RuntimeErrors(kind, "torch: {}, jax: {}"), "Only one of the policy can be configured");
        Expect(RuntimeErrors(kind, "mpi: { numProcPerNode: 0 }"), "NumProcPerNode in mpiPolicy must be >= 1");
        Expect(RuntimeErrors(kind, "mpi: { mpiImplementation: Other }"), "Unsupported value");
        Expect(RuntimeErrors(kind, "torch: { envInjection: { targets: [{ jobName: node, containerNames: [node] }] } }"), "containerNames must not include the main node container");
        Expect(RuntimeErrors(kind, change: ("          replicas: 1\n", "")), null);
        Expect(RuntimeErrors(kind, change: ("- name: node\n          template:", "- name: node\n          replicas: 2\n          template:")), "replicas: Invalid value: 2: always must be 1");
        Expect(RuntimeErrors(kind, change: ("- name: node\n                      image", "- name: other\n                      image")), "must contain the required container for the ancestor: trainer");
        Expect(RuntimeErrors(kind, change: ("- name: node\n          template:", "- name: node\n          dependsOn: [{ name: node, status: Ready }]\n          template:")), "cannot depend on");
        Expect(RuntimeErrors(kind, change: ("image: python", "image: python\n                      resources: { limits: { cpu: many } }")), "limits");
    }

    [Theory]
    [InlineData("backoffLimitPerIndex: 1\nmaxFailedIndexes: 2\npodFailurePolicy: { rules: [{ action: FailIndex, onExitCodes: { operator: In, values: [1] } }] }", null)]
    [InlineData("backoffLimitPerIndex: -1", "backoffLimitPerIndex: Invalid value: -1: must be greater than or equal to 0")]
    [InlineData("maxFailedIndexes: 2", "backoffLimitPerIndex: Required value: when maxFailedIndexes is specified")]
    [InlineData("podFailurePolicy: { rules: [{ action: FailIndex, onExitCodes: { operator: In, values: [1] } }] }", "requires the backoffLimitPerIndex to be set")]
    [InlineData("successPolicy: { rules: [{ succeededIndexes: '0,2-4' }] }", null)]
    [InlineData("successPolicy: { rules: [{ succeededIndexes: '4-2' }] }", "error parsing succeededIndexes")]
    [InlineData("successPolicy: { rules: [{}] }", "at least one of succeededCount or succeededIndexes must be specified")]
    public void Rules_for_the_indexes_of_a_job_are_those_of_Kubernetes(string job, string? reason)
    {
        var runtime = Parse(Runtime(job: job));
        Expect(TrainJobWorld.KindOf(runtime).Validate(runtime, null).Select(error => error.ToString()), reason);
    }

    [Fact]
    public void Index_with_a_limit_of_its_own_does_not_restart_in_place()
    {
        var runtime = Parse(Runtime(job: "backoffLimitPerIndex: 1").Replace("containers:", "restartPolicy: OnFailure\n                  containers:", StringComparison.Ordinal));
        Expect(TrainJobWorld.KindOf(runtime).Validate(runtime, null).Select(error => error.ToString()), "must be Never when backoffLimitPerIndex is specified");
    }

    private static IEnumerable<string> RuntimeErrors(string kind, string policy = "", (string From, string To)? change = null)
    {
        var yaml = Runtime(policy, kind: kind);
        return Errors(Parse(change is { } edit ? yaml.Replace(edit.From, edit.To, StringComparison.Ordinal) : yaml));
    }

    private static JsonObject? Named(string runtime) => runtime switch
    {
        "" => null,
        "test" => Parse(Runtime()),
        "steps" => Parse(Steps),
        "unmounted" => Parse(Steps.Replace("volumeMounts: [{ name: initializer,", "volumeMounts: [{ name: other,", StringComparison.Ordinal)),
        "renamed" => Parse(Steps.Replace("containers: [{ name: dataset-initializer", "containers: [{ name: other", StringComparison.Ordinal)),
        var name when name.StartsWith("torchtune", StringComparison.Ordinal) => BuiltIn(name),
        var policy => Parse(Runtime(policy)),
    };

    private static JsonObject Parse(string yaml) => TrainJobWorld.Complete(World.ReadYaml(yaml), "uid");

    private static IEnumerable<string> Errors(JsonObject document)
    {
        var kind = TrainJobWorld.KindOf(document);
        var errors = SchemaWalk.Validate(document, kind.Versions.Single().Schema);
        return (errors.Count > 0 ? errors : kind.Validate(document, null)).Select(error => error.ToString());
    }

    private static IEnumerable<string> ReferenceErrors(JsonObject job, JsonObject? runtime) =>
        ((IReferringKind)Kind).ValidateReferences(job, null, Found(job, runtime)).Select(error => error.ToString());

    private static Dictionary<ResourceKey, Document> Found(JsonObject job, JsonObject? runtime) => runtime is null
        ? []
        : ((IReferringKind)Kind).References(Document.FromNode(job).Root).ToDictionary(key => key, _ => Document.FromNode(runtime.DeepClone().AsObject()));

    private static void Expect(IEnumerable<string> errors, string? reason)
    {
        if (reason is null)
        {
            Assert.Empty(errors);
        }
        else
        {
            Assert.Contains(errors, error => error.Contains(reason, StringComparison.Ordinal));
        }
    }
}
