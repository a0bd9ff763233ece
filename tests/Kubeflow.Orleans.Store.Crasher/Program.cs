using Kubeflow.Orleans.Store.Crasher;

return args switch
{
    ["write", var target] => await EndlessWriter.RunAsync(target),
    ["race", var target, var keys] => await Race.RunAsync(target, int.Parse(keys, System.Globalization.CultureInfo.InvariantCulture)),
    ["bench", var target] => await Benchmark.RunAsync(target),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine($"usage: write TARGET | race TARGET KEYS | bench TARGET; a TARGET is a file or 'postgres', which is described in {StoreTarget.Connection}");
    return 2;
}
