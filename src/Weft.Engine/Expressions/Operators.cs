using System.Collections;
using System.Globalization;

namespace Weft.Engine.Expressions;

/// <summary>What the operators do to values: arithmetic, comparison, membership, truth.</summary>
internal static class Operators
{
    public static string Kind(object? value) => value switch
    {
        null => "null",
        string => "text",
        bool => "a boolean",
        long or decimal => "a whole number",
        double => "a number",
        DateTimeOffset => "a date",
        IReadOnlyDictionary<string, object?> => "a map",
        IEnumerable => "a list",
        _ => "a loop",
    };

    /// <summary>Truth as Pebble has it: null, lists and maps are neither true nor false.</summary>
    public static bool Truth(object? value, Evaluation e, string where) => value switch
    {
        bool flag => flag,
        string text => text.Length > 0,
        long whole => whole != 0,
        double number => number != 0,
        decimal number => number != 0,
        null => throw e.Type($"{where} is null. Use `is null`, `??` or `| default(…)`."),
        _ => throw e.Type($"{where} is {Kind(value)}, which is neither true nor false. Use `is empty` or `| length > 0`."),
    };

    public static object? Add(object? left, object? right, Evaluation e)
    {
        if (left is string || right is string) return e.Made(string.Concat(left is null ? "null" : e.Text(left), right is null ? "null" : e.Text(right)));
        if (left is IReadOnlyList<object?> list)
        {
            var more = right as IReadOnlyList<object?>;
            e.Step(list.Count + (more?.Count ?? 1));
            var sum = new List<object?>(list.Count + (more?.Count ?? 1));
            sum.AddRange(list);
            if (more is not null) sum.AddRange(more);
            else sum.Add(right);
            return sum;
        }
        return Arithmetic('+', left, right, e);
    }

    public static object? Subtract(object? left, object? right, Evaluation e)
    {
        if (left is not IReadOnlyList<object?> list) return Arithmetic('-', left, right, e);
        var gone = right as IReadOnlyList<object?>;
        e.Step(list.Count);
        if (gone is not null)
        {
            e.Step((long)list.Count * gone.Count);
            return list.Where(item => !gone.Any(g => Same(item, g))).ToList();
        }
        var rest = list.ToList();
        var index = rest.FindIndex(item => Same(item, right));
        if (index >= 0) rest.RemoveAt(index);
        return rest;
    }

    public static object Arithmetic(char operation, object? left, object? right, Evaluation e)
    {
        var a = ToNumber(left, operation, e);
        var b = ToNumber(right, operation, e);
        try
        {
            if (a is double || b is double)
            {
                var x = Convert.ToDouble(a, CultureInfo.InvariantCulture);
                var y = Convert.ToDouble(b, CultureInfo.InvariantCulture);
                return operation switch { '+' => x + y, '-' => x - y, '*' => x * y, '/' => x / y, _ => x % y };
            }
            if (a is long m && b is long n)
            {
                if (n == 0 && operation is '/' or '%' && n == 0) throw e.Fail("Division by zero.");
                try
                {
                    return operation switch { '+' => checked(m + n), '-' => checked(m - n), '*' => checked(m * n), '/' => checked(m / n), _ => n == -1 ? 0L : m % n };
                }
                catch (OverflowException)
                {
                    // Beyond 64 bits the exact decimal takes over.
                }
            }
            var p = a is long l ? l : (decimal)a;
            var q = b is long r ? r : (decimal)b;
            if (q == 0 && operation is '/' or '%' && q == 0) throw e.Fail("Division by zero.");
            return Whole(operation switch { '+' => p + q, '-' => p - q, '*' => p * q, '/' => decimal.Truncate(p / q), _ => p % q });
        }
        catch (OverflowException)
        {
            throw e.Fail("The number is too large.");
        }
    }

