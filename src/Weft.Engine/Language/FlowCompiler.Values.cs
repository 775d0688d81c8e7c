using System.Globalization;
using System.Text.Json;
using Weft.Engine.Expressions;

namespace Weft.Engine.Language;

public sealed partial class FlowCompiler
{
    /// <summary>Whether names under inputs, outputs and vars in the templates that are being read must exist in this flow.</summary>
    private bool _checksReferences = true;

    /// <summary>Whether a text holds template syntax.</summary>
    internal static bool IsTemplate(string text) =>
        text.Contains("{{", StringComparison.Ordinal) || text.Contains("{%", StringComparison.Ordinal) || text.Contains("{#", StringComparison.Ordinal);

    /// <summary>A property's value, checked as far as it is known before the run; null when absent or wrong.</summary>
    private ValueTemplate? Property(TaskProperty property, SourceNode node, string path, string key)
    {
        if (node is ScalarNode { IsNull: true }) return null;
        if (property.IsCondition && node is ScalarNode { Value: string condition } conditionNode && !IsTemplate(condition)) return Condition(conditionNode, path);
        if (node is ScalarNode { Value: string text } template && IsTemplate(text)) return Parse(template, path);

        var value = property.Type switch
        {
            PropertyType.Any => Value(node, path),
            PropertyType.String when node is ScalarNode scalar => ValueTemplate.Of(scalar.Text),
            PropertyType.Integer when node is ScalarNode scalar && long.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => ValueTemplate.Of(whole),
            PropertyType.Number when node is ScalarNode scalar && double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) =>
                ValueTemplate.Of(scalar.Value is long integer ? integer : number),
            PropertyType.Boolean when node is ScalarNode scalar && bool.TryParse(scalar.Text, out var flag) => ValueTemplate.Of(flag),
            PropertyType.Duration when node is ScalarNode scalar && IsoDuration.TryParse(scalar.Text, out _) => ValueTemplate.Of(scalar.Text),
            PropertyType.List when node is ListNode => Value(node, path),
            PropertyType.List when node is ScalarNode scalar && Json(scalar.Text) is List<object?> list => ValueTemplate.Of(list),
            PropertyType.List when node is ScalarNode scalar && property.Values is not null => ValueTemplate.Of(new List<object?> { scalar.Text }),
            PropertyType.Map when node is MapNode => Value(node, path),
            PropertyType.Map when node is ScalarNode scalar && Json(scalar.Text) is OrderedDictionary<string, object?> map => ValueTemplate.Of(map),
            _ => null,
        };
        if (value is null)
        {
            _problems.Add(node, path, $"'{key}' must be {Expected(property.Type)}, but this is {Shown(node)}.");
            return null;
        }
        CheckValues(property, value, node, path, key);
        return value;
    }

    private void CheckValues(TaskProperty property, ValueTemplate value, SourceNode node, string path, string key)
    {
        if (property.Values is null || !value.IsConstant) return;
        foreach (var item in value.Constant is List<object?> list ? list : [value.Constant])
        {
            var text = FlowValue.ToText(item);
            if (property.Values.Contains(text, StringComparer.OrdinalIgnoreCase)) continue;
            _problems.Add(node, path, $"'{key}' is {Names.Quote(text)}; it must be {Names.OneOf(property.Values)}.{Names.Suggest(text, property.Values)}");
        }
    }

    /// <summary>Any value of the source; its texts may be templates.</summary>
    private ValueTemplate Value(SourceNode node, string path)
    {
        switch (node)
        {
            case ScalarNode { Value: string text } scalar:
                return IsTemplate(text) ? Parse(scalar, path) ?? ValueTemplate.Of(text) : ValueTemplate.Of(text);
            case ScalarNode scalar:
                return ValueTemplate.Of(scalar.Value);
            case ListNode list:
                return ValueTemplate.List([.. list.Items.Select((item, i) => Value(item, $"{path}[{i}]"))]);
            default:
                var entries = new List<(string, ValueTemplate)>();
                foreach (var entry in ((MapNode)node).Entries)
                {
                    if (IsTemplate(entry.Key)) _problems.Add(entry, $"{path}.{entry.Key}", "A key cannot be a template. Give the whole map by one template instead.");
                    entries.Add((entry.Key, Value(entry.Value, $"{path}.{entry.Key}")));
                }
                return ValueTemplate.Map(entries);
        }
    }

    /// <summary>A text that may be a template, whatever it looks like to YAML: a label 1.10 stays 1.10.</summary>
    private ValueTemplate TextTemplate(ScalarNode scalar, string path) =>
        IsTemplate(scalar.Text) ? Parse(scalar, path) ?? ValueTemplate.Of(scalar.Text) : ValueTemplate.Of(scalar.Text);

    private ValueTemplate? Parse(ScalarNode scalar, string path)
    {
        try
        {
            var template = Template.Parse(scalar.Text);
            Remember(scalar, template.Source, template.References, 0, path);
            return ValueTemplate.Of(template);
        }
        catch (TemplateSyntaxException e)
        {
            ReportSyntax(scalar, scalar.Text, 0, e, path);
            return null;
        }
    }

    /// <summary>A condition without braces is one expression; the words true and false are themselves.</summary>
    private ValueTemplate? Condition(ScalarNode scalar, string path)
    {
        const string Open = "{{ ";
        var text = scalar.Text.Trim();
        if (bool.TryParse(text, out var flag)) return ValueTemplate.Of(flag);
        if (text.Length == 0)
        {
            _problems.Add(scalar, path, "The condition is empty. Write an expression such as inputs.count > 0.");
            return null;
        }
        var source = $"{Open}{scalar.Text}{" }}"}";
        try
        {
            var template = Template.Parse(source);
            Remember(scalar, source, template.References, Open.Length, path);
            return ValueTemplate.Of(template);
        }
        catch (TemplateSyntaxException e)
        {
            ReportSyntax(scalar, source, Open.Length, e, path);
            return null;
        }
    }

    private string? RawTemplate(MapEntry entry, string path)
    {
        if (entry.Value is not ScalarNode { IsNull: false } scalar)
        {
            _problems.Add(entry.Value, path, $"'{entry.Key}' must be a text, but this is {entry.Value.Kind}.");
            return null;
        }
        try
        {
            var sql = SqlTemplate.Parse(scalar.Text);
            Remember(scalar, scalar.Text, sql.References, 0, path);
            return scalar.Text;
        }
        catch (TemplateSyntaxException e)
        {
            ReportSyntax(scalar, scalar.Text, 0, e, path);
            return null;
        }
    }

    private void Remember(ScalarNode scalar, string template, TemplateReferences references, int shift, string path)
    {
        if (!_checksReferences || references.Variables.Count == 0) return;
        var source = new SourceText(template, onlyLineFeeds: true);
        var seen = new HashSet<(string, string)>();
        foreach (var variable in references.Variables)
        {
            if (variable.Guarded || variable.Path.Count == 0 || variable.Name is not ("inputs" or "outputs" or "vars")) continue;
            // Once in a text is enough to say that a name is missing.
            if (!seen.Add((variable.Name, variable.Path[0]))) continue;
            _references.Add(new PendingReference(scalar, path, variable.Name, variable.Path[0], source.Offset(variable.Line, variable.Column) - shift));
        }
    }

    /// <summary>Puts a mistake inside a template at its place in the flow's source.</summary>
    private void ReportSyntax(ScalarNode scalar, string template, int shift, TemplateSyntaxException e, string path)
    {
        var index = new SourceText(template, onlyLineFeeds: true).Offset(e.Line, e.Column) - shift;
        var (line, column) = scalar.Locate(Math.Clamp(index, 0, scalar.Text.Length));
        // The place inside the template says less than the one in the flow.
        _problems.Add(line, column, path, e.Message.Replace($" (line {e.Line}, column {e.Column} of the template)", "", StringComparison.Ordinal));
    }

    private static object? Json(string text)
    {
        var trimmed = text.AsSpan().Trim();
        if (trimmed.IsEmpty || trimmed[0] is not ('[' or '{')) return null;
        try
        {
            return FlowValue.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Shown(SourceNode node) => node is ScalarNode { Value: string text } && text.Length <= 80 ? $"the text {Names.Quote(text)}" : node.Kind;

    private static string Expected(PropertyType type) => type switch
    {
        PropertyType.String or PropertyType.RawTemplate => "a text",
        PropertyType.Integer => "a whole number",
        PropertyType.Number => "a number",
        PropertyType.Boolean => "true or false",
        PropertyType.Duration => IsoDuration.Expected,
        PropertyType.List => "a list",
        PropertyType.Map => "a map",
        _ => "a value",
    };
}
