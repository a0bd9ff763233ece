using System.Collections.Immutable;
using System.Globalization;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Grains.Training.TrainJob.Plan;
using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Policies;

/// <summary>Fine-tuning with TorchTune: the recipe and the configuration follow from the model, the hardware and the arguments.</summary>
internal static class TorchTune
{
    private const string MultiNodeModel = "llama3_3/70B";

    private static readonly string[] Models = ["llama3_2/1B", "llama3_2/3B", MultiNodeModel, "qwen2_5/1.5B"];
    private static readonly string[] RuntimeSettings = ["output_dir", "tokenizer.path", "checkpointer.checkpoint_dir", "tokenizer.merges_file"];

    public static bool Runs(TrainJobSpec job) => job.Trainer?.Command is ["tune", "run"];

    public static IEnumerable<FieldError> Validate(TrainJobSpec job, RuntimeView runtime)
    {
        var model = ModelOf(runtime.Name);
        if (!Models.Contains(model))
        {
            return [FieldError.Invalid("spec.runtimeRef", $"\"{runtime.Name}\"", $"must have a supported pretrained model, invalid model configured: {model}")];
        }

        return [.. ValidateNodes(job, model), .. ValidateTuning(job, model), .. ValidateArguments(job)];
    }

    public static void Apply(TrainJobPlan plan, V1Container container, string processes)
    {
        var nodes = plan.Trainer!.Nodes;
        var devices = Math.Max(int.TryParse(processes, CultureInfo.InvariantCulture, out var number) ? number : 1, NodeResources.Gpus(container.Resources));
        var (recipe, suffix) = Recipe(nodes, devices, Tuning.Of(plan.Job));
        container.Command =
        [
            "tune", "run",
            .. nodes > 1 || devices > 1 ? [$"--rdzv_endpoint={plan.HeadHost}:{TrainerApi.Port}"] : Array.Empty<string>(),
            recipe, "--config", ModelOf(plan.Runtime.Name) + suffix,
            .. SettingsOf(plan.Runtime),
        ];
    }

    private static (string Recipe, string Suffix) Recipe(int nodes, long devices, Tuning tuning) => (nodes, devices, tuning) switch
    {
        ( > 1, _, _) => ("full_finetune_distributed", "_full_multinode"),
        (_, > 1, { Quantized: true }) => ("lora_finetune_distributed", "_qlora"),
        (_, > 1, { LowRank: true }) => ("lora_finetune_distributed", "_lora"),
        (_, > 1, _) => ("full_finetune_distributed", "_full"),
        (_, _, { Quantized: true }) => ("lora_finetune_single_device", "_qlora_single_device"),
        (_, _, { LowRank: true }) => ("lora_finetune_single_device", "_lora_single_device"),
        _ => ("full_finetune_single_device", "_full_single_device"),
    };

    /// <summary>What TorchTune calls the model of a runtime: <c>torchtune-llama3.2-1b</c> is llama3_2/1B.</summary>
    private static string ModelOf(string runtimeName) => runtimeName.Split('-') is [_, var family, var size]
        ? $"{family.Replace('.', '_')}/{size.ToUpperInvariant()}"
        : "";

    private static IEnumerable<FieldError> ValidateNodes(TrainJobSpec job, string model)
    {
        if (job.Trainer!.NumNodes is > 1 and var nodes && model != MultiNodeModel)
        {
            yield return FieldError.Invalid("spec.trainer.numNodes", $"{nodes}", $"must be 1 for {model} model");
        }

        if (job.Trainer.NumNodes > 1 && Tuning.Of(job) is { Quantized: true } or { LowRank: true })
        {
            yield return FieldError.Invalid("spec.trainer.args", "\"array\"", "LoRA fine-tuning is not supported for multi-node training in TorchTune");
        }
    }

    private static IEnumerable<FieldError> ValidateTuning(TrainJobSpec job, string model)
    {
        if (!Tuning.Of(job).Quantized)
        {
            yield break;
        }

        if (model.StartsWith("qwen", StringComparison.Ordinal))
        {
            yield return FieldError.Invalid("spec.trainer.args", "\"array\"", $"QLoRA is not supported for {model} model");
        }

        if (!model.StartsWith("llama3_2/", StringComparison.Ordinal))
        {
            yield break;
        }

        if (job.Trainer!.NumProcPerNode is > 1 and var processes)
        {
            yield return FieldError.Invalid("spec.trainer.numProcPerNode", $"{processes}", $"must be auto or 1 for {model} model when using QLoRA");
        }

        if (job.Trainer.ResourcesPerNode is { } resources && NodeResources.Gpus(resources) is > 1 and var gpus)
        {
            yield return FieldError.Invalid("spec.trainer.resourcesPerNode", $"{gpus}", $"must have gpu resource with value 1 for {model} model when using QLoRA");
        }
    }

    private static IEnumerable<FieldError> ValidateArguments(TrainJobSpec job) =>
        from argument in job.Trainer!.Args ?? []
        from setting in RuntimeSettings
        where IsSetting(argument, setting)
        select FieldError.Invalid("spec.trainer.args", "\"array\"", $"must not set immutable config \"{setting}\" in trainer args; it is managed by the runtime");

    /// <summary>What the runtime's own command sets and no job may change.</summary>
    private static ImmutableArray<string> SettingsOf(RuntimeView runtime) =>
    [
        .. from container in runtime.Step(TrainerApi.Trainer)?.Containers ?? []
           where container.Text("name") == TrainerApi.Node
           from argument in container.Items("command").Select(argument => argument.GetString() ?? "")
           where RuntimeSettings.Any(setting => IsSetting(argument, setting))
           select argument,
    ];

    private static bool IsSetting(string argument, string setting) => argument.StartsWith(setting + "=", StringComparison.Ordinal);

    /// <param name="LowRank">Only adapters are trained.</param>
    /// <param name="Quantized">... on top of a quantized model.</param>
    private readonly record struct Tuning(bool LowRank, bool Quantized)
    {
        public static Tuning Of(TrainJobSpec job)
        {
            var arguments = job.Trainer?.Args ?? [];
            return new Tuning(
                arguments.Any(argument => argument.Contains("model.lora_attn_modules", StringComparison.Ordinal)),
                Has(arguments, "model.quantize_base=true") && !Has(arguments, "model.use_dora=true"));
        }

        private static bool Has(IEnumerable<string> arguments, string setting) => arguments.Any(argument => argument.Equals(setting, StringComparison.OrdinalIgnoreCase));
    }
}
