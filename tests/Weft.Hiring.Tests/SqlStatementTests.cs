using System.Reflection;
using Weft.Engine;
using Weft.Postgres;
using Weft.Testing;

namespace Weft.Hiring.Tests;

/// <summary>
/// Plans every SQL constant of the product on the migrated schema as the role that runs it: a misspelt column, a changed
/// type or a missing grant shows here, by the statement's name.
/// </summary>
public sealed class SqlStatementTests
{
    private static readonly Assembly[] Assemblies =
        [typeof(WeftDatabase).Assembly, typeof(FlowDefinition).Assembly, Assembly.Load("Weft.Hiring"), Assembly.Load("weft")];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_statement_can_be_planned_by_the_role_that_runs_it()
    {
        await using var test = await TestDatabase.CreateAsync(Stop);
        var statements = Assemblies.SelectMany(SqlStatements.All).ToList();
        statements.ShouldNotBeEmpty();

        var complaints = new List<string>();
        foreach (var statement in statements)
        {
            if (await SqlStatements.ExplainAsync(test.Database, statement, Stop) is { } complaint)
                complaints.Add($"{statement.Name} as {statement.Role}: {complaint}");
        }

        complaints.ShouldBeEmpty();
    }
}
