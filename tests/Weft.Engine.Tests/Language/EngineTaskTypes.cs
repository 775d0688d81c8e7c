using System.Reflection;
using System.Runtime.CompilerServices;
using Weft.Engine.Language;

namespace Weft.Engine.Tests.Language;

/// <summary>The task types of the engine as they describe themselves. What they need to run plays no part here, so they are made without it.</summary>
internal static class EngineTaskTypes
{
    public static TaskTypeRegistry Registry() => new(typeof(ITaskType).Assembly.GetTypes()
        .Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(ITaskType)))
        .OrderBy(t => t.FullName, StringComparer.Ordinal)
        .Select(Describe));

    private static ITaskType Describe(Type described)
    {
        var constructor = described.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).OrderBy(c => c.GetParameters().Length).First();
        var type = RuntimeHelpers.GetUninitializedObject(described);
        try
        {
            constructor.Invoke(type, [.. constructor.GetParameters().Select(p => p.ParameterType.IsValueType ? Activator.CreateInstance(p.ParameterType) : null)]);
        }
        catch (TargetInvocationException)
        {
            // A constructor that looks at what it was given fails without it, but the description is set before its body runs.
        }
        ((ITaskType)type).Info.ShouldNotBeNull(described.Name);
        return (ITaskType)type;
    }
}
