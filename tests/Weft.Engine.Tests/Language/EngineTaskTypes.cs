using System.Reflection;
using Weft.Engine.Language;

namespace Weft.Engine.Tests.Language;

/// <summary>The task types of the engine as they describe themselves. What they need to run plays no part here, so they are made without it.</summary>
internal static class EngineTaskTypes
{
    public static TaskTypeRegistry Registry() => new(typeof(ITaskType).Assembly.GetTypes()
        .Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(ITaskType)))
        .OrderBy(t => t.FullName, StringComparer.Ordinal)
        .Select(Describe));

    private static ITaskType Describe(Type type)
    {
        var constructor = type.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).OrderBy(c => c.GetParameters().Length).First();
        return (ITaskType)constructor.Invoke([.. constructor.GetParameters().Select(p => p.ParameterType.IsValueType ? Activator.CreateInstance(p.ParameterType) : null)]);
    }
}
