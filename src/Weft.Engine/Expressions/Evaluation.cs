using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Weft.Engine.Expressions;

/// <summary>A name-to-value frame of one template: the template itself, a loop, a macro call.</summary>
internal sealed class Frame(Frame? parent, bool isolated)
{
    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

    public Frame? Parent { get; } = parent;

    /// <summary>A macro sees its arguments and nothing else.</summary>
    public bool Isolated { get; } = isolated;

    public bool TryGet(string name, out object? value) => _values.TryGetValue(name, out value);

    public bool Has(string name) => _values.ContainsKey(name);

    public void Put(string name, object? value) => _values[name] = value;

    public IEnumerable<string> Names => _values.Keys;
}

/// <summary>One evaluation of one template: its variables, its budget and where it is.</summary>
internal sealed class Evaluation
{
    public const string Missing = "variable_missing";
    public const string LimitCode = "template_limit";
    public const string WrongType = "value_type";
    public const string Failed = "template_failed";

    private readonly Budget _budget;
    private readonly string _source;
    private Frame? _frame;

    public Evaluation(string source, ITemplateScope scope, TemplateLimits limits, TemplateProgram program)
        : this(source, scope, limits, program, new Budget(limits), 0)
    {
    }

    private Evaluation(string source, ITemplateScope scope, TemplateLimits limits, TemplateProgram program, Budget budget, int calls)
    {
        _source = source;
        _budget = budget;
        Scope = scope;
        Limits = limits;
        Program = program;
        Calls = calls;
    }

    public ITemplateScope Scope { get; }
    public TemplateLimits Limits { get; }
    public TemplateProgram Program { get; }

    /// <summary>The macros and <c>render()</c> calls that are open.</summary>
    public int Calls { get; private set; }

    /// <summary>The place of what is evaluated at the moment, for messages.</summary>
    public int At { get; set; }

    /// <summary>The evaluation of another template (<c>render()</c>) on the same budget and the same variables.</summary>
    public Evaluation Nested(string source, TemplateProgram program)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw Limit("it is nested too deeply");
        if (Calls >= Limits.MaxCalls) throw Limit($"render() calls itself deeper than {Limits.MaxCalls} levels");
        return new Evaluation(source, Scope, Limits, program, _budget, Calls + 1);
    }

    public bool TryLookup(string name, out object? value)
    {
        for (var frame = _frame; frame is not null; frame = frame.Parent)
        {
            if (frame.TryGet(name, out value)) return true;
            if (frame.Isolated) return false;
        }
        return Scope.TryGet(name, out value);
    }

    /// <summary>Assigns where the name already is, else in the innermost frame, as Pebble's <c>set</c> does.</summary>
    public void Assign(string name, object? value)
    {
        Frame? outermost = null;
        for (var frame = _frame; frame is not null; frame = frame.Parent)
        {
            if (frame.Has(name))
            {
                frame.Put(name, value);
                return;
            }
            outermost = frame;
            if (frame.Isolated) break;
        }
        _frame ??= outermost = new Frame(null, isolated: false);
        // A variable of the run is shadowed for the whole template, not only inside the loop that assigns it.
        (!outermost!.Isolated && Scope.TryGet(name, out _) ? outermost : _frame).Put(name, value);
    }

    public Frame Push(bool isolated = false)
    {
        _frame ??= new Frame(null, isolated: false);
        return _frame = new Frame(_frame, isolated);
    }

    public void Pop() => _frame = _frame!.Parent;

    /// <summary>Where variables and calls stand, to return to after a part of the evaluation was given up.</summary>
    public (Frame? Frame, int Calls) Mark
    {
        get => (_frame, Calls);
        set => (_frame, Calls) = value;
    }

    public void EnterCall()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw Limit("it is nested too deeply");
        if (++Calls > Limits.MaxCalls) throw Limit($"macros call each other deeper than {Limits.MaxCalls} levels");
        Step();
    }

    public void LeaveCall() => Calls--;

    public IEnumerable<string> VisibleNames()
    {
        for (var frame = _frame; frame is not null; frame = frame.Parent)
        {
            foreach (var name in frame.Names) yield return name;
            if (frame.Isolated) yield break;
        }
        foreach (var name in Scope.Names) yield return name;
    }

    /// <summary>Takes one step off the budget.</summary>
    public void Step() => Step(1);

    /// <summary>Takes as many steps as a list has elements.</summary>
    public void Step(long count)
    {
        if (!_budget.Take(count)) throw Limit($"it takes more than {Limits.MaxSteps} steps");
        if (_budget.OutOfTime(count)) throw Limit($"it takes longer than {Limits.MaxTime.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s");
    }

    /// <summary>Announces that a text of this length is about to be made.</summary>
    public void Reserve(long length)
    {
        if (length > Limits.MaxOutput) throw Limit($"it makes a text longer than {Limits.MaxOutput} characters");
        if (!_budget.Spend(length)) throw Limit($"it makes more than {Limits.MaxVolume} characters of text");
        if (length > 1024 && _budget.OutOfTime(length / 1024)) throw Limit($"it takes longer than {Limits.MaxTime.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s");
    }

    public string Made(string text)
    {
        Reserve(text.Length);
        return text;
    }

    public void Write(StringBuilder output, string text)
    {
        if (output.Length + (long)text.Length > Limits.MaxOutput) throw Limit($"it makes a text longer than {Limits.MaxOutput} characters");
        if (!_budget.Spend(text.Length)) throw Limit($"it makes more than {Limits.MaxVolume} characters of text");
        output.Append(text);
    }

    /// <summary>The value as text, within the limits.</summary>
    public string Text(object? value)
    {
        if (value is string text) return text;
        if (value is null) return "";
        return Made(ValueText.Of(value, this));
    }

    public TemplateException Error(string code, string message)
    {
        var (line, column) = TemplateLexer.Place(_source, At);
        return new TemplateException(code, string.Create(CultureInfo.InvariantCulture, $"{message} (line {line}, column {column} of the template)"));
    }

    public TemplateException Fail(string message) => Error(Failed, message);

    public TemplateException Type(string message) => Error(WrongType, message);

    private TemplateException Limit(string what) => Error(LimitCode, $"The template was stopped: {what}.");

    private sealed class Budget(TemplateLimits limits)
    {
        private readonly long _started = Stopwatch.GetTimestamp();
        private long _steps;
        private long _volume;
        private long _sinceClock;

        public bool Take(long count) => (_steps += count) <= limits.MaxSteps;

        public bool Spend(long length) => (_volume += length) <= limits.MaxVolume;

        /// <summary>Looks at the clock after every so many units of work.</summary>
        public bool OutOfTime(long work)
        {
            if ((_sinceClock += work) < 64) return false;
            _sinceClock = 0;
            return Stopwatch.GetElapsedTime(_started) > limits.MaxTime;
        }
    }
}

/// <summary>The parsed parts of a template that evaluation needs beside the nodes.</summary>
internal sealed class TemplateProgram
{
    public Dictionary<string, MacroStatement> Macros { get; } = new(StringComparer.Ordinal);
    public Dictionary<string, Statement[]> Blocks { get; } = new(StringComparer.Ordinal);
}
