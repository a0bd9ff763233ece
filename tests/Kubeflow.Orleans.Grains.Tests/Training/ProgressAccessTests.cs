using System.Text;
using k8s.Models;
using Kubeflow.Orleans.Core.Progress;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training;
using Kubeflow.Orleans.Grains.Training.Progress;
using Kubeflow.Orleans.Kubernetes;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training;

public sealed class ProgressAccessTests
{
    private const string Manifest = """
        kind: TFJob
        metadata: {name: j}
        spec:
          tfReplicaSpecs:
            Worker: {replicas: 1, template: {spec: {containers: [{name: tensorflow, image: x}, {name: sidecar, image: z}]}}}
        """;

    private static readonly byte[] Key = ProgressToken.KeyFrom("secret");
    private static readonly TrainingOptions Options = new() { ProgressServer = new ProgressServer(Key, "PEM") { Address = new Uri("https://127.0.0.1:8443") } };

    [Fact]
    public void Pods_of_a_job_that_reports_get_address_and_token_in_every_container()
    {
        var decision = Reporting().Decide();

        var secret = Assert.IsType<V1Secret>(Assert.Single(decision.Actions.OfType<ClusterAction.Create>()).Item);
        Assert.Equal("j-progress", secret.Metadata.Name);
        Assert.Equal(ProgressToken.Of(Key, "tfjobs.kubeflow.org", "job-uid"), Encoding.UTF8.GetString(secret.Data["token"]));
        Assert.Equal("PEM", Encoding.UTF8.GetString(secret.Data["ca.crt"]));
        var pod = Assert.Single(decision.Actions.OfType<ClusterAction.CreatePod>()).Pod;
        Assert.Equal("j-progress", Assert.Single(pod.Spec.Volumes).Secret.SecretName);
        Assert.All(pod.Spec.Containers, container =>
        {
            Assert.Equal("/var/run/secrets/kubeflow/trainer", Assert.Single(container.VolumeMounts).MountPath);
            Assert.Equal(
                [
                    "KUBEFLOW_TRAINER_SERVER_URL=https://127.0.0.1:8443/apis/kubeflow.org/v1/namespaces/default/tfjobs/j/progress",
                    "KUBEFLOW_TRAINER_SERVER_CA_CERT=/var/run/secrets/kubeflow/trainer/ca.crt",
                    "KUBEFLOW_TRAINER_SERVER_TOKEN=/var/run/secrets/kubeflow/trainer/token",
                ],
                container.Env.Select(variable => $"{variable.Name}={variable.Value}"));
        });
    }

    [Fact]
    public void Job_that_does_not_ask_gets_nothing()
    {
        var decision = World.Of(Manifest, Options).Decide();
        Assert.Empty(decision.Actions.OfType<ClusterAction.Create>());
        Assert.Null(Assert.Single(decision.Actions.OfType<ClusterAction.CreatePod>()).Pod.Spec.Volumes);
    }

    [Fact]
    public void Job_runs_without_reporting_where_secrets_are_not_ours_to_make()
    {
        var world = Reporting();
        world.UnknownKinds.Add(ChildKind.Of<V1Secret>());
        Assert.Null(Assert.Single(world.Decide().Actions.OfType<ClusterAction.CreatePod>()).Pod.Spec.Volumes);
    }

    [Fact]
    public void Token_goes_with_the_end_of_the_job_and_what_was_reported_stays()
    {
        var world = Reporting();
        world.Settle();
        Assert.Single(world.Children);

        world.Job["status"]!["trainerStatus"] = World.ReadYaml("{progressPercentage: 100}");
        world.SetAll(pod => pod.Succeeded("tensorflow"));
        world.Settle();
        Assert.True(world.IsTrue("Succeeded"));
        Assert.Empty(world.Children);
        Assert.Equal("""{"progressPercentage":100}""", world.Job["status"]!["trainerStatus"]!.ToJsonString());
    }

    private static World Reporting()
    {
        var world = World.Of(Manifest, Options);
        world.Job["metadata"]!["annotations"] = World.ReadYaml($"{JobAnnotations.Progress}: {JobAnnotations.Report}");
        return world;
    }
}
