namespace Weft.Engine.Expressions;

/// <summary>A value of a flow's source whose texts may be templates: a scalar, a list or a map, compiled once.</summary>
public sealed class ValueTemplate
{
    private readonly object? _constant;
    private readonly Template? _template;
    private readonly ValueTemplate[]? _items;
    private readonly (string Key, ValueTemplate Value)[]? _entries;

    private ValueTemplate(object? constant) => _constant = constant;

    private ValueTemplate(Template template)
    {
        _template = template;
        IsVolatile = template.IsVolatile;
    }

    private ValueTemplate(ValueTemplate[] items)
    {
        _items = items;
        IsVolatile = Array.Exists(items, i => i.IsVolatile);
    }

    private ValueTemplate((string, ValueTemplate)[] entries)
    {
        _entries = entries;
        IsVolatile = Array.Exists(entries, e => e.Item2.IsVolatile);
    }

    /// <summary>True when two evaluations with the same variables may differ.</summary>
    public bool IsVolatile { get; }

    /// <summary>True when there is nothing to evaluate.</summary>
    public bool IsConstant => _template is null && _items is null && _entries is null;

    /// <summary>The value when <see cref="IsConstant"/>; null otherwise.</summary>
    public object? Constant => _constant;

    /// <summary>A value without templates.</summary>
    public static ValueTemplate Of(object? constant) => new(constant);

    /// <summary>A text that may be a template. Throws <see cref="TemplateSyntaxException"/>.</summary>
    public static ValueTemplate Parse(string text)
    {
        var template = Template.Parse(text);
        return template.IsConstant ? new ValueTemplate((object?)text) : new ValueTemplate(template);
    }

    /// <summary>A template that is parsed already.</summary>
    public static ValueTemplate Of(Template template) =>
        template.IsConstant ? new ValueTemplate((object?)template.Source) : new ValueTemplate(template);

    /// <summary>A list of values.</summary>
    public static ValueTemplate List(IEnumerable<ValueTemplate> items)
    {
        var array = items.ToArray();
        return Array.TrueForAll(array, i => i.IsConstant) ? new ValueTemplate((object?)array.Select(i => i._constant).ToList()) : new ValueTemplate(array);
    }

    /// <summary>A map of values, in order.</summary>
    public static ValueTemplate Map(IEnumerable<(string Key, ValueTemplate Value)> entries)
    {
        var array = entries.ToArray();
        if (!Array.TrueForAll(array, e => e.Value.IsConstant)) return new ValueTemplate(array);
        var map = FlowValue.Map();
        foreach (var (key, value) in array) map[key] = value._constant;
        return new ValueTemplate((object?)map);
    }

    /// <summary>The value with every template evaluated.</summary>
    public object? Evaluate(ITemplateScope scope)
    {
        if (_template is not null) return _template.Evaluate(scope);
        if (_items is not null)
        {
            var list = new List<object?>(_items.Length);
            foreach (var item in _items) list.Add(item.Evaluate(scope));
            return list;
        }
        if (_entries is null) return _constant;
        var map = FlowValue.Map();
        foreach (var (key, value) in _entries) map[key] = value.Evaluate(scope);
        return map;
    }
}
