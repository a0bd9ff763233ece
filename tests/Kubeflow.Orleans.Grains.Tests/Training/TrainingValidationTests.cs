using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Grains.Training;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training;

public sealed class TrainingValidationTests
{
    private const string Template = "template: {spec: {containers: [{name: NAME, image: train:1}]}}";

    [Theory]
    [InlineData("{}", "spec.REPLICAS: Required value: must be required")]
    [InlineData("{REPLICAS: null}", "spec.REPLICAS: Required value: must be required")]
    [InlineData("{REPLICAS: {Worker: null}}", "spec.REPLICAS[Worker].template.spec.containers: Required value: must be specified", "spec.REPLICAS[Worker].template.spec.containers: Required value: must have at least one container with name NAME")]
    [InlineData("{REPLICAS: {Worker: {template: {spec: {containers: []}}}}}", "spec.REPLICAS[Worker].template.spec.containers: Required value: must be specified", "spec.REPLICAS[Worker].template.spec.containers: Required value: must have at least one container with name NAME")]
    [InlineData("{REPLICAS: {Worker: {template: {spec: {containers: [{name: NAME, image: ''}]}}}}}", "spec.REPLICAS[Worker].template.spec.containers[0].image: Required value: must be required")]
    [InlineData("{REPLICAS: {Worker: {template: {spec: {containers: [{name: NAME, image: x}, {name: side}]}}}}}", "spec.REPLICAS[Worker].template.spec.containers[1].image: Required value: must be required")]
    [InlineData("{REPLICAS: {Worker: {template: {spec: {containers: [{name: other, image: x}]}}}}}", "spec.REPLICAS[Worker].template.spec.containers: Required value: must have at least one container with name NAME")]
    [InlineData("{runPolicy: {managedBy: other-job-controller}, REPLICAS: {Worker: {" + Template + "}}}", "spec.runPolicy.managedBy: Unsupported value: \"other-job-controller\": supported values: \"kueue.x-k8s.io/multikueue\", \"kubeflow.org/training-operator\"")]
    [InlineData("{runPolicy: {managedBy: ''}, REPLICAS: {Worker: {" + Template + "}}}", "spec.runPolicy.managedBy: Unsupported value: \"\": supported values: \"kueue.x-k8s.io/multikueue\", \"kubeflow.org/training-operator\"")]
    [InlineData("{runPolicy: {managedBy: kueue.x-k8s.io/multikueue}, REPLICAS: {Worker: {" + Template + "}}}")]
    [InlineData("{runPolicy: {ttlSecondsAfterFinished: -1}, REPLICAS: {Worker: {" + Template + "}}}", "spec.runPolicy.ttlSecondsAfterFinished: Invalid value: -1: must be greater than or equal to 0")]
    [InlineData("{runPolicy: {activeDeadlineSeconds: -1, backoffLimit: -2}, REPLICAS: {Worker: {" + Template + "}}}", "spec.runPolicy.activeDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0", "spec.runPolicy.backoffLimit: Invalid value: -2: must be greater than or equal to 0")]
    [InlineData("{REPLICAS: {Worker: {replicas: 2000000000, " + Template + "}}}", "spec.REPLICAS[Worker].replicas: Invalid value: 2000000000: must be between 0 and 10000")]
    [InlineData("{REPLICAS: {Worker: {restartPolicy: Sometimes, " + Template + "}}}")]
    public void Job_of_any_kind_is_held_to_the_shared_rules(string spec, params string[] errors)
    {
        foreach (var kind in Kinds)
        {
            string Filled(string text) => text.Replace("REPLICAS", kind.ReplicaSpecsField, StringComparison.Ordinal).Replace("NAME", kind.ContainerName, StringComparison.Ordinal);
            Assert.Equal(errors.Where(error => Concerns(kind, error)).Select(Filled), Errors(kind.Kind, Filled(spec)).Where(error => !IsOfMissingMaster(error)));
        }
    }

    [Theory]
    [InlineData("{tfReplicaSpecs: {Chief: {" + Template + "}, Master: {" + Template + "}}}", "spec.tfReplicaSpecs: Forbidden: must not have more than 1 Chief or Master role")]
    [InlineData("{tfReplicaSpecs: {Helper: {" + Template + "}, worker: {" + Template + "}}}")]
    [InlineData("{tfReplicaSpecs: {Worker: {replicas: -1, " + Template + "}}}", "spec.tfReplicaSpecs[Worker].replicas: Invalid value: -1: must be between 0 and 10000")]
    [InlineData("{tfReplicaSpecs: {Worker: {replicas: 0, " + Template + "}}}")]
    public void TFJob_has_rules_of_its_own(string spec, params string[] errors) => Assert.Equal(errors, Errors("TFJob", spec.Replace("NAME", "tensorflow", StringComparison.Ordinal)));

