using Npgsql;
using Weft.Engine.Outbound;
using Weft.Engine.Tasks;
using Weft.Engine.Tasks.Sql;
using Weft.Testing;

namespace Weft.Engine.Tests.Tasks;

public sealed class SqlQueryTaskTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private ForeignDatabases _foreign = null!;
    private SqlQueryTask _task = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(Token);
        var host = new NpgsqlConnectionStringBuilder(Postgres.ConnectionText.Parse(_database.TcpUrl).ConnectionString);
        _foreign = new ForeignDatabases(new OutboundGuard(new OutboundOptions { Allow = [$"{host.Host}:{host.Port}"] }, TimeProvider.System), TimeProvider.System);
        _task = new SqlQueryTask(_database.Database, _foreign, new EngineOptions());
        await ExecuteAsync("CREATE TABLE person (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, name text NOT NULL, skills text[], age int, data jsonb)");
    }

    public async ValueTask DisposeAsync()
    {
        await _foreign.DisposeAsync();
        await _database.DisposeAsync();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _database.Superuser.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Token);
    }

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = _database.Superuser.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Token);
    }

    private Task<StepOutcome> RunAsync(string sql, object? inputs = null, params (string, object?)[] more) =>
        new TestStep(_task, FlowValue.Map([("url", _database.TcpUrl), .. more]), new Dictionary<string, string> { ["sql"] = sql }, inputs) { System = false }.RunAsync();

    private async Task<object?> ValueAsync(string expression, object? inputs = null)
    {
        var output = (await RunAsync($"SELECT {expression} AS v", inputs)).Output();
        return ((IReadOnlyDictionary<string, object?>)output["row"]!)["v"];
    }

    private async Task<StepOutcome.FailOutcome> FailureAsync(string sql, object? inputs = null, params (string, object?)[] more) =>
        (await RunAsync(sql, inputs, more)).ShouldBeOfType<StepOutcome.FailOutcome>();

    [Theory]
    [InlineData("true", "true")]
    [InlineData("7::smallint", "7")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("1.5::float4", "1.5")]
    [InlineData("'NaN'::float8", "\"NaN\"")]
    [InlineData("12.50::numeric", "12.5")]
    [InlineData("3::numeric", "3")]
    [InlineData("99999999999999999999::numeric", "99999999999999999999")]
    [InlineData("0.12345678901234567890::numeric", "\"0.12345678901234567890\"")]
    [InlineData("1234567890123456789.5::numeric", "\"1234567890123456789.5\"")]
    [InlineData("'Infinity'::numeric", "\"Infinity\"")]
    [InlineData("'x'::varchar(3)", "\"x\"")]
    [InlineData("'x'::char(3)", "\"x  \"")]
    [InlineData("''::text", "\"\"")]
    [InlineData("null::text", "null")]
    [InlineData("'\\x00ff'::bytea", "\"\\\\x00ff\"")]
    [InlineData("date '2026-05-01'", "\"2026-05-01\"")]
    [InlineData("time '10:20:30.5'", "\"10:20:30.5\"")]
    [InlineData("timestamp '2026-05-01 10:20:30.123456'", "\"2026-05-01T10:20:30.123456\"")]
    [InlineData("timestamptz '2026-05-01 10:20:30+02'", "\"2026-05-01T08:20:30Z\"")]
    [InlineData("timestamptz 'infinity'", "\"infinity\"")]
    [InlineData("timestamp '0044-03-15 12:00 BC'", "\"0044-03-15 12:00:00 BC\"")]
    [InlineData("interval '1 day 2 hours 3.5 seconds'", "\"P1DT2H3.5S\"")]
    [InlineData("'6ecd8c99-4036-403d-bf84-cf8400f67836'::uuid", "\"6ecd8c99-4036-403d-bf84-cf8400f67836\"")]
    [InlineData("'{\"b\":[1,2.5,null],\"a\":\"x\"}'::json", "{\"b\":[1,2.5,null],\"a\":\"x\"}")]
    [InlineData("'[1,{\"a\":true}]'::jsonb", "[1,{\"a\":true}]")]
    [InlineData("array[1,null,3]", "[1,null,3]")]
    [InlineData("array[]::text[]", "[]")]
    [InlineData("array['a,b','c\"d','e\\f','NULL',null,'','{x}']", "[\"a,b\",\"c\\\"d\",\"e\\\\f\",\"NULL\",null,\"\",\"{x}\"]")]
    [InlineData("array[[1,2],[3,4]]", "[[1,2],[3,4]]")]
    [InlineData("'[0:1]={5,6}'::int[]", "[5,6]")]
    [InlineData("array['{\"a\":1}'::jsonb]", "[{\"a\":1}]")]
    [InlineData("array[timestamptz '2026-05-01 00:00+00']", "[\"2026-05-01T00:00:00Z\"]")]
    [InlineData("array['(1,1),(0,0)'::box,'(3,3),(2,2)'::box]", "[\"(1,1),(0,0)\",\"(3,3),(2,2)\"]")]
    [InlineData("tsrange('2026-01-01','2026-02-01')", "\"[\\\"2026-01-01 00:00:00\\\",\\\"2026-02-01 00:00:00\\\")\"")]
    [InlineData("'{[1,3),[5,7)}'::int4multirange", "\"{[1,3),[5,7)}\"")]
    [InlineData("inet '10.0.0.0/8'", "\"10.0.0.0/8\"")]
    [InlineData("row(1,'a')", "\"(1,a)\"")]
    [InlineData("'12.34'::money", "\"$12.34\"")]
    [InlineData("'a b'::tsvector", "\"'a' 'b'\"")]
    [InlineData("point '(1,2)'", "\"(1,2)\"")]
    public async Task A_value_of_any_type_comes_back(string expression, string json) =>
        FlowValue.ToJson(await ValueAsync(expression)).ShouldBe(json);

    [Fact]
    public async Task Types_of_the_databases_own_come_back_as_what_they_are_made_of()
    {
        await ExecuteAsync("CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE DOMAIN percent AS int CHECK (value <= 100)");

        (await ValueAsync("'glad'::mood")).ShouldBe("glad");
        FlowValue.ToJson(await ValueAsync("array['glad','sad']::mood[]")).ShouldBe("""["glad","sad"]""");
        (await ValueAsync("42::percent")).ShouldBe(42L);
        FlowValue.ToJson(await ValueAsync("array[1,2]::percent[]")).ShouldBe("[1,2]");
    }

    [Theory]
    [InlineData("'{{ inputs.v }}'::text", "x", "x")]
    [InlineData("{{ inputs.v }}::text", "x", "x")]
    [InlineData("{{ inputs.v }} + 1", 41L, 42L)]
    [InlineData("length(repeat('x', {{ inputs.v }}))", 3L, 3L)]
    [InlineData("{{ inputs.v }}", 5_000_000_000L, 5_000_000_000L)]
    [InlineData("{{ inputs.v }} * 2", 0.1, 0.2)]
    [InlineData("not {{ inputs.v }}", true, false)]
    [InlineData("'{{ inputs.v }}'::int + 1", "41", 42L)]
    [InlineData("date '2026-01-02' > '{{ inputs.v }}'", "2026-01-01", true)]
    [InlineData("coalesce({{ inputs.v }}::text, 'none')", null, "none")]
    public async Task A_value_is_bound_as_if_it_stood_in_the_SQL(string expression, object? value, object? expected) =>
        (await ValueAsync(expression, FlowValue.Map(("v", value)))).ShouldBe(expected);

    [Fact]
    public async Task Lists_are_arrays_and_maps_are_JSON()
    {
        var strings = new List<object?> { "a\"b", "c,d\\", null, "NULL" };
        FlowValue.ToJson(await ValueAsync("{{ inputs.v }}::text[]", FlowValue.Map(("v", strings)))).ShouldBe(FlowValue.ToJson(strings));
        (await ValueAsync("2 = ANY({{ inputs.v }})", FlowValue.Map(("v", new List<object?> { 1L, 2L })))).ShouldBe(true);
        (await ValueAsync("cardinality({{ inputs.v }})", FlowValue.Map(("v", new List<object?> { 1L, 5_000_000_000L })))).ShouldBe(2L);
        (await ValueAsync("cardinality({{ inputs.v }})", FlowValue.Map(("v", new List<object?> { true, false })))).ShouldBe(2L);
        (await ValueAsync("'6ecd8c99-4036-403d-bf84-cf8400f67836'::uuid = ANY({{ inputs.v }})",
            FlowValue.Map(("v", new List<object?> { "6ecd8c99-4036-403d-bf84-cf8400f67836" })))).ShouldBe(true);
        (await ValueAsync("{{ inputs.v }} ->> 'a'", FlowValue.Map(("v", FlowValue.Map(("a", "x")))))).ShouldBe("x");
        (await ValueAsync("jsonb_array_length({{ inputs.v }})", FlowValue.Map(("v", new List<object?> { FlowValue.Map(), 1L })))).ShouldBe(2L);
        (await ValueAsync("cardinality({{ inputs.v }}::text[])", FlowValue.Map(("v", new List<object?>())))).ShouldBe(0L);
    }

    [Theory]
    [InlineData("O'Brien'); DROP TABLE person;--")]
    [InlineData("'; DROP TABLE person; --")]
    [InlineData("\\'; DROP TABLE person; --")]
    [InlineData("$1")]
    [InlineData("$$; DROP TABLE person; $$")]
    [InlineData("{{ inputs.other }}")]
    [InlineData("' || pg_sleep(10) || '")]
    [InlineData("\u02bc; DROP TABLE person")]
    public async Task A_name_that_looks_like_SQL_is_stored_as_a_name(string name)
    {
        var output = (await RunAsync("INSERT INTO person (name) VALUES ('{{ inputs.name }}') RETURNING id, name", FlowValue.Map(("name", name)))).Output();

        output["affected_rows"].ShouldBe(1L);
        ((IReadOnlyDictionary<string, object?>)output["row"]!)["name"].ShouldBe(name);
        (await ScalarAsync("SELECT name FROM person")).ShouldBe(name);
    }

    [Theory]
    [InlineData("SELECT 1; DROP TABLE person")]
    [InlineData("INSERT INTO person (name) VALUES ('a'); INSERT INTO person (name) VALUES ('b')")]
    [InlineData("SELECT '{{ inputs.v }}'; DROP TABLE person")]
    [InlineData("COMMIT; DROP TABLE person")]
    public async Task Several_statements_are_refused_by_PostgreSQL(string sql)
    {
        var failure = await FailureAsync(sql, FlowValue.Map(("v", "x")));

        failure.Message.ShouldContain("cannot insert multiple commands into a prepared statement");
        (await ScalarAsync("SELECT count(*) FROM person")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_semicolon_at_the_end_is_no_second_statement() =>
        (await RunAsync("SELECT 1 AS one;\n")).Output()["size"].ShouldBe(1L);

    [Fact]
    public async Task A_refused_statement_is_told_in_PostgreSQLs_words_with_place_and_hint()
    {
        var failure = await FailureAsync("SELECT 1\nFROM person\nWHERE array_overlap(skills, skills)");

        failure.Code.ShouldBe("sql_error");
        failure.Message.ShouldStartWith("function array_overlap(text[], text[]) does not exist (SQLSTATE 42883, line 3, column 7)");
        failure.Message.ShouldContain("Hint: ");
        failure.Retryable.ShouldBeFalse();
    }

    [Fact]
    public async Task Rows_come_back_whether_asked_for_or_not()
    {
        await ExecuteAsync("INSERT INTO person (name) VALUES ('a'), ('b'), ('c')");
        const string sql = "SELECT name FROM person ORDER BY name";

        FlowValue.ToJson((await RunAsync(sql)).Output()).ShouldBe("""{"rows":[{"name":"a"},{"name":"b"},{"name":"c"}],"row":{"name":"a"},"size":3,"affected_rows":null}""");
        FlowValue.ToJson((await RunAsync(sql, null, ("fetchOne", true))).Output()["rows"]).ShouldBe("""[{"name":"a"}]""");
        FlowValue.ToJson((await RunAsync(sql, null, ("fetchType", "none"))).Output()["rows"]).ShouldBe("[]");
        (await RunAsync("UPDATE person SET age = 1")).Output()["affected_rows"].ShouldBe(3L);
    }

    [Fact]
    public async Task A_result_over_the_limit_is_an_error_that_leaves_nothing_behind()
    {
        var failure = await FailureAsync("INSERT INTO person (name) SELECT 'x' FROM generate_series(1, 50) RETURNING id", null, ("limit", 49L));
        failure.Code.ShouldBe("sql_result_too_large");
        failure.Message.ShouldContain("49 rows");
        (await ScalarAsync("SELECT count(*) FROM person")).ShouldBe(0L);

        (await RunAsync("SELECT generate_series(1, 50)", null, ("limit", 50L))).Output()["size"].ShouldBe(50L);
        (await FailureAsync("SELECT repeat('x', 1000000) FROM generate_series(1, 5)")).Message.ShouldContain("4096 KiB");
    }

    [Fact]
    public async Task A_statement_outside_a_transaction_runs_when_asked_for()
    {
        (await FailureAsync("VACUUM person")).Message.ShouldContain("cannot run inside a transaction block");
        (await RunAsync("VACUUM person", null, ("transaction", false))).Output()["size"].ShouldBe(0L);
    }

    [Theory]
    [InlineData("COPY person FROM STDIN")]
    [InlineData("COPY person TO STDOUT")]
    public async Task A_statement_that_talks_back_fails_and_harms_nobody(string sql)
    {
        (await FailureAsync(sql)).Code.ShouldBe("sql_error");
        (await RunAsync("SELECT 1")).Output()["size"].ShouldBe(1L);
    }

    [Fact]
    public async Task What_a_statement_sets_does_not_stay_for_the_next_one()
    {
        await RunAsync("SET search_path = nowhere", null, ("transaction", false));
        await RunAsync("SET DateStyle = 'German'", null, ("transaction", false));

        (await RunAsync("SELECT count(*) FROM person")).Output()["size"].ShouldBe(1L);
        (await ValueAsync("date '2026-05-01'")).ShouldBe("2026-05-01");
    }

    [Theory]
    [InlineData("jdbc:postgresql://{0}:{1}/{2}?user={3}&password={4}")]
    [InlineData("postgresql://{3}:{4}@{0}:{1}/{2}")]
    [InlineData("Host={0};Port={1};Database={2};Username={3};Password={4}")]
    public async Task The_database_may_be_written_in_any_usual_way(string form)
    {
        var at = Postgres.ConnectionText.Parse(_database.TcpUrl);
        var url = string.Format(form, at.Host, at.Port, at.Database, at.Username, at.Password);

        var output = (await RunAsync("SELECT current_database() AS name", null, ("url", url))).Output();

        FlowValue.ToJson(output["row"]).ShouldBe($$"""{"name":"{{_database.Name}}"}""");
    }

    [Fact]
    public async Task User_and_password_may_be_given_apart()
    {
        var at = Postgres.ConnectionText.Parse(_database.TcpUrl);
        var url = $"jdbc:postgresql://{at.Host}:{at.Port}/{at.Database}";

        (await RunAsync("SELECT 1", null, ("url", url), ("username", at.Username), ("password", at.Password))).Output()["size"].ShouldBe(1L);
        var failure = await FailureAsync("SELECT 1", null, ("url", url), ("username", at.Username), ("password", "wrong"));
        failure.Message.ShouldContain("28P01");
        failure.Message.ShouldNotContain("wrong");
        (await FailureAsync("SELECT 1", null, ("url", url))).Code.ShouldBe("sql_connection_invalid");
    }

    [Theory]
    [InlineData("postgresql://u:p@10.0.0.1:5432/x", "outbound_refused", false)]
    [InlineData("postgresql://u:p@localhost:1/x", "outbound_refused", false)]
    [InlineData("Host=/var/run/postgresql;Database=x;Username=u", "sql_connection_invalid", false)]
    [InlineData("Host=a,b;Database=x;Username=u", "sql_connection_invalid", false)]
    [InlineData("mysql://u:p@example.org/x", "sql_connection_invalid", false)]
    public async Task A_database_that_may_not_be_reached_is_refused(string url, string code, bool retryable)
    {
        var failure = await FailureAsync("SELECT 1", null, ("url", url));

        (failure.Code, failure.Retryable).ShouldBe((code, retryable));
        failure.Message.ShouldNotContain(":p@");
    }

    [Fact]
    public async Task Files_of_this_machine_named_in_the_connection_are_not_touched()
    {
        var at = new NpgsqlConnectionStringBuilder(Postgres.ConnectionText.Parse(_database.TcpUrl).ConnectionString)
        {
            RootCertificate = "/nowhere/root.pem", SslCertificate = "/nowhere/cert.pem", SslKey = "/nowhere/key.pem", Passfile = "/nowhere/pass",
        };

        // They would fail the connection if they were read.
        (await RunAsync("SELECT 1", null, ("url", at.ConnectionString))).Output()["size"].ShouldBe(1L);
    }

    [Fact]
    public async Task Cancelling_the_step_cancels_the_statement()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var step = new TestStep(_task, FlowValue.Map(("url", _database.TcpUrl)), new Dictionary<string, string> { ["sql"] = "SELECT pg_sleep(600)" });
        var run = _task.ExecuteAsync(step, stop.Token).AsTask();
        while (await ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND state = 'active'") is 0L) await Task.Yield();

        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(run.WaitAsync(TimeSpan.FromSeconds(20), Token));
        (await ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND state = 'active'")).ShouldBe(0L);
    }

    private TestStep OwnStep(string sql, Func<NpgsqlTransaction, object?, Task> onRecord, bool system = true) =>
        new(_task, FlowValue.Map(), new Dictionary<string, string> { ["sql"] = sql }) { System = system, OnRecord = onRecord };

    [Fact]
    public async Task On_the_platforms_own_database_effect_and_record_are_one_transaction()
    {
        await ExecuteAsync("CREATE TABLE effect (id int); GRANT ALL ON effect TO weft_engine");
        var step = OwnStep("INSERT INTO effect VALUES (1) RETURNING id", async (transaction, output) =>
        {
            await using var record = new NpgsqlCommand("INSERT INTO effect VALUES (2)", transaction.Connection, transaction);
            await record.ExecuteNonQueryAsync(Token);
            (await ScalarAsync("SELECT count(*) FROM effect")).ShouldBe(0L);
        });

        (await step.RunAsync()).ShouldBeOfType<StepOutcome.RecordedOutcome>();

        (await ScalarAsync("SELECT count(*) FROM effect")).ShouldBe(2L);
    }

    [Fact]
    public async Task A_record_that_cannot_be_written_undoes_the_effect()
    {
        await ExecuteAsync("CREATE TABLE effect (id int); GRANT ALL ON effect TO weft_engine");

        await Should.ThrowAsync<TimeoutException>(() => OwnStep("INSERT INTO effect VALUES (1)", (_, _) => throw new TimeoutException("the lease is gone")).RunAsync());

        (await ScalarAsync("SELECT count(*) FROM effect")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_workspaces_flow_does_not_get_at_the_platforms_own_database()
    {
        var failure = (await OwnStep("SELECT 1", (_, _) => throw new InvalidOperationException("ran"), system: false).RunAsync()).ShouldBeOfType<StepOutcome.FailOutcome>();

        (failure.Code, failure.Retryable).ShouldBe(("sql_url_required", false));
    }

}
