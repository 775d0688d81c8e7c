using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;

namespace Weft.Engine.Expressions;

/// <summary>The functions of the language itself. What reaches outside (<c>secret</c>, <c>kv</c>) belongs to the host.</summary>
internal static class Functions
{
    private static readonly Dictionary<string, Function> All = new(StringComparer.Ordinal)
    {
        ["now"] = Dates.Now,
        ["yaml"] = new(["yaml"], c => YamlText.Read(c.Text(0), c.E)),
        ["range"] = new(["start", "end", "increment"], c => Range(c.Required(0), c.Required(1), c.Value(2), c.E)),
        ["max"] = new(null, c => Extreme(c, ">")),
        ["min"] = new(null, c => Extreme(c, "<")),
        ["fromJson"] = new(["json"], FromJson),
        ["json"] = new(["json"], FromJson),
        ["uuid"] = new([], _ => Guid.CreateVersion7().ToString(), IsVolatile: true),
        ["id"] = new([], _ => RandomText(22), IsVolatile: true),
        ["nanoId"] = new(["length"], c => RandomText((int)Math.Clamp(c.Whole(0, 21), 1, 256)), IsVolatile: true),
        ["randomInt"] = new(["lower", "upper"], c => RandomInt(c), IsVolatile: true),
        ["render"] = new(["toRender", "recursive"], c => Render(c.Value(0), c.Flag(1, true), c)),
        ["renderOnce"] = new(["toRender"], c => Render(c.Value(0), false, c)),
    };

    public static IEnumerable<string> Names => All.Keys;

    public static bool TryGet(string name, [NotNullWhen(true)] out Function? function) => All.TryGetValue(name, out function);

    public static object Range(object? start, object? end, object? increment, Evaluation e)
    {
        var step = increment switch
        {
            null => 1L,
            long whole => whole,
            double number when Math.Abs(number) < 1e15 => (long)number,
            _ => throw e.Type($"The increment of a range must be a number, not {Operators.Kind(increment)}."),
        };
        if (step == 0) throw e.Fail("The increment of a range must not be 0.");
        var letters = start is string { Length: 1 } && end is string { Length: 1 };
        var (first, last) = letters ? (((string)start!)[0], ((string)end!)[0]) : (Bound(start, e), Bound(end, e));
        var list = new List<object?>();
        for (var i = first; step > 0 ? i <= last : i >= last; i += step)
        {
            e.Step();
            list.Add(letters ? ((char)i).ToString() : i);
            if (step > 0 ? i > long.MaxValue - step : i < long.MinValue - step) break;
        }
        return list;
    }

    private static long Bound(object? value, Evaluation e) => value switch
    {
        long whole => whole,
        double number when Math.Abs(number) < 1e18 => (long)number,
        _ => throw e.Type($"A range goes from number to number or from letter to letter, not from or to {Operators.Kind(value)}."),
    };

    private static object? Extreme(Call call, string better)
    {
        object? best = null;
        for (var i = 0; i < call.Count; i++)
        {
            var candidate = call.Value(i);
            if (best is null || Operators.Ordered(better, candidate, best, call.E)) best = candidate ?? best;
        }
        return best;
    }

    private static object? FromJson(Call call)
    {
        if (!call.Has(0)) call.Required(0);
        if (call.Value(0) is null) return null;
        if (call.Value(0) is not string text) throw call.E.Type($"`{call.Name}` reads text, not {Operators.Kind(call.Value(0))}.");
        return ParseJson(text, call.E, call.Name);
    }

    public static object? ParseJson(string text, Evaluation e, string what)
    {
        e.Reserve(text.Length);
        try
        {
            return FlowValue.Parse(text);
        }
        catch (JsonException problem)
        {
            throw e.Fail($"`{what}` was given text that is not JSON: {problem.Message}");
        }
    }

    private static long RandomInt(Call call)
    {
        var lower = call.Whole(0);
        var upper = call.Whole(1);
        if (upper < lower || upper - (decimal)lower > int.MaxValue) throw call.E.Fail("`randomInt` needs a lower bound below the upper one, at most 2147483647 apart.");
        return upper == lower ? lower : lower + RandomNumberGenerator.GetInt32((int)(upper - lower));
    }

    private static string RandomText(int length) => RandomNumberGenerator.GetString("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", length);

    /// <summary>Evaluates templates inside a value, once or until nothing changes any more.</summary>
    private static object? Render(object? value, bool recursive, Call call)
    {
        call.E.Step();
        if (!call.Has(0)) call.Required(0);
        switch (value)
        {
            case string text:
                if (!TemplateLexer.HasTemplate(text)) return text;
                object? rendered;
                try
                {
                    rendered = Template.Parse(text, call.E.Limits).EvaluateWithin(call.E);
                }
                catch (TemplateSyntaxException problem)
                {
                    throw call.E.Fail($"`{call.Name}` was given a template that cannot be read: {problem.Message}");
                }
                if (!recursive || rendered is string same && same == text) return rendered;
                call.E.EnterCall();
                rendered = Render(rendered, recursive, call);
                call.E.LeaveCall();
                return rendered;
            case IReadOnlyDictionary<string, object?> map:
                var copy = FlowValue.Map();
                foreach (var (key, item) in map) copy[key] = Render(item, recursive, call);
                return copy;
            case IReadOnlyList<object?> list: return list.Select(item => Render(item, recursive, call)).ToList();
            default: return value;
        }
    }
}