    /// <summary>A whole decimal as the smallest type that holds it.</summary>
    public static object Whole(decimal number) => number is >= long.MinValue and <= long.MaxValue && decimal.Truncate(number) == number ? (object)(long)number : number;

    public static object Negate(object? value, Evaluation e) => value is double number ? -number : Arithmetic('*', -1L, value, e);

    private static object ToNumber(object? value, char operation, Evaluation e) => value switch
    {
        long or double or decimal => value,
        string text when TryParseNumber(text, out var number) => number,
        null => throw e.Type($"`{operation}` needs numbers, and one side is null."),
        _ => throw e.Type($"`{operation}` needs numbers, and one side is {Kind(value)}."),
    };

    /// <summary>Reads a number the way a literal is read, with sign and exponent.</summary>
    public static bool TryParseNumber(string text, out object number)
    {
        number = 0L;
        if (text.Length is 0 or > 400) return false;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)) number = whole;
        else if (decimal.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var big)) number = big;
        else if (double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var real)
                 && double.IsFinite(real) && (char.IsAsciiDigit(text[^1]) || text[^1] == '.')) number = real;
        else return false;
        return true;
    }

    /// <summary>Equality: numbers by value whatever their type, lists and maps by their content.</summary>
    public static bool Same(object? left, object? right, int depth = 0)
    {
        if (left is null || right is null) return left is null && right is null;
        if (left is string a) return right is string b && a == b;
        if (left is bool x) return right is bool y && x == y;
        if (IsNumber(left)) return IsNumber(right) && CompareNumbers(left, right) == 0;
        if (depth > FlowValue.MaxDepth) return false;
        if (left is IReadOnlyDictionary<string, object?> map)
        {
            if (right is not IReadOnlyDictionary<string, object?> other || map.Count != other.Count) return false;
            foreach (var (key, value) in map)
                if (!other.TryGetValue(key, out var counterpart) || !Same(value, counterpart, depth + 1)) return false;
            return true;
        }
        if (left is IReadOnlyList<object?> list)
        {
            if (right is not IReadOnlyList<object?> other || list.Count != other.Count) return false;
            for (var i = 0; i < list.Count; i++)
                if (!Same(list[i], other[i], depth + 1)) return false;
            return true;
        }
        return left.Equals(right);
    }

    public static bool IsNumber(object? value) => value is long or double or decimal;

    /// <summary>-1, 0, 1, or 2 when one side is not a number.</summary>
    private static int CompareNumbers(object left, object right)
    {
        if (left is long a && right is long b) return a.CompareTo(b);
        if (left is not double && right is not double) return Convert.ToDecimal(left, CultureInfo.InvariantCulture).CompareTo(Convert.ToDecimal(right, CultureInfo.InvariantCulture));
        var x = Convert.ToDouble(left, CultureInfo.InvariantCulture);
        var y = Convert.ToDouble(right, CultureInfo.InvariantCulture);
        return double.IsNaN(x) || double.IsNaN(y) ? 2 : x.CompareTo(y);
    }

    /// <summary>An ordering comparison: numbers, texts with texts, dates with dates; anything with null is false.</summary>
    public static bool Ordered(string operation, object? left, object? right, Evaluation e)
    {
        if (left is null || right is null) return false;
        int order;
        if (left is string a && right is string b) order = Math.Sign(string.CompareOrdinal(a, b));
        else if (left is DateTimeOffset s && right is DateTimeOffset t) order = s.CompareTo(t);
        else
        {
            if (left is string l && TryParseNumber(l, out var leftNumber)) left = leftNumber;
            if (right is string r && TryParseNumber(r, out var rightNumber)) right = rightNumber;
            if (!IsNumber(left) || !IsNumber(right)) throw e.Type($"`{operation}` cannot compare {Kind(left)} with {Kind(right)}.");
            order = CompareNumbers(left, right);
            if (order == 2) return false;
        }
        return operation switch { ">" => order > 0, ">=" => order >= 0, "<" => order < 0, _ => order <= 0 };
    }

    /// <summary>The order of <c>sort</c>: numbers by value, texts by code point; other mixtures cannot be ordered.</summary>
    public static int Order(object? left, object? right, Evaluation e) => (left, right) switch
    {
        (null, null) => 0,
        (null, _) => -1,
        (_, null) => 1,
        (string a, string b) => string.CompareOrdinal(a, b),
        (bool a, bool b) => a.CompareTo(b),
        (DateTimeOffset a, DateTimeOffset b) => a.CompareTo(b),
        _ when IsNumber(left) && IsNumber(right) => CompareNumbers(left, right) is var order && order == 2 ? 0 : order,
        _ => throw e.Type($"{Kind(left)} and {Kind(right)} cannot be ordered."),
    };

    public static bool Contains(object? container, object? item, Evaluation e)
    {
        switch (container)
        {
            case null: return false;
            case string text: return text.Contains(item is null ? "null" : e.Text(item), StringComparison.Ordinal);
            case IReadOnlyDictionary<string, object?> map: return item is not null && !ValueText.IsContainer(item) && map.ContainsKey(e.Text(item));
            case IReadOnlyList<object?> list:
                e.Step(list.Count);
                if (item is not IReadOnlyList<object?> wanted) return list.Any(member => Same(member, item));
                e.Step((long)list.Count * wanted.Count);
                return wanted.All(w => list.Any(member => Same(member, w)));
            default: throw e.Type($"`contains` needs a list, a map or text, not {Kind(container)}.");
        }
    }

    /// <summary>The attribute of a value, or false when it has none of that name.</summary>
    public static bool TryAttribute(object container, object? key, out object? value)
    {
        value = null;
        switch (container)
        {
            case IReadOnlyDictionary<string, object?> map:
                return KeyText(key) is { } name && map.TryGetValue(name, out value);
            case IReadOnlyList<object?> list:
                if (TryIndex(key, out var index))
                {
                    if (index < 0 || index >= list.Count) return false;
                    value = list[(int)index];
                    return true;
                }
                value = key switch { "size" or "length" => (long)list.Count, "empty" => list.Count == 0, _ => null };
                return value is not null;
            case string text:
                value = key switch { "length" => (long)text.Length, "empty" => text.Length == 0, _ => null };
                return value is not null;
            case LoopState loop: return key is string field && loop.TryGet(field, out value);
            default: return false;
        }
    }

    private static bool TryIndex(object? key, out long index)
    {
        index = -1;
        if (key is long whole) { index = whole; return true; }
        return key is string text && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out index);
    }

    private static string? KeyText(object? key) => key switch
    {
        string text => text,
        long whole => whole.ToString(CultureInfo.InvariantCulture),
        double number => ValueText.Number(number),
        bool flag => flag ? "true" : "false",
        _ => null,
    };

    /// <summary>What a <c>for</c> goes over, or null when the value has no elements to go over.</summary>
    public static IReadOnlyList<object?>? Elements(object? value) => value switch
    {
        IReadOnlyDictionary<string, object?> map => map.Select(object? (entry) => FlowValue.Map(("key", entry.Key), ("value", entry.Value))).ToList(),
        IReadOnlyList<object?> list => list,
        _ => null,
    };
}

/// <summary>The variable <c>loop</c> of a <c>for</c>.</summary>
internal sealed class LoopState(long length)
{
    public long Index { get; set; }

    public bool TryGet(string name, out object? value)
    {
        value = name switch
        {
            "index" => Index,
            "revindex" => length - Index - 1,
            "length" => length,
            "first" => Index == 0,
            "last" => Index == length - 1,
            _ => null,
        };
        return value is not null;
    }

    public OrderedDictionary<string, object?> ToMap() => FlowValue.Map(
        ("index", Index), ("revindex", length - Index - 1), ("length", length), ("first", Index == 0), ("last", Index == length - 1));
}
