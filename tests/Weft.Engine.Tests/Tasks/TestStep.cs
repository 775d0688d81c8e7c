using Microsoft.Extensions.Logging;
using Npgsql;
using Weft.Engine.Expressions;

namespace Weft.Engine.Tests.Tasks;

/// <summary>One attempt of one step outside a run, so that a task type can be looked at by itself.</summary>
internal sealed class TestStep : StepContext
{
    private readonly VariableScope _scope;

    public TestStep(ITaskType type, IReadOnlyDictionary<string, object?>? properties = null, IReadOnlyDictionary<string, string>? raw = null, object? inputs = null)
    {
        Properties = properties ?? FlowValue.Map();
        _scope = new VariableScope(FlowValue.Map(("inputs", inputs ?? FlowValue.Map())));
        Task = new TaskDefinition { Id = "step", TypeName = type.Info.Name, Type = type.Info, RawTemplates = raw ?? new Dictionary<string, string>(), Handler = type };
    }

    public List<(LogLevel Level, string Message)> Lines { get; } = [];

    public override Guid RunId { get; } = Guid.CreateVersion7();
    public override string StepPath => "step";
    public override TaskDefinition Task { get; }
    public override int Attempt => AttemptNumber;
    public int AttemptNumber { get; init; } = 1;
    public override string IdempotencyKey => Key ?? $"{RunId:N}/step";
    public string? Key { get; init; }
    public override Guid? WorkspaceId => Workspace;
    public Guid? Workspace { get; init; }
    public override Guid? UserId => null;
    public override bool IsSystemFlow => System;
    public bool System { get; init; } = true;
    public override TimeProvider Time => Clock;
    public TimeProvider Clock { get; init; } = TimeProvider.System;
    public override IReadOnlyDictionary<string, object?> Properties { get; }
    public override ITemplateScope Scope => _scope;

    /// <summary>Called inside the handler's transaction.</summary>
    public Func<NpgsqlTransaction, object?, Task> OnRecord { get; init; } = (_, _) => throw new InvalidOperationException("This step was not to be recorded.");

    public override void Log(LogLevel level, string message) => Lines.Add((level, message));

    public override Task RecordAsync(NpgsqlTransaction transaction, object? output, CancellationToken cancellationToken) => OnRecord(transaction, output);

    public async Task<StepOutcome> RunAsync() => await Task.Handler!.ExecuteAsync(this, TestContext.Current.CancellationToken);

    private sealed class VariableScope(IReadOnlyDictionary<string, object?> variables) : ITemplateScope
    {
        public bool TryGet(string name, out object? value) => variables.TryGetValue(name, out value);
        public IEnumerable<string> Names => variables.Keys;
        public DateTimeOffset Now => TimeProvider.System.GetUtcNow();

        public bool TryCall(string function, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named, out object? value)
        {
            value = null;
            return false;
        }
    }
}

internal static class Outcomes
{
    /// <summary>The output of a step that is done, as a map.</summary>
    public static IReadOnlyDictionary<string, object?> Output(this StepOutcome outcome) => outcome switch
    {
        StepOutcome.DoneOutcome done => (IReadOnlyDictionary<string, object?>)done.Output!,
        StepOutcome.RecordedOutcome recorded => (IReadOnlyDictionary<string, object?>)recorded.Output!,
        StepOutcome.FailOutcome fail => throw new ShouldAssertException($"The step failed: {fail.Code}: {fail.Message}"),
        _ => throw new ShouldAssertException($"The step is not done: {outcome}"),
    };
}
