using System.Globalization;

namespace Kubeflow.Orleans.Grains.Training.MPIJob;

/// <summary>What the implementations of MPI want to be told, and how: the lines of their hostfile and the launcher's variables.</summary>
internal static class MPIImplementation
{
    public const string OpenMPI = "OpenMPI";
    public const string Intel = "Intel";
    public const string MPICH = "MPICH";

    public const string HostFile = "/etc/mpi/hostfile";

    /// <summary>Workers may still be starting when the launcher comes to them.</summary>
    private const string PatientSsh = "-o ConnectionAttempts=10";

    public static string HostLine(string implementation, string host, long slots) => implementation == OpenMPI ? $"{host} slots={slots}\n" : $"{host}:{slots}\n";

    public static IEnumerable<(string Name, string Value)> LauncherEnvironment(string implementation, long slots)
    {
        var number = slots.ToString(CultureInfo.InvariantCulture);
        return implementation switch
        {
            Intel => [("I_MPI_HYDRA_HOST_FILE", HostFile), ("I_MPI_HYDRA_BOOTSTRAP_EXEC_EXTRA_ARGS", PatientSsh), ("I_MPI_PERHOST", number)],
            MPICH => [("HYDRA_HOST_FILE", HostFile), ("HYDRA_LAUNCH_EXTRA_ARGS", PatientSsh)],
            _ =>
            [
                ("OMPI_MCA_orte_keep_fqdn_hostnames", "true"),
                ("OMPI_MCA_orte_default_hostfile", HostFile),
                ("OMPI_MCA_plm_rsh_args", PatientSsh),
                ("OMPI_MCA_orte_set_default_slots", number),
            ],
        };
    }
}
