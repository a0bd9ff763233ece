using System.Text;

namespace Kubeflow.Orleans.Silo.Security;

/// <summary>The kubeconfig that lets kubectl and every other client of this user in.</summary>
internal static class Kubeconfig
{
    public static Task WriteAsync(string path, Uri server, LocalCredentials credentials, CancellationToken cancellationToken) =>
        PrivateFiles.WriteAsync(path, Render(server, credentials), cancellationToken);

    private static string Render(Uri server, LocalCredentials credentials) => $"""
        apiVersion: v1
        kind: Config
        clusters:
        - name: kubeflow-orleans
          cluster:
            server: {server.GetLeftPart(UriPartial.Authority)}
            certificate-authority-data: {Convert.ToBase64String(Encoding.ASCII.GetBytes(credentials.AuthorityPem))}
        users:
        - name: kubeflow-orleans
          user:
            token: {credentials.Token}
        contexts:
        - name: kubeflow-orleans
          context:
            cluster: kubeflow-orleans
            user: kubeflow-orleans
            namespace: default
        current-context: kubeflow-orleans

        """;
}
