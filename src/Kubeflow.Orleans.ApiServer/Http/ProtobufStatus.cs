using System.Text;
using Kubeflow.Orleans.Core.Errors;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>
/// A Status in Kubernetes' protobuf envelope, for clients that read nothing else: they must learn in their own language that the
/// server does not speak it.
/// </summary>
internal static class ProtobufStatus
{
    public static byte[] Encode(ApiStatus status)
    {
        byte[] typeMeta = [.. Field(1, "v1"), .. Field(2, "Status")];
        byte[] emptyListMeta = [.. Field(1, ""), .. Field(2, ""), .. Field(3, "")];
        byte[] body = [.. Field(1, emptyListMeta), .. Field(2, "Failure"), .. Field(3, status.Message), .. Field(4, status.Reason), .. Number(6, status.Code)];
        return [.. "k8s\0"u8, .. Field(1, typeMeta), .. Field(2, body), .. Field(3, ""), .. Field(4, "")];
    }

    private static byte[] Field(int number, string text) => Field(number, Encoding.UTF8.GetBytes(text));

    private static byte[] Field(int number, byte[] bytes) => [(byte)((number << 3) | 2), .. Variable(bytes.Length), .. bytes];

    private static byte[] Number(int number, int value) => [(byte)(number << 3), .. Variable(value)];

    private static byte[] Variable(int value) => value < 0x80 ? [(byte)value] : [(byte)(value | 0x80), .. Variable(value >> 7)];
}
