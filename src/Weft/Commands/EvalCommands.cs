using System.CommandLine;
using System.Text.Json;
using Weft.Engine;
using Weft.Engine.Expressions;

namespace Weft.Commands;

/// <summary><c>weft eval …</c>: evaluates as the engine would, for flow authors; one case from arguments, or JSON lines from standard input.</summary>
internal static class EvalCommands
{
    public static Command Create() => new("eval", "Evaluate as the engine would") { Template() };

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

    // Every line gets an answer, an error included: a batch is compared line by line.
    private static async Task<int> EachLineAsync(Func<OrderedDictionary<string, object?>, OrderedDictionary<string, object?>> evaluate, CancellationToken cancellationToken)
    {
        var failed = false;
        while (await Console.In.ReadLineAsync(cancellationToken) is { } line)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            failed |= Print(() => FlowValue.Parse(line) is OrderedDictionary<string, object?> one
                ? evaluate(one)
                : throw new FlowException("eval_input", "Each line must be a JSON object.")) != ExitCode.Done;
        }
        return failed ? ExitCode.Failed : ExitCode.Done;
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
