using k8s.Models;
using Kubeflow.Orleans.Core.Progress;
using Kubeflow.Orleans.Grains.Training;
using Kubeflow.Orleans.Grains.Training.Progress;
using Kubeflow.Orleans.Grains.Training.TrainJob;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training.TrainJob;

public sealed class TrainJobProgressTests
{
    private const string Runtime = """
        apiVersion: trainer.kubeflow.org/v1alpha1
        kind: ClusterTrainingRuntime
        metadata: { name: plain, labels: { trainer.kubeflow.org/framework: plainml } }
        spec:
          mlPolicy: { numNodes: 2 }
          template:
            spec:
              replicatedJobs:
              - name: node
                template:
                  metadata: { labels: { trainer.kubeflow.org/trainjob-ancestor-step: trainer } }
                  spec: { template: { spec: { containers: [{ name: node, image: x }] } } }
        """;

    [Theory]
    [InlineData("Report", true)]
    [InlineData("None", false)]
    public void Pods_that_train_get_what_they_need_to_report_when_asked_to(string annotation, bool reports)
    {
        var key = ProgressToken.KeyFrom("secret");
        var server = new ProgressServer(key, "PEM") { Address = new Uri("https://127.0.0.1:8443") };
        var job = World.ReadYaml("""
            apiVersion: trainer.kubeflow.org/v1alpha1
            kind: TrainJob
            metadata: { name: t }
            spec: { runtimeRef: { name: plain } }
            """);
        job["metadata"]!["annotations"] = World.ReadYaml($"{JobAnnotations.Progress}: {annotation}");
        var world = new TrainJobWorld(job, World.ReadYaml(Runtime)) { Machine = TrainerFamily.StateMachines(new TrainingOptions { ProgressServer = server }).Single() };
        world.Settle();

        Assert.Equal(2, world.Created.Count);
        Assert.All(world.Created, pod => Assert.Equal(
            reports ? "https://127.0.0.1:8443/apis/trainer.kubeflow.org/v1alpha1/namespaces/default/trainjobs/t/progress" : null,
            pod.Spec.Containers[0].Env.FirstOrDefault(variable => variable.Name == "KUBEFLOW_TRAINER_SERVER_URL")?.Value));
        Assert.Equal(
            reports ? [ProgressToken.Of(key, "trainjobs.trainer.kubeflow.org", "job-uid")] : Array.Empty<string>(),
            world.CreatedChildren.OfType<V1Secret>().Select(secret => System.Text.Encoding.UTF8.GetString(secret.Data["token"])));
    }
}
