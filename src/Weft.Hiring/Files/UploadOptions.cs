using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Weft.Hiring.Files;

/// <summary>Settings of uploaded files.</summary>
public sealed class UploadOptions
{
    [Description("The largest file that is taken, in bytes.")]
    [Range(1_024, 200 * 1024 * 1024)]
    public int MaxBytes { get; init; } = 15 * 1024 * 1024;
}
