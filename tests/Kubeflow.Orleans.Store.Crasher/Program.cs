using Kubeflow.Orleans.Store.Crasher;

return args switch
{
    ["write", var path] => await EndlessWriter.RunAsync(path),
    ["bench", var path] => await Benchmark.RunAsync(path),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: write FILE | bench FILE");
    return 2;
}