    [Theory]
    [InlineData("{pytorchReplicaSpecs: {Chief: {" + Template + "}}}", "spec.pytorchReplicaSpecs[Chief]: Unsupported value: \"Chief\": supported values: \"Master\", \"Worker\"")]
    [InlineData("{pytorchReplicaSpecs: {worker: {" + Template + "}}}", "spec.pytorchReplicaSpecs[worker]: Unsupported value: \"worker\": supported values: \"Master\", \"Worker\"")]
    [InlineData("{pytorchReplicaSpecs: {Master: {replicas: 2, " + Template + "}}}", "spec.pytorchReplicaSpecs[Master].replicas: Forbidden: must be 1")]
    [InlineData("{pytorchReplicaSpecs: {Master: {" + Template + "}}}", "spec.pytorchReplicaSpecs[Master].replicas: Forbidden: must be 1")]
    [InlineData("{pytorchReplicaSpecs: {Worker: {replicas: 0, " + Template + "}}}", "spec.pytorchReplicaSpecs[Worker].replicas: Forbidden: must be at least 1")]
    [InlineData("{elasticPolicy: {}, pytorchReplicaSpecs: {Master: {replicas: 1, " + Template + "}}}", "spec.pytorchReplicaSpecs[Worker]: Required value: must be configured if elastic policy is used")]
    [InlineData("{nprocPerNode: '2', elasticPolicy: {nProcPerNode: 2}, pytorchReplicaSpecs: {Worker: {" + Template + "}}}", "spec.elasticPolicy.nProcPerNode: Forbidden: must not be used with spec.nprocPerNode")]
    [InlineData("{elasticPolicy: {nProcPerNode: 2}, pytorchReplicaSpecs: {Worker: {" + Template + "}}}")]
    [InlineData("{elasticPolicy: {metrics: [{type: Resource, resource: {name: cpu, target: {type: Value, value: 100m}}}]}, pytorchReplicaSpecs: {Worker: {" + Template + "}}}")]
    public void PyTorchJob_has_rules_of_its_own(string spec, params string[] errors) => Assert.Equal(errors, Errors("PyTorchJob", spec.Replace("NAME", "pytorch", StringComparison.Ordinal)));

    [Theory]
    [InlineData("{Worker: {" + Template + "}}", "spec.xgbReplicaSpecs[Master]: Required value: must be present")]
    [InlineData("{Master: {replicas: 2, " + Template + "}}", "spec.xgbReplicaSpecs[Master].replicas: Forbidden: must be 1")]
    [InlineData("{Master: {" + Template + "}}", "spec.xgbReplicaSpecs[Master].replicas: Forbidden: must be 1")]
    [InlineData("{Master: {replicas: 1, " + Template + "}, Chief: {" + Template + "}}", "spec.xgbReplicaSpecs[Chief]: Unsupported value: \"Chief\": supported values: \"Master\", \"Worker\"")]
    [InlineData("{Master: {replicas: 1, " + Template + "}, Worker: {replicas: 0, " + Template + "}}")]
    public void XGBoostJob_has_rules_of_its_own(string replicaSpecs, params string[] errors) =>
        Assert.Equal(errors, Errors("XGBoostJob", $"{{xgbReplicaSpecs: {replicaSpecs.Replace("NAME", "xgboost", StringComparison.Ordinal)}}}"));

    [Theory]
    [InlineData("{Server: {" + Template + "}}", "spec.paddleReplicaSpecs[Server]: Unsupported value: \"Server\": supported values: \"Master\", \"Worker\"")]
    [InlineData("{Master: {replicas: 2, " + Template + "}}")]
    public void PaddleJob_has_rules_of_its_own(string replicaSpecs, params string[] errors) =>
        Assert.Equal(errors, Errors("PaddleJob", $"{{paddleReplicaSpecs: {replicaSpecs.Replace("NAME", "paddle", StringComparison.Ordinal)}}}"));

    [Theory]
    [InlineData("{Master: {" + Template + "}}", "spec.jaxReplicaSpecs[Master]: Unsupported value: \"Master\": supported values: \"Worker\"")]
    [InlineData("{Worker: {" + Template + "}}")]
    public void JAXJob_has_rules_of_its_own(string replicaSpecs, params string[] errors) =>
        Assert.Equal(errors, Errors("JAXJob", $"{{runPolicy: {{managedBy: somebody}}, jaxReplicaSpecs: {replicaSpecs.Replace("NAME", "jax", StringComparison.Ordinal)}}}"));

