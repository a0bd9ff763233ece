namespace Kubeflow.Orleans.Core.Patches;

/// <summary>How a patch that cannot be applied is answered.</summary>
public enum PatchFailure
{
    /// <summary>400: the patch makes no sense by itself.</summary>
    BadRequest,

    /// <summary>413: the patch asks for more work than a request may.</summary>
    TooLarge,

    /// <summary>422: it does not fit the object it is applied to.</summary>
    Unprocessable,

    /// <summary>500: what the Go server answers when list elements lack their merge key.</summary>
    InternalError,
}

/// <summary>A patch cannot be applied; the target may be half patched and is thrown away.</summary>
public sealed class PatchException(PatchFailure failure, string message) : Exception(message)
{
    public PatchFailure Failure { get; } = failure;
}
