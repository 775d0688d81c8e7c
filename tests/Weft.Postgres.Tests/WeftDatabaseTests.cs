using Npgsql;
using Weft.Testing;

namespace Weft.Postgres.Tests;

public sealed class WeftDatabaseTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_pool_connects_as_its_own_role()
    {
        await using var test = await TestDatabase.CreateAsync(Stop);

        (await UserOf(test.Database.Admin)).ShouldBe("weft_admin");
        (await UserOf(test.Database.Engine)).ShouldBe("weft_engine");
        (await UserOf(test.Database.App)).ShouldBe("weft_app");
        (await UserOf(test.Database.Flow)).ShouldBe("weft_flow");
        await using var direct = NpgsqlDataSource.Create(test.Database.DirectConnectionString);
        (await UserOf(direct)).ShouldBe("weft_engine");
    }

    [Fact]
    public async Task A_caller_is_known_inside_the_scope_and_gone_after_it()
    {
        await using var test = await TestDatabase.CreateAsync(Stop, options => options with { AppPoolSize = 1 });
        var caller = new Caller(Guid.CreateVersion7(), Guid.CreateVersion7());

        await using (var scope = await test.Database.BeginAsync(caller, Stop))
        {
            (await SettingsOf(scope.Connection)).ShouldBe($"{caller.UserId}/{caller.WorkspaceId}");
            await scope.CommitAsync(Stop);
            (await SettingsOf(scope.Connection)).ShouldBe("/");
        }

        await using var next = await test.Database.App.OpenConnectionAsync(Stop);
        (await SettingsOf(next)).ShouldBe("/");
    }

    [Fact]
    public async Task A_flow_acts_for_its_workspace_and_cannot_change_that()
    {
        await using var test = await TestDatabase.CreateAsync(Stop);
        var caller = new Caller(null, Guid.CreateVersion7());

        test.Database.IsFlowIdentityProtected.ShouldBeTrue();
        await using var scope = await test.Database.BeginFlowAsync(caller, Stop);
        (await SettingsOf(scope.Connection)).ShouldBe($"/{caller.WorkspaceId}");
        await using var change = new NpgsqlCommand("select set_config('weft.workspace_id', '', true)", scope.Connection);
        (await Should.ThrowAsync<PostgresException>(() => change.ExecuteNonQueryAsync(Stop))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    private static async Task<string> UserOf(NpgsqlDataSource pool)
    {
        await using var command = pool.CreateCommand("select current_user::text");
        return (string)(await command.ExecuteScalarAsync(Stop))!;
    }

    private static async Task<string> SettingsOf(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(
            "select coalesce(current_setting('weft.user_id', true), '') || '/' || coalesce(current_setting('weft.workspace_id', true), '')", connection);
        return (string)(await command.ExecuteScalarAsync(Stop))!;
    }
}
