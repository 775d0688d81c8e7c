using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Weft.Engine;
using Weft.Engine.Cron;
using Weft.Engine.Expressions;
using Weft.Engine.JsonPath;

namespace Weft.Commands;

/// <summary><c>weft eval …</c>: evaluates as the engine would, for flow authors; one case from arguments, or JSON lines from standard input.</summary>
internal static class EvalCommands
{
    public static Command Create() => new("eval", "Evaluate as the engine would") { Template(), Path(), Cron() };

    private static Command Template()
    {
        var template = new Argument<string?>("template") { Description = "The template; without it, JSON lines {template, context} are read from standard input", Arity = ArgumentArity.ZeroOrOne };
        var context = new Option<string>("--context") { Description = "The variables, as a JSON object", DefaultValueFactory = _ => "{}" };
        var command = new Command("template", "Evaluate a template: {text, result} for each case") { template, context };
        command.SetAction((parsed, cancellationToken) => parsed.GetValue(template) is { } text
            ? Task.FromResult(Print(() => Evaluate(text, FlowValue.Parse(parsed.GetRequiredValue(context)))))
            : EachLineAsync(one => Evaluate(FlowValue.ToText(one.GetValueOrDefault("template")) ?? "", one.GetValueOrDefault("context")), cancellationToken));
        return command;
    }

    private static OrderedDictionary<string, object?> Evaluate(string template, object? context)
    {
        var scope = new ContextScope(context as OrderedDictionary<string, object?> ?? FlowValue.Map());
        var result = Engine.Expressions.Template.Parse(template).Evaluate(scope);
        return FlowValue.Map(("text", FlowValue.ToText(result)), ("result", result));
    }

    private static Command Path()
    {
        var selector = new Argument<string?>("selector") { Description = "The JSONPath; without it, JSON lines {selector, document} are read from standard input", Arity = ArgumentArity.ZeroOrOne };
        var document = new Option<string>("--document") { Description = "The document, as JSON", DefaultValueFactory = _ => "null" };
        var command = new Command("jsonpath", "Evaluate a JSONPath: {result, paths} for each case") { selector, document };
        command.SetAction((parsed, cancellationToken) => parsed.GetValue(selector) is { } path
            ? Task.FromResult(Print(() => Select(path, FlowValue.Parse(parsed.GetRequiredValue(document)))))
            : EachLineAsync(one => Select(FlowValue.ToText(one.GetValueOrDefault("selector")) ?? "", one.GetValueOrDefault("document")), cancellationToken));
        return command;
    }

    private static OrderedDictionary<string, object?> Select(string selector, object? document)
    {
        var nodes = JsonPath.Parse(selector).Select(document);
        return FlowValue.Map(("result", nodes.Select(n => n.Value).ToList()), ("paths", nodes.Select(n => (object?)n.Path).ToList()));
    }

    private static Command Cron()
    {
        var expression = new Argument<string?>("expression") { Description = "The cron expression; without it, JSON lines {expr, tz, from, inclusive?, count?} are read from standard input", Arity = ArgumentArity.ZeroOrOne };
        var zone = new Option<string>("--tz") { Description = "The IANA time zone", DefaultValueFactory = _ => "UTC" };
        var from = new Option<DateTimeOffset>("--from") { Description = "The moment to look on from (default: now)", DefaultValueFactory = _ => TimeProvider.System.GetUtcNow() };
        var count = new Option<int>("--count") { Description = "How many times", DefaultValueFactory = _ => 1 };
        var command = new Command("cron", "The next times of a cron expression: {next} for each case") { expression, zone, from, count };
        command.SetAction((parsed, cancellationToken) => parsed.GetValue(expression) is { } text
            ? Task.FromResult(Print(() => Next(text, parsed.GetRequiredValue(zone), parsed.GetValue(from), inclusive: false, parsed.GetValue(count))))
            : EachLineAsync(
                one => Next(
                    FlowValue.ToText(one.GetValueOrDefault("expr")) ?? "", one.GetValueOrDefault("tz") as string ?? "UTC", Moment(one.GetValueOrDefault("from")),
                    one.GetValueOrDefault("inclusive") is true, one.GetValueOrDefault("count") is long times ? (int)Math.Clamp(times, 1, 10_000) : 1),
                cancellationToken));
        return command;
    }

    private static DateTimeOffset Moment(object? value) =>
        value is null ? TimeProvider.System.GetUtcNow()
        : DateTimeOffset.TryParse(value as string, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) ? moment
        : throw new FlowException("eval_input", "`from` must be an ISO 8601 time.");

    private static OrderedDictionary<string, object?> Next(string expression, string zone, DateTimeOffset from, bool inclusive, int count)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var where)) throw new FlowException("eval_input", $"There is no time zone '{zone}'.");
        var schedule = CronSchedule.Parse(expression);
        var next = new List<object?>();
        for (var at = inclusive ? schedule.NextAtOrAfter(from, where) : schedule.Next(from, where); at is { } found && next.Count < count; at = schedule.Next(found, where))
            next.Add(found.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture));
        return FlowValue.Map(("next", next));
    }

    // Every line gets an answer, and an error is one: the batch as a whole is done.
    private static async Task<int> EachLineAsync(Func<OrderedDictionary<string, object?>, OrderedDictionary<string, object?>> evaluate, CancellationToken cancellationToken)
    {
        while (await Console.In.ReadLineAsync(cancellationToken) is { } line)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            Print(() => FlowValue.Parse(line) is OrderedDictionary<string, object?> one
                ? evaluate(one)
                : throw new FlowException("eval_input", "Each line must be a JSON object."));
        }
        return ExitCode.Done;
    }

    private static int Print(Func<OrderedDictionary<string, object?>> evaluate)
    {
        var (answer, code) = Answer(evaluate);
        Console.WriteLine(FlowValue.ToJson(answer));
        return code;
    }

    private static (OrderedDictionary<string, object?> Answer, int Code) Answer(Func<OrderedDictionary<string, object?>> evaluate)
    {
        try
        {
            return (evaluate(), ExitCode.Done);
        }
        catch (FlowException e)
        {
            return (Error(e.Code, e.Message), ExitCode.Failed);
        }
        catch (JsonException e)
        {
            return (Error("eval_input", e.Message), ExitCode.Failed);
        }
    }

    private static OrderedDictionary<string, object?> Error(string code, string message) => FlowValue.Map(("error", FlowValue.Map(("code", code), ("message", message))));

    private sealed class ContextScope(OrderedDictionary<string, object?> variables) : ITemplateScope
    {
        public IEnumerable<string> Names => variables.Keys;

        public DateTimeOffset Now { get; } = TimeProvider.System.GetUtcNow();

        public bool TryGet(string name, out object? value) => variables.TryGetValue(name, out value);

        public bool TryCall(string function, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named, out object? value)
        {
            value = null;
            return false;
        }
    }
}
