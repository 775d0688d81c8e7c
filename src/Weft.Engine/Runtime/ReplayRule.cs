using Weft.Engine.Expressions;

namespace Weft.Engine.Runtime;

/// <summary>
/// The one rule about what may be worked out again instead of being read from the record. A run that goes on after a crash,
/// a wait or a retry is replayed from its records; a value may be computed anew only if it comes out the same. It does if
/// <list type="bullet">
/// <item>what made it has no effect outside the run and depends on nothing but its input (<see cref="StepEffect.Pure"/>), and</item>
/// <item>its templates are not volatile (no <c>now()</c>, no random numbers), and</item>
/// <item>their evaluation read nothing that may change meanwhile: neither <c>env</c> nor a secret.</item>
/// </list>
/// The record of such a step shares the next flush. Every other record is committed before anything with an effect may
/// start, and that of an effectful step before anything else starts.
/// </summary>
internal static class ReplayRule
{
    /// <summary>When a record must be committed.</summary>
    public enum Commit
    {
        /// <summary>With whatever is committed next.</summary>
        Whenever,

        /// <summary>Before the next step that has an effect starts.</summary>
        BeforeNextEffect,

        /// <summary>Now: nothing that follows starts before.</summary>
        Now,
    }

    /// <summary>When the result of a step must be committed.</summary>
    public static Commit ForStep(TaskDefinition task, RunScope scope) =>
        task.Type.Effect == StepEffect.Effectful ? Commit.Now : IsRepeatable(task, scope) ? Commit.Whenever : Commit.BeforeNextEffect;

    /// <summary>When a decision (the branch of an <c>if</c>, the items of a loop) must be committed; never on its own account if it can be repeated.</summary>
    public static Commit ForDecision(ValueTemplate template, RunScope scope) =>
        template.IsVolatile || scope.ReadOutside ? Commit.BeforeNextEffect : Commit.Whenever;

    private static bool IsRepeatable(TaskDefinition task, RunScope scope)
    {
        if (scope.ReadOutside) return false;
        foreach (var property in task.Properties.Values)
            if (property.IsVolatile) return false;
        return true;
    }
}
