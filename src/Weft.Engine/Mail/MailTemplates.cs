namespace Weft.Engine.Mail;

/// <summary>What a mail template made: subject, text, perhaps HTML and headers.</summary>
/// <param name="Subject">The subject, one line.</param>
/// <param name="Text">The text part.</param>
/// <param name="Html">The HTML part.</param>
public sealed record MailContent(string Subject, string Text, string? Html = null)
{
    /// <summary>Further headers, such as <c>List-Unsubscribe</c>.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];
}

/// <summary>Makes a mail of the values that the step's <c>with</c> gives. Values come from people: HTML must be escaped.</summary>
public delegate MailContent MailTemplate(IReadOnlyDictionary<string, object?> with);

/// <summary>The product's own mails by name, for <c>template: NAME</c>. Filled at start, before the engine runs.</summary>
public sealed class MailTemplates
{
    private readonly Dictionary<string, MailTemplate> _templates = new(StringComparer.Ordinal);

    /// <summary>Adds a template; a name can be taken once.</summary>
    public MailTemplates Add(string name, MailTemplate template)
    {
        _templates.Add(name, template);
        return this;
    }

    /// <summary>The names that <c>template</c> can have.</summary>
    public IReadOnlyCollection<string> Names => _templates.Keys;

    internal MailContent Render(string name, IReadOnlyDictionary<string, object?> with) =>
        _templates.TryGetValue(name, out var template)
            ? template(with)
            : throw new FlowException("mail_template_unknown", _templates.Count == 0
                ? $"There is no mail template '{name}'; this installation has none."
                : $"There is no mail template '{name}'. There are: {string.Join(", ", _templates.Keys.Order(StringComparer.Ordinal))}.");
}
