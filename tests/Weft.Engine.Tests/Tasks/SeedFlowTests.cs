using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Weft.Engine.Language;
using Weft.Engine.Mail;
using Weft.Engine.Outbound;
using Weft.Engine.Tasks;
using Weft.Engine.Tasks.Sql;
using Weft.Postgres;
using Weft.Testing;

namespace Weft.Engine.Tests.Tasks;

/// <summary>
/// The first flows that Weft was to run, through the whole engine: webhook in, row in a database of one's own, mail in the
/// mailbox. The corrected ones are those of docs/learning; the printed ones are read from the shared data where it is given.
/// </summary>
public sealed class SeedFlowTests : IAsyncLifetime
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestDatabase _weft = null!;
    private TestDatabase _jobs = null!;
    private ForeignDatabases _foreign = null!;
    private GuardedHttp _http = null!;
    private FlowEngine _engine = null!;

    public async ValueTask InitializeAsync()
    {
        _weft = await TestDatabase.CreateAsync(Token);
        _jobs = await TestDatabase.CreateEmptyAsync(Token);
        var at = ConnectionText.Parse(_jobs.TcpUrl);
        var options = new EngineOptions
        {
            Poll = TimeSpan.FromMilliseconds(100),
            FlowEnvironment =
            {
                ["DB_URL"] = $"jdbc:postgresql://{at.Host}:{at.Port}/{at.Database}",
                ["DB_USER"] = at.Username!,
                ["DB_PASSWORD"] = at.Password!,
            },
        };
        var guard = new OutboundGuard(new OutboundOptions().Opening(options.FlowEnvironment.Values), TimeProvider.System);
        _foreign = new ForeignDatabases(guard, TimeProvider.System);
        _http = new GuardedHttp(guard, TimeProvider.System);
        var types = new TaskTypeRegistry(
        [
            new LogTask(), new ReturnTask(), new FailTask(), new SetTask(), new SleepTask(), new SqlQueryTask(_weft.Database, _foreign, options),
            new HttpRequestTask(_http), new MailSendTask(_weft.Database, guard, new MailOptions(), new MailTemplates(), TimeProvider.System),
        ]);
        _engine = new FlowEngine(_weft.Database, types, options, TimeProvider.System, NullLoggerFactory.Instance);
        await _engine.StartAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        await _foreign.DisposeAsync();
        _http.Dispose();
        await _weft.DisposeAsync();
        await _jobs.DisposeAsync();
    }

    private static string Docs(string name, [CallerFilePath] string here = "") =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "../../../docs/learning/seed-flows", name));

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _jobs.Superuser.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Token);
    }

    private async Task<object?> ScalarAsync(TestDatabase database, string sql)
    {
        await using var command = database.Superuser.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Token);
    }

    private Task<FlowDeployment> DeployAsync(string source) => _engine.DeployAsync(source, FlowOwner.System, Token);

    private async Task<RunDetail> EndAsync(Guid run) => await _engine.WaitForEndAsync(run, Token).WaitAsync(TimeSpan.FromSeconds(60), Token);

    private async Task<RunDetail> RunAsync(FlowDeployment flow, params (string Name, object? Value)[] inputs)
    {
        var started = await _engine.StartAsync(
            new StartRun { Namespace = flow.Namespace, FlowId = flow.FlowId, Inputs = inputs.ToDictionary(i => i.Name, i => i.Value), MayStartSystemFlow = true }, Token);
        return await EndAsync(started.Id);
    }

    private async Task<RunDetail> HookAsync(FlowDeployment flow, string key, params (string Name, object? Value)[] body)
    {
        var request = new WebhookRequest { Body = FlowValue.ToUtf8(FlowValue.Map(body)), ContentType = "application/json" };
        var started = (await _engine.StartByWebhookAsync(flow.Namespace, flow.FlowId, key, request, Token)).ShouldNotBeNull();
        return await EndAsync(started.Id);
    }

    private static void ShouldBeDone(RunDetail run) => run.Status.ShouldBe("completed", $"{run.Error?.Step}: {run.Error?.Message}");

    private async Task RegisterAsync(FlowDeployment flow, string user, string name, string? role = null)
    {
        (string, object?)[] body = [("user_id", user), ("email", $"{user}@example.org"), ("name", name)];
        ShouldBeDone(await HookAsync(flow, "registration-secret-key", role is null ? body : [.. body, ("role", role)]));
    }

    private async Task CheckRegistrationAsync(FlowDeployment flow)
    {
        const string name = "O'Brien'); DROP TABLE user_profiles;--";
        await RegisterAsync(flow, "ann", name);
        await RegisterAsync(flow, "rick", "Rick", "recruiter");

        (await ScalarAsync(_jobs, "SELECT name || '|' || role FROM user_profiles WHERE auth0_user_id = 'ann'")).ShouldBe($"{name}|job_seeker");
        (await ScalarAsync(_weft, "SELECT text FROM weft.mail WHERE recipient = 'ann@example.org'")).ShouldBeOfType<string>().ShouldSatisfyAllConditions(
            text => text.ShouldStartWith($"Hi {name},"),
            text => text.ShouldContain("find matching jobs"),
            text => text.ShouldNotContain("posting your first job"));
        (await ScalarAsync(_weft, "SELECT text FROM weft.mail WHERE recipient = 'rick@example.org'")).ShouldBeOfType<string>().ShouldContain("posting your first job");
        (await ScalarAsync(_weft, "SELECT subject || '|' || sender FROM weft.mail WHERE recipient = 'ann@example.org'"))
            .ShouldBe("Welcome to the Job Matching Platform!|welcome@yourapp.com");

        // The same person again: PostgreSQL refuses the row, and nobody is welcomed twice.
        var again = await HookAsync(flow, "registration-secret-key", ("user_id", "ann"), ("email", "ann@example.org"), ("name", "Ann"));
        again.Status.ShouldBe("failed");
        again.Error.ShouldNotBeNull().Step.ShouldBe("create_user_profile");
        again.Error!.Message.ShouldContain("duplicate key value violates unique constraint");
        (await ScalarAsync(_weft, "SELECT count(*) FROM weft.mail WHERE recipient = 'ann@example.org'")).ShouldBe(1L);
        (await _engine.StartByWebhookAsync(flow.Namespace, flow.FlowId, "another-key", new WebhookRequest(), Token)).ShouldBeNull();
    }

    [Fact]
    public async Task The_first_flow_says_hello()
    {
        var run = await RunAsync(await DeployAsync(Docs("hello-world.yaml")));

        ShouldBeDone(run);
        (await ScalarAsync(_weft, "SELECT message FROM weft.log")).ShouldBe("Hello from Weft!");
    }

    [Fact]
    public async Task A_registration_makes_a_row_and_a_welcome()
    {
        await ExecuteAsync(Docs("schema.sql"));

        await CheckRegistrationAsync(await DeployAsync(Docs("user-registration.yaml")));
    }

    [Fact]
    public async Task A_profile_update_finds_the_jobs_that_fit_and_tells_of_them()
    {
        await ExecuteAsync(Docs("schema.sql"));
        var registration = await DeployAsync(Docs("user-registration.yaml"));
        await RegisterAsync(registration, "ann", "Ann");
        await RegisterAsync(registration, "rick", "Rick", "recruiter");
        await ExecuteAsync("""
            INSERT INTO jobs (title, required_skills, start_date, end_date, publisher_id, status) VALUES
              ('Fits', '{java,sql}', '2026-03-01', '2026-05-01', 'rick', 'open'),
              ('Closed', '{java}', '2026-03-01', '2026-05-01', 'rick', 'closed'),
              ('Another time', '{java}', '2027-03-01', '2027-05-01', 'rick', 'open'),
              ('Another trade', '{welding}', '2026-03-01', '2026-05-01', 'rick', 'open')
            """);
        var update = await DeployAsync(Docs("profile-update.yaml"));

        ShouldBeDone(await HookAsync(update, "profile-update-secret-key",
            ("user_id", "ann"), ("skills", "java,go"), ("availability", """{"[2026-01-01,2026-03-15)","[2026-08-01,2026-09-01)"}""")));

        (await ScalarAsync(_jobs, "SELECT skills::text FROM user_profiles WHERE auth0_user_id = 'ann'")).ShouldBe("{java,go}");
        var mail = (await ScalarAsync(_weft, "SELECT text FROM weft.mail WHERE subject = 'New jobs matching your profile'")).ShouldBeOfType<string>();
        mail.ShouldContain("- Fits, from 2026-03-01 to 2026-05-01");
        mail.ShouldNotContain("Closed");
        mail.ShouldNotContain("Another");

        // What is not given stays, and where nothing fits nobody is told.
        ShouldBeDone(await HookAsync(update, "profile-update-secret-key", ("user_id", "ann"), ("skills", "cooking")));
        (await ScalarAsync(_jobs, "SELECT skills::text || cardinality(availability) FROM user_profiles WHERE auth0_user_id = 'ann'")).ShouldBe("{cooking}2");
        (await ScalarAsync(_weft, "SELECT count(*) FROM weft.mail WHERE subject = 'New jobs matching your profile'")).ShouldBe(1L);
    }

    private static (string, object?)[] ExampleInputs(string skills, string availability) =>
    [
        ("title", "Engineer"), ("description", "Build; and 'quote'"), ("skills", skills), ("start_date", "2026-03-01"), ("end_date", "2026-05-01"),
        ("location", "Bern"), ("publisher_id", "rick"), ("user_id", "ann"), ("availability", availability), ("required_skills", "java,sql"),
        ("job_period", "[2026-03-01,2026-05-01)"),
    ];

    [Fact]
    public async Task The_queries_of_the_plugin_page_run_once_they_are_right()
    {
        await ExecuteAsync(Docs("schema.sql"));
        var registration = await DeployAsync(Docs("user-registration.yaml"));
        await RegisterAsync(registration, "ann", "Ann");
        await RegisterAsync(registration, "rick", "Rick", "recruiter");

        ShouldBeDone(await RunAsync(await DeployAsync(Docs("database-examples.yaml")), ExampleInputs("java,go", """{"[2026-01-01,2026-12-31)"}""")));

        (await ScalarAsync(_jobs, "SELECT description || required_skills::text FROM jobs")).ShouldBe("Build; and 'quote'{java,go}");
        (await ScalarAsync(_weft, "SELECT text FROM weft.mail WHERE subject = 'New job matching your skills!'"))
            .ShouldBe("Hi Ann, we found a job matching your skills...");
    }

    // As the corrected ones, but with the mistakes that PostgreSQL refuses: the run ends there and says so.
    [Theory]
    [InlineData("SELECT 1 WHERE array_overlap(ARRAY['a'], ARRAY['b'])", "function array_overlap(text[], text[]) does not exist")]
    [InlineData("SELECT 1 FROM user_profiles WHERE tsrange('2026-01-01', '2026-02-01') && ANY ((SELECT availability FROM user_profiles))", "operator does not exist: tsrange && tsrange[]")]
    [InlineData("UPDATE user_profiles SET availability = '{{ inputs.name }}'", "malformed array literal")]
    [InlineData("SELECT * FROM users", "relation \"users\" does not exist")]
    public async Task A_statement_that_PostgreSQL_refuses_ends_the_run_with_its_words(string sql, string message)
    {
        await ExecuteAsync(Docs("schema.sql"));
        await RegisterAsync(await DeployAsync(Docs("user-registration.yaml")), "ann", "Ann");
        var flow = await DeployAsync($$$"""
            id: refused
            namespace: jobmatch
            inputs:
              - { id: name, type: STRING, defaults: "java,sql" }
            tasks:
              - id: asked
                type: io.kestra.plugin.jdbc.postgresql.Query
                url: "{{env.DB_URL}}"
                username: "{{env.DB_USER}}"
                password: "{{env.DB_PASSWORD}}"
                sql: >
                  {{{sql}}}
              - { id: never, type: log, message: not reached }
            """);

        var run = await RunAsync(flow);

        run.Status.ShouldBe("failed");
        run.Error.ShouldNotBeNull().ShouldSatisfyAllConditions(
            e => e.Step.ShouldBe("asked"), e => e.Code.ShouldBe("sql_error"), e => e.Message.ShouldContain(message));
        run.Steps.ShouldNotContain(s => s.Id == "never");
    }

    // --- as printed -------------------------------------------------------------------------------------------------

    private static string Printed()
    {
        var data = Environment.GetEnvironmentVariable("WEFT_SHARED_DATA");
        Assert.SkipWhen(string.IsNullOrEmpty(data), "WEFT_SHARED_DATA names no folder with the printed flows.");
        return File.ReadAllText(Directory.GetFiles(Path.Combine(data!, "..", "seeds"), "000_*.txt").Single()).ReplaceLineEndings("\n");
    }

    /// <summary>The fenced blocks of one language; a block that is not closed goes to the end.</summary>
    private static List<string> Blocks(string text, string language)
    {
        var blocks = new List<string>();
        StringBuilder? block = null;
        foreach (var line in text.Split('\n'))
        {
            if (block is null && line == "```" + language) block = new StringBuilder();
            else if (block is not null && line == "```")
            {
                blocks.Add(block.ToString());
                block = null;
            }
            else block?.Append(line).Append('\n');
        }
        if (block is not null) blocks.Add(block.ToString());
        return blocks;
    }

    private static string FlowBlock(string text, string id, int which = 0) =>
        Blocks(text, "yaml").Where(b => b.StartsWith($"id: {id}\n", StringComparison.Ordinal)).ElementAt(which);

    private static string SchemaBlock(string text) => Blocks(text, "sql").Single(b => b.Contains("CREATE TABLE user_profiles", StringComparison.Ordinal));

    [Fact]
    public async Task The_printed_hello_runs_unchanged()
    {
        ShouldBeDone(await RunAsync(await DeployAsync(FlowBlock(Printed(), "hello-world"))));

        (await ScalarAsync(_weft, "SELECT message FROM weft.log")).ShouldBeOfType<string>().ShouldStartWith("Hello from ");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task The_printed_registration_runs_unchanged(int which)
    {
        var text = Printed();
        await ExecuteAsync(SchemaBlock(text));

        await CheckRegistrationAsync(await DeployAsync(FlowBlock(text, "user-registration", which)));
    }

    [Fact]
    public async Task The_printed_profile_update_is_refused_first_for_its_column_then_for_its_function()
    {
        var text = Printed();
        await ExecuteAsync(SchemaBlock(text));
        await RegisterAsync(await DeployAsync(FlowBlock(text, "user-registration")), "ann", "Ann");
        var update = await DeployAsync(FlowBlock(text, "profile-update"));
        (string, object?)[] body = [("user_id", "ann"), ("skills", "java,go"), ("availability", """{"[2026-01-01,2026-03-15)"}""")];

        var first = await HookAsync(update, "profile-update-secret-key", body);
        first.Status.ShouldBe("failed");
        (first.Error!.Step, first.Error.Code).ShouldBe(("update_user_profile", "sql_error"));
        first.Error.Message.ShouldContain("column \"updated_at\" of relation \"user_profiles\" does not exist");

        await ExecuteAsync("ALTER TABLE user_profiles ADD updated_at timestamp; ALTER TABLE jobs ADD status varchar(50) DEFAULT 'open'");
        var second = await HookAsync(update, "profile-update-secret-key", body);
        second.Status.ShouldBe("failed");
        second.Error!.Step.ShouldBe("find_matching_jobs");
        second.Error.Message.ShouldContain("function array_overlap(text[], text[]) does not exist");
        (await ScalarAsync(_jobs, "SELECT skills::text FROM user_profiles WHERE auth0_user_id = 'ann'")).ShouldBe("{java,go}");
    }

    [Theory]
    [InlineData("execute_query", "")]
    [InlineData("insert_data", "malformed array literal")]
    [InlineData("update_profile", "malformed array literal")]
    [InlineData("find_matching_candidates", "relation \"user_skills\" does not exist")]
    public async Task A_fragment_of_the_printed_page_put_into_a_flow_says_what_PostgreSQL_says(string id, string message)
    {
        var text = Printed();
        await ExecuteAsync(SchemaBlock(text));
        await RegisterAsync(await DeployAsync(FlowBlock(text, "user-registration")), "ann", "Ann");
        var fragment = Blocks(text, "yaml").Single(b => b.StartsWith($"- id: {id}\n", StringComparison.Ordinal));
        var inputs = ExampleInputs("java,go", """{"[2026-01-01,2026-12-31)"}""");
        var declared = string.Concat(inputs.Select(i => $"  - {{ id: {i.Item1}, type: STRING }}\n"));

        var run = await RunAsync(await DeployAsync($"id: fragment\nnamespace: jobmatch\ninputs:\n{declared}tasks:\n{fragment}"), inputs);

        run.Status.ShouldBe("failed");
        run.Error!.Step.ShouldBe(id);
        // The first fragment names an address on this machine that nobody opened.
        if (message.Length == 0) run.Error.Code.ShouldBe("outbound_refused");
        else run.Error.Message.ShouldContain(message);
    }
}
