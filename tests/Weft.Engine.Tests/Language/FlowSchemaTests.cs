using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Weft.Engine.Language;

namespace Weft.Engine.Tests.Language;

public sealed partial class FlowSchemaTests
{
    private static readonly TaskTypeRegistry Registry = EngineTaskTypes.Registry();
    private static readonly JsonObject Schema = FlowSchema.Build(Registry);

    [Fact]
    public void Every_name_alias_and_property_of_every_type_is_in_the_schema()
    {
        var definitions = Schema["$defs"]!.AsObject();
        var names = definitions["task"]!["properties"]!["type"]!["enum"]!.AsArray().Select(n => n!.GetValue<string>()).ToList();
        names.ShouldBe(Registry.Names, ignoreOrder: true);
        foreach (var type in Registry.All)
        {
            var definition = definitions[$"task.{type.Info.Name}"].ShouldNotBeNull();
            definition["description"]!.GetValue<string>().ShouldBe(type.Info.Description);
            var keys = definition["properties"]!.AsObject().Select(p => p.Key).ToList();
            foreach (var name in type.Info.Properties.SelectMany(p => p.Aliases.Prepend(p.Name)).Concat(type.Info.TaskLists).Concat(type.Info.TaskMaps)) keys.ShouldContain(name);
        }
    }

    [Fact]
    public void Every_reference_in_the_schema_leads_somewhere()
    {
        var definitions = Schema["$defs"]!.AsObject();
        var references = References(Schema).Distinct().ToList();
        references.Count.ShouldBeGreaterThan(10);
        foreach (var reference in references) definitions.ContainsKey(reference["#/$defs/".Length..]).ShouldBeTrue(reference);
    }

    [Fact]
    public void The_schema_and_the_compiler_know_the_same_keys()
    {
        Known("zzzzzzzzzzzzzzzz: 1", "A flow").Except(["listeners", "afterExecution", "checks", "quotas", "workerGroup", "workerSelector"])
            .ShouldBe(Keys(Schema["properties"]!), ignoreOrder: true);
        Known("inputs: [{ zzzzzzzzzzzzzzzz: 1 }]", "An input").Append("name").Distinct().ShouldBe(Keys(Schema["$defs"]!["input"]!["properties"]!), ignoreOrder: true);
        Known("retry: { type: random, zzzzzzzzzzzzzzzz: 1 }", "'retry'").ShouldBe(Keys(Schema["$defs"]!["retry"]!["properties"]!).Append("minInterval").Distinct(), ignoreOrder: true);
        foreach (var kind in TriggerKinds.All)
        {
            Known($"triggers: [{{ type: {kind.Name}, zzzzzzzzzzzzzzzz: 1 }}]", $"A trigger of type '{kind.Name}'")
                .Except(["preconditions", "dependsOn", "backfill", "withSeconds", "lateMaximumDelay", "stopAfter", "labels", "returnOutputs", "workerGroup"])
                .ShouldBe(Keys(Schema["$defs"]![$"trigger.{kind.Name}"]!["properties"]!), ignoreOrder: true, kind.Name);
        }
        foreach (var type in Registry.All)
        {
            Known($"tasks: [{{ type: {type.Info.Name}, zzzzzzzzzzzzzzzz: 1 }}]", $"A task of type '{type.Info.Name}'")
                .Except(type.Info.RefusedKeys.Keys).Except(["allowWarning", "logLevel", "logToFile", "workerGroup", "workerSelector", "cache", "taskCache", "finally"])
                .ShouldBe(Keys(Schema["$defs"]![$"task.{type.Info.Name}"]!["properties"]!), ignoreOrder: true, type.Info.Name);
        }
    }

    /// <summary>The keys that the compiler lists when it meets one that is near to none.</summary>
    private static IEnumerable<string> Known(string source, string owner)
    {
        var problem = FlowCompiler.Compile(source, Registry).Problems.Single(p => p.Message.StartsWith($"{owner} has no key 'zzzzzzzzzzzzzzzz'. It may have ", StringComparison.Ordinal));
        return NamePattern().Matches(problem.Message[(problem.Message.IndexOf("It may have ", StringComparison.Ordinal) + "It may have ".Length)..]).Select(m => m.Value).Where(n => n != "or");
    }

    private static IEnumerable<string> Keys(JsonNode properties) => properties.AsObject().Select(p => p.Key);

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(p => p.Key == "$ref" ? [p.Value!.GetValue<string>()] : References(p.Value)),
        JsonArray list => list.SelectMany(References),
        _ => [],
    };

    [GeneratedRegex("[A-Za-z]+", RegexOptions.None, 1_000)]
    private static partial Regex NamePattern();
}
