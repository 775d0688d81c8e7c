using System.Net.Mail;

namespace Weft.Hiring;

/// <summary>
/// Checks the fields of a request and collects everything that is wrong, so that a person corrects a form once:
/// <code>
/// var check = new RequestCheck();
/// var name = check.Text("name", body.Name, max: 200);
/// if (check.Problem is { } problem) return problem;
/// </code>
/// </summary>
public sealed class RequestCheck
{
    private readonly List<FieldError> _errors = [];

    /// <summary>The answer when something was wrong, else null.</summary>
    public ProblemResult? Problem => _errors.Count == 0 ? null : Problems.Invalid.With(errors: _errors);

    /// <summary>Notes a fault that only the caller can see.</summary>
    public void Fail(string path, string message) => _errors.Add(new FieldError(path, message));

    /// <summary>Notes a fault when the condition does not hold.</summary>
    public void That(bool holds, string path, string message)
    {
        if (!holds) Fail(path, message);
    }

    /// <summary>A required text, trimmed.</summary>
    public string Text(string path, string? value, int max, int min = 1)
    {
        var text = OptionalText(path, value, max) ?? "";
        if (text.Length == 0 && min > 0) Fail(path, "This is required.");
        else if (text.Length < min) Fail(path, $"This must have at least {min} characters.");
        return text;
    }

    /// <summary>A text that may be absent, trimmed; blank is absent.</summary>
    public string? OptionalText(string path, string? value, int max)
    {
        var text = value?.Trim();
        if (string.IsNullOrEmpty(text)) return null;
        if (text.Length > max) Fail(path, $"This must have at most {max} characters, not {text.Length}.");
        if (text.Contains('\0')) Fail(path, "This must not hold a null character.");
        return text;
    }

    /// <summary>A required mail address.</summary>
    public string Email(string path, string? value)
    {
        var email = Text(path, value, max: 254);
        var valid = MailAddress.TryCreate(email, out var parsed) && parsed.Address == email && !email.Any(char.IsControl)
            && email.LastIndexOf('@') is > 0 and var at && at < email.Length - 1;
        if (email.Length > 0 && !valid) Fail(path, "This must be a mail address, like ann@example.org.");
        return email;
    }

    /// <summary>A value that must be given.</summary>
    public T Required<T>(string path, T? value) where T : struct
    {
        if (value is null) Fail(path, "This is required.");
        return value.GetValueOrDefault();
    }
}
