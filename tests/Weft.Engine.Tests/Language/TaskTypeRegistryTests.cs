using Weft.Engine.Language;

namespace Weft.Engine.Tests.Language;

public sealed class TaskTypeRegistryTests
{
    private static DescribedType Type(string name, params TaskProperty[] properties) => new(new TaskTypeInfo { Name = name, Description = "A type.", Properties = properties, Aliases = [$"old.{name}"] });

    [Fact]
    public void A_type_is_found_by_its_name_and_by_each_alias_with_its_handler()
    {
        var type = Type("cook");
        var registry = new TaskTypeRegistry([type]);

        registry.Find("cook").ShouldNotBeNull().Handler.ShouldBeSameAs(type);
        registry.Find("old.cook").ShouldBeSameAs(registry.Find("cook"));
        registry.Find("Cook").ShouldBeNull();
        registry.Find("if").ShouldNotBeNull().Handler.ShouldBeNull();
        registry.All.Select(t => t.Info.Name).ShouldBe(["sequential", "parallel", "if", "switch", "foreach", "subflow", "cook"]);
    }

    [Theory]
    [InlineData("cook")]
    [InlineData("if")]
    public void Two_types_of_one_name_are_a_mistake_of_the_program(string name) =>
        Should.Throw<InvalidOperationException>(() => new TaskTypeRegistry([Type("cook"), Type(name)])).Message.ShouldContain($"'{name}'");

    [Fact]
    public void A_property_that_every_task_has_already_is_a_mistake_of_the_program()
    {
        Should.Throw<InvalidOperationException>(() => new TaskTypeRegistry([Type("cook", new TaskProperty("retry", PropertyType.Map, "x"))])).Message.ShouldContain("'retry'");
        Should.NotThrow(() => new TaskTypeRegistry([Type("cook", new TaskProperty("timeout", PropertyType.Duration, "x"))]));
    }

    [Fact]
    public void A_type_that_has_its_own_timeout_gets_it_as_a_property()
    {
        var registry = new TaskTypeRegistry([Type("cook", new TaskProperty("timeout", PropertyType.Duration, "x"))]);
        var task = FlowCompiler.Compile("id: f\nnamespace: n\ntasks: [{ id: a, type: cook, timeout: PT5S }]", registry).Flow.ShouldNotBeNull().Tasks[0];
        task.Timeout.ShouldBeNull();
        task.Properties["timeout"].Constant.ShouldBe("PT5S");
    }
}
