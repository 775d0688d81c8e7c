using System.Net;
using System.Net.Sockets;
using Npgsql;
using Weft.Testing;

namespace Weft.Postgres.Tests;

public sealed class SqlErrorsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("select 1 from nowhere", SqlErrorKind.Invalid, 500, false)]
    [InlineData("insert into item values (1, 'again', 1)", SqlErrorKind.Conflict, 409, false)]
    [InlineData("insert into item values (2, 'x', 99)", SqlErrorKind.Conflict, 409, false)]
    [InlineData("insert into item values (3, '', 1)", SqlErrorKind.Constraint, 422, false)]
    [InlineData("select 'abc'::int", SqlErrorKind.Constraint, 422, false)]
    [InlineData("set local statement_timeout = 10; select pg_sleep(5)", SqlErrorKind.Cancelled, 503, true)]
    [InlineData("set local role pg_monitor; delete from item", SqlErrorKind.Forbidden, 403, false)]
    public async Task Names_what_the_server_refuses(string sql, SqlErrorKind kind, int status, bool retryable)
    {
        await using var test = await TestDatabase.CreateEmptyAsync(Stop);
        await using var connection = await test.Superuser.OpenConnectionAsync(Stop);
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        await using var prepare = new NpgsqlCommand("create table item (id int primary key, name text constraint has_name check (name <> ''), parent int references item); insert into item values (1, 'one', 1)", connection);
        await prepare.ExecuteNonQueryAsync(Stop);
        await using var command = new NpgsqlCommand(sql, connection);

        var thrown = await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Stop));
        var error = SqlErrors.Find(new InvalidOperationException("wrapped", thrown))!;
        (error.Kind, error.HttpStatus, error.IsRetryable).ShouldBe((kind, status, retryable));
        if (kind == SqlErrorKind.Constraint && sql.StartsWith("insert", StringComparison.Ordinal))
            SqlErrors.Violates(thrown, "has_name").ShouldBeTrue();
    }

    [Theory]
    [InlineData("40001", true)]
    [InlineData("40P01", true)]
    [InlineData("08006", true)]
    [InlineData("53300", true)]
    [InlineData("57P01", true)]
    [InlineData("53100", false)]
    [InlineData("XX001", false)]
    public void Says_whether_trying_again_may_help(string state, bool retryable) => SqlErrors.Classify(state).IsRetryable.ShouldBe(retryable);

    [Fact]
    public async Task A_database_that_is_down_is_unavailable()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        await using var connection = new NpgsqlConnection($"Host=127.0.0.1;Port={port};Username=x;Password=x;Pooling=false");

        var thrown = await Should.ThrowAsync<NpgsqlException>(() => connection.OpenAsync(Stop));
        SqlErrors.Find(thrown)!.Kind.ShouldBe(SqlErrorKind.Unavailable);
    }

    [Fact]
    public void Other_exceptions_are_none_of_its_business() => SqlErrors.Find(new InvalidOperationException("no")).ShouldBeNull();
}