    [Theory]
    [InlineData("managedBy: kubeflow.org/training-operator", "managedBy: kueue.x-k8s.io/multikueue", "spec.runPolicy.managedBy: Invalid value: \"kueue.x-k8s.io/multikueue\": field is immutable")]
    [InlineData("managedBy: kubeflow.org/training-operator", "suspend: true", "spec.runPolicy.managedBy: Invalid value: null: field is immutable")]
    [InlineData("schedulingPolicy: {queue: a}", "schedulingPolicy: {queue: b}", "spec.runPolicy.schedulingPolicy.queue: Invalid value: \"b\": spec.runPolicy.schedulingPolicy.queue is immutable")]
    [InlineData("schedulingPolicy: {}", "schedulingPolicy: {queue: b}")]
    [InlineData("schedulingPolicy: {queue: a}", "schedulingPolicy: {}")]
    [InlineData("suspend: true", "suspend: false")]
    public void Update_may_not_change_what_is_immutable(string before, string after, params string[] errors)
    {
        foreach (var kind in Kinds)
        {
            string Spec(string policy) => $"{{runPolicy: {{{policy}}}, {kind.ReplicaSpecsField}: {{Worker: {{{Template.Replace("NAME", kind.ContainerName, StringComparison.Ordinal)}}}}}}}";
            Assert.Equal(errors.Where(error => Concerns(kind, error)), Errors(kind.Kind, Spec(after), Spec(before)).Where(error => !IsOfMissingMaster(error)));
        }
    }

    [Fact]
    public void Template_no_pod_can_be_made_from_is_refused()
    {
        var error = Assert.Single(Errors("TFJob", "{tfReplicaSpecs: {Worker: {template: {spec: {containers: [{name: tensorflow, image: x, ports: [{containerPort: many}]}]}}}}}"));
        Assert.StartsWith("spec.tfReplicaSpecs[Worker].template: Invalid value", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Metrics_no_autoscaler_can_be_made_from_are_refused()
    {
        var error = Assert.Single(Errors("PyTorchJob", "{elasticPolicy: {metrics: [{resource: cpu}]}, pytorchReplicaSpecs: {Worker: {" + Template.Replace("NAME", "pytorch", StringComparison.Ordinal) + "}}}"));
        Assert.StartsWith("spec.elasticPolicy.metrics: Invalid value", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Deprecated_field_of_the_elastic_policy_is_warned_of()
    {
        var job = Job("PyTorchJob", "{elasticPolicy: {nProcPerNode: 2}, pytorchReplicaSpecs: {Worker: {" + Template.Replace("NAME", "pytorch", StringComparison.Ordinal) + "}}}");
        Assert.Equal(["spec.elasticPolicy.nProcPerNode is deprecated, use spec.nprocPerNode instead"], Kind("PyTorchJob").Warnings(job));
    }

    [Fact]
    public void Name_too_long_for_the_services_is_warned_of()
    {
        var job = Job("TFJob", "{tfReplicaSpecs: {Worker: {replicas: 11, " + Template.Replace("NAME", "tensorflow", StringComparison.Ordinal) + "}}}");
        job["metadata"]!["name"] = new string('a', 54);
        Assert.Contains("more than 63 characters", Assert.Single(Kind("TFJob").Warnings(job)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TFJob")]
    [InlineData("PyTorchJob")]
    [InlineData("XGBoostJob")]
    [InlineData("PaddleJob")]
    [InlineData("JAXJob")]
    public void Name_must_be_one_services_can_begin_with(string kind) => Assert.Equal(NameRule.Dns1035Label, Kind(kind).NameRule);

    private static IEnumerable<TrainingKind> Kinds => TrainingFamily.Kinds.OfType<TrainingKind>();

    /// <summary>JAX jobs may be given to any manager.</summary>
    private static bool Concerns(TrainingKind kind, string error) => kind.Kind != "JAXJob" || !error.StartsWith("spec.runPolicy.managedBy", StringComparison.Ordinal);

    /// <summary>The shared rules are tried on workers alone, which XGBoost refuses for a reason of its own.</summary>
    private static bool IsOfMissingMaster(string error) => error == "spec.xgbReplicaSpecs[Master]: Required value: must be present";

    private static IEnumerable<string> Errors(string kind, string spec, string? old = null) =>
        Kind(kind).Validate(Job(kind, spec), old is null ? null : Job(kind, old)).Select(error => error.ToString());

    private static ResourceKind Kind(string kind) => TrainingFamily.Kinds.Single(candidate => candidate.Kind == kind);

    private static JsonObject Job(string kind, string spec) => World.ReadYaml($"{{apiVersion: kubeflow.org/v1, kind: {kind}, metadata: {{name: j, namespace: default}}, spec: {spec}}}");
}
