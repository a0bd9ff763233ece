using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training;
using Kubeflow.Orleans.Kubernetes;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training;

/// <summary>
/// Random lives of random jobs: pods run, fail, restart and vanish, users suspend and scale, decisions are cut short between the status
/// write and any of their actions. What must always hold is checked after every decision.
/// </summary>
public sealed class TrainingSimulationTests
{
    private const int Steps = 60;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 120)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Job_keeps_its_promises_in_any_world_and_ends_once_the_world_calms_down(int seed)
    {
        var life = new Life(seed);
        for (var step = 0; step < Steps; step++)
        {
            life.Happen();
            life.DecideAndCheck();
        }

        life.CalmDown();
        Assert.True(life.World.IsFinished, string.Join(", ", life.World.Conditions()));
    }

    private sealed class Life
    {
        private static readonly string[] Policies = ["Never", "OnFailure", "ExitCode", "Always"];
        private static readonly string[] CleanPolicies = ["None", "Running", "All"];
        private static readonly int[] Codes = [1, 127, 130, 137];

        private readonly Random random;
        private readonly string container;
        private readonly string replicaField;
        private readonly string leader;
        private string[]? end;

        public Life(int seed)
        {
            random = new Random(seed);
            var (kind, roles) = Pick<(string, string[])>([("TFJob", ["Chief", "PS", "Worker"]), ("TFJob", ["PS", "Worker"]), ("PyTorchJob", ["Master", "Worker"]), ("PyTorchJob", ["Worker"]), ("XGBoostJob", ["Master", "Worker"]), ("PaddleJob", ["Master", "Worker"]), ("JAXJob", ["Worker"])]);
            var definition = (TrainingKind)TrainingFamily.Kinds.Single(candidate => candidate.Kind == kind);
            (container, replicaField) = (definition.ContainerName, definition.ReplicaSpecsField);
            leader = roles.FirstOrDefault(role => role is "Chief" or "Master") ?? "Worker";
            World = new World(JobOf(kind, roles));
        }

        public World World { get; }

        /// <summary>The attempt before the decision is written.</summary>
        private int Attempt => World.Notes?["attempt"]?.GetValue<int>() ?? 0;

        private bool Suspended
        {
            get => World.Job["spec"]!["runPolicy"]!["suspend"]!.GetValue<bool>();
            set => World.Job["spec"]!["runPolicy"]!["suspend"] = value;
        }

        /// <summary>One random thing.</summary>
        public void Happen()
        {
            World.Now += TimeSpan.FromSeconds(random.Next(30));
            if (random.Next(12) == 0)
            {
                Suspended = !Suspended;
            }
            else if (random.Next(12) == 0)
            {
                World.Job["spec"]![replicaField]!["Worker"]!["replicas"] = 1 + random.Next(4);
            }
            else if (World.Pods.Count > 0)
            {
                Befall(Pick(World.Pods.ToList()));
            }
        }

        /// <summary>Decides, checks, writes, and acts on as much of it as does not get lost.</summary>
        public void DecideAndCheck()
        {
            var completed = Completed();
            var wasRunning = World.IsTrue("Running");
            var decision = World.Decide();
            Assert.Equal(Text(decision), Text(World.Decide()));

            CheckActions(decision, completed);
            World.Write(decision);
            CheckStatus(wasRunning);
            Assert.True(World.IsFinished || decision.NextWake > World.Now.AddSeconds(-1), "An unfinished job must be looked at again.");

            var again = World.Decide();
            Assert.True(again is { Status: null, Notes: null }, "What was written must not be written again.");
            Assert.Empty(again.Events);
            Assert.Equal(Text(decision with { Status = null, Notes = null, Events = [] }), Text(again));

            foreach (var action in decision.Actions.Where(_ => random.Next(4) > 0).OrderBy(_ => random.Next()).ToList())
            {
                World.Act(action, linger: random.Next(2) == 0);
            }
        }

        /// <summary>Nothing fails any more, every pod runs to its end, nothing gets lost.</summary>
        public void CalmDown()
        {
            Suspended = false;
            for (var round = 0; round < 20 && !World.IsFinished; round++)
            {
                foreach (var pod in World.Pods.Where(pod => pod.Terminating).ToList())
                {
                    World.Remove(pod.Name);
                }

                World.Now += TimeSpan.FromMinutes(6);
                World.Settle();
                World.SetAll(pod => pod.Phase == "Pending" && !pod.Terminating ? pod.Running() with { Conditions = [new ObservedCondition("Ready", "True", "", "", null)] } : pod);
                World.Settle();
                World.SetAll(pod => pod.Phase is "Pending" or "Running" && !pod.Terminating ? pod.Succeeded(container) : pod);
                World.Settle();
            }
        }

        private JsonObject JobOf(string kind, string[] roles)
        {
            var policy = new JsonObject { ["cleanPodPolicy"] = Pick(CleanPolicies), ["suspend"] = random.Next(4) == 0 };
            if (random.Next(2) == 0)
            {
                policy["backoffLimit"] = random.Next(6);
            }

            if (random.Next(4) == 0)
            {
                policy["activeDeadlineSeconds"] = random.Next(1000);
            }

            return new JsonObject
            {
                ["kind"] = kind,
                ["metadata"] = new JsonObject { ["name"] = "j", ["annotations"] = Wishes() },
                ["spec"] = new JsonObject
                {
                    ["runPolicy"] = policy,
                    [replicaField] = new JsonObject(roles.Select(role => KeyValuePair.Create<string, JsonNode?>(role, ReplicaOf(role)))),
                },
            };
        }

        private JsonObject Wishes()
        {
            var wishes = new JsonObject();
            if (random.Next(3) == 0)
            {
                wishes[JobAnnotations.RestartScope] = JobAnnotations.Group;
            }

            if (random.Next(3) == 0)
            {
                wishes[JobAnnotations.InfrastructureFailures] = JobAnnotations.Retry;
            }

            if (random.Next(4) == 0)
            {
                wishes[JobAnnotations.WorkerStart] = JobAnnotations.WhenLeaderReady;
            }

            return wishes;
        }

        private JsonObject ReplicaOf(string role) => new()
        {
            ["replicas"] = role is "Chief" or "Master" ? 1 : 1 + random.Next(3),
            ["restartPolicy"] = Pick(Policies),
            ["template"] = World.ReadYaml($"{{spec: {{containers: [{{name: {container}, image: x}}]}}}}"),
        };

        private void Befall(ObservedPod pod)
        {
            if (pod.Terminating)
            {
                World.Remove(pod.Name);
                return;
            }

            switch (random.Next(8))
            {
                case 0:
                    World.Set(pod with { DeletionTime = World.Now });
                    break;
                case 1:
                    World.Remove(pod.Name);
                    break;
                case 2 when pod.Phase == "Running":
                    World.Set(pod.Restarted(container, 1 + pod.Containers.Sum(status => status.RestartCount)));
                    break;
                case 3 when pod.Phase is "Running" or "Pending":
                    World.Set(pod.Evicted());
                    break;
                case 4 when pod.Phase == "Running":
                    World.Set(pod.Failed(container, Pick(Codes)));
                    break;
                case 5 when pod.Phase == "Running":
                    World.Set(pod.Succeeded(container));
                    break;
                case >= 5 when pod.Phase == "Pending":
                    World.Set(pod.Running());
                    break;
            }
        }

        private void CheckActions(Decision decision, HashSet<string> completed)
        {
            var created = decision.Actions.OfType<ClusterAction.CreatePod>().Select(action => action.Pod.Metadata.Name).ToList();
            Assert.Equal(created.Count, created.Distinct().Count());
            Assert.DoesNotContain(created, name => World.Pods.Any(pod => pod.Name == name));
            Assert.All(decision.Actions.OfType<ClusterAction.DeletePod>(), delete => Assert.False(World.Pod(delete.Name).Terminating));
            if (end is not null || Suspended)
            {
                Assert.Empty(created);
            }
            else if (!World.IsTrue("Suspended"))
            {
                foreach (var pod in decision.Actions.OfType<ClusterAction.CreatePod>().Select(action => action.Pod))
                {
                    var attempt = ReplicaLabels.AttemptOf(pod.Metadata.Labels.AsReadOnly());
                    Assert.All(World.Pods, other => Assert.Equal(attempt, ReplicaLabels.AttemptOf(other.Labels)));
                    Assert.False(attempt == Attempt && completed.Contains(pod.Metadata.Name), "A completed replica must not run again in the same attempt.");
                }
            }
        }

        private void CheckStatus(bool wasRunning)
        {
            var conditions = World.Conditions();
            Assert.Equal(conditions.Count, conditions.Select(condition => condition[..condition.IndexOf('=', StringComparison.Ordinal)]).Distinct().Count());
            Assert.False(World.IsTrue("Succeeded") && World.IsTrue("Failed"), "A job has one end.");
            Assert.False(World.IsTrue("Running") && (World.IsTrue("Restarting") || World.IsFinished), "Running excludes restarting and the end.");
            if (World.IsTrue("Running") && !wasRunning)
            {
                Assert.Contains(World.Pods, pod => pod is { Phase: "Running", Terminating: false } && leader.Equals(pod.Labels["training.kubeflow.org/replica-type"], StringComparison.OrdinalIgnoreCase));
            }

            if (end is not null)
            {
                Assert.Equal(end, conditions);
            }

            end = World.IsFinished ? [.. conditions] : null;
            Assert.Equal(World.IsFinished, World.Job["status"]!["completionTime"] is not null);
        }

        /// <summary>Replicas that are known to have succeeded: by a note, or by a pod that shows it now.</summary>
        private HashSet<string> Completed() =>
        [
            .. (World.Notes?["replicas"]?.AsObject() ?? []).Where(entry => entry.Value!["completed"]!.GetValue<bool>()).Select(entry => entry.Key),
            .. World.Pods.Where(pod => pod.Phase == "Succeeded" && ReplicaLabels.AttemptOf(pod.Labels) == Attempt).Select(pod => pod.Name),
        ];

        private static string Text(Decision decision) => JsonSerializer.Serialize(new
        {
            Status = decision.Status?.ToJsonString(),
            Notes = decision.Notes?.ToJsonString(),
            Actions = decision.Actions.Select(action => JsonSerializer.Serialize<object>(action)),
            decision.Events,
            decision.NextWake,
            decision.DeleteObject,
        });

        private T Pick<T>(IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];
    }
}
