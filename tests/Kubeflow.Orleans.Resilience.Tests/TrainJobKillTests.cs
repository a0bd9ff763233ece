using System.Globalization;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Resilience.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Resilience.Tests;

/// <summary>The silo is killed again and again while TrainJobs go from step to step on simulated nodes.</summary>
public sealed class TrainJobKillTests
{
    private const int Kills = 10;
    private const int Trainers = 3;
    private const int LongestLifeMilliseconds = 2500;
    private const string TrainJobs = "apis/trainer.kubeflow.org/v1alpha1/namespaces/default/trainjobs";
    private const string Runtimes = "apis/trainer.kubeflow.org/v1alpha1/namespaces/default/trainingruntimes";
    private const string StepLabel = "jobset.sigs.k8s.io/replicatedjob-name";

    /// <summary>The moments of a run are the seed's: KFO_KILL_SEEDS=1,2,3 tries others.</summary>
    public static TheoryData<int> Seeds => RandomKillTests.Seeds;

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Killed_ten_times_every_job_completes_with_one_pod_for_each_index(int seed)
    {
        var random = new Random(seed);
        await using var silo = await KillableSilo.StartAsync("--simulated-nodes", "2");
        (await silo.Api.CreateAsync(Runtimes, Runtime())).RequireSuccess();
        var names = new List<string>();
        for (var round = 0; round < Kills; round++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"train-{round}");
            (await silo.Api.CreateAsync(TrainJobs, TrainJob(name))).RequireSuccess();
            names.Add(name);
            await Task.Delay(random.Next(LongestLifeMilliseconds), TestContext.Current.CancellationToken);
            await silo.KillAsync();
            await silo.StartAgainAsync();
        }

        await Until.TrueAsync(() => "every job to be complete", async () =>
            (await silo.Api.ListAsync(TrainJobs)).Items.Count(job => job.IsTrue("Complete")) == names.Count);
        var (pods, _) = await silo.Api.ListAsync(Jobs.Pods);
        foreach (var name in names)
        {
            var steps = pods.Where(pod => (string?)pod["metadata"]!["labels"]!["jobset.sigs.k8s.io/jobset-name"] == name)
                .Select(pod => $"{pod["metadata"]!["labels"]![StepLabel]}-{pod["metadata"]!["labels"]!["batch.kubernetes.io/job-completion-index"]} {pod["status"]!["phase"]}")
                .Order();
            Assert.Equal(["dataset-initializer-0 Succeeded", .. Enumerable.Range(0, Trainers).Select(index => $"node-{index} Succeeded")], steps);
        }
    }

    private static JsonObject TrainJob(string name) => new()
    {
        ["apiVersion"] = "trainer.kubeflow.org/v1alpha1",
        ["kind"] = "TrainJob",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject
        {
            ["runtimeRef"] = new JsonObject { ["kind"] = "TrainingRuntime", ["name"] = "simulated" },
            ["trainer"] = new JsonObject { ["numNodes"] = Trainers },
        },
    };

    private static JsonObject Runtime() => new()
    {
        ["apiVersion"] = "trainer.kubeflow.org/v1alpha1",
        ["kind"] = "TrainingRuntime",
        ["metadata"] = new JsonObject { ["name"] = "simulated" },
        ["spec"] = new JsonObject
        {
            ["mlPolicy"] = new JsonObject { ["numNodes"] = 1, ["torch"] = new JsonObject() },
            ["template"] = new JsonObject { ["spec"] = new JsonObject { ["replicatedJobs"] = new JsonArray(Step("dataset-initializer", "dataset-initializer"), Step("node", "trainer", "dataset-initializer")) } },
        },
    };

    private static JsonObject Step(string name, string step, string? after = null)
    {
        var job = new JsonObject
        {
            ["name"] = name,
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["trainer.kubeflow.org/trainjob-ancestor-step"] = step } },
                ["spec"] = new JsonObject
                {
                    ["template"] = new JsonObject
                    {
                        ["spec"] = new JsonObject
                        {
                            ["nodeSelector"] = new JsonObject { ["type"] = "kwok" },
                            ["tolerations"] = new JsonArray(new JsonObject { ["key"] = "kwok.x-k8s.io/node", ["operator"] = "Exists", ["effect"] = "NoSchedule" }),
                            ["containers"] = new JsonArray(new JsonObject { ["name"] = name, ["image"] = "train" }),
                        },
                    },
                },
            },
        };
        if (after is not null)
        {
            job["dependsOn"] = new JsonArray(new JsonObject { ["name"] = after, ["status"] = "Complete" });
        }

        return job;
    }
}
