using System.Security.Cryptography.X509Certificates;
using Npgsql;
using Weft.Engine.Mail;
using Weft.Engine.Outbound;
using Weft.Engine.Tasks;
using Weft.Engine.Tests.Mail;
using Weft.Postgres;
using Weft.Testing;

namespace Weft.Engine.Tests.Tasks;

public sealed class MailSendTaskTests : IAsyncLifetime
{
    private TestDatabase _database = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await TestDatabase.CreateAsync(Token);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private MailSendTask Sender(MailOptions? options = null, MailTemplates? templates = null, OutboundOptions? outbound = null, TimeProvider? time = null) =>
        new(_database.Database, new OutboundGuard(outbound ?? new OutboundOptions(), TimeProvider.System), options ?? new MailOptions(), templates ?? new MailTemplates(), time ?? TimeProvider.System);

    private static MailOptions Over(MailServer server) => new()
    {
        Server = new SmtpServer("localhost", server.Port, SmtpSecurity.StartTls) { Roots = [new X509Certificate2(server.Certificate)] },
    };

    private static TestStep Step(ITaskType type, OrderedDictionary<string, object?> properties, string key = "run/step", Func<NpgsqlTransaction, object?, Task>? onRecord = null)
    {
        properties.TryAdd("to", "ann@example.org");
        properties.TryAdd("subject", "Hi");
        properties.TryAdd("text", "Hello");
        return new TestStep(type, properties) { Key = key, OnRecord = onRecord ?? ((_, _) => Task.CompletedTask) };
    }

    private async Task<IReadOnlyList<MailItem>> MailboxAsync(Caller caller, MailFilter? filter = null)
    {
        await using var scope = await _database.Database.BeginAsync(caller, Token);
        return (await MailboxReader.ListAsync(scope.Connection, filter ?? new MailFilter(), Token)).Items;
    }

    // What a product with operators does in its own migrations.
    private async Task<Caller> OperatorAsync()
    {
        await using var command = _database.Superuser.CreateCommand(
            "CREATE OR REPLACE FUNCTION weft.caller_is_operator() RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT weft.caller_user_id() = '11111111-1111-1111-1111-111111111111' $$");
        await command.ExecuteNonQueryAsync(Token);
        return new Caller(Guid.Parse("11111111-1111-1111-1111-111111111111"), null);
    }

    [Fact]
    public async Task Without_a_server_the_mail_lands_in_the_mailbox_with_the_steps_record()
    {
        var everyone = await OperatorAsync();
        var recorded = 0;
        var step = Step(Sender(), FlowValue.Map(("to", "Ann Öz <ann@example.org>, ben@example.org"), ("from", "Weft <weft@example.org>"), ("html", "<p>Hello</p>"),
            ("headers", FlowValue.Map(("List-Unsubscribe", "<https://example.org/u>")))), onRecord: async (transaction, _) =>
        {
            recorded++;
            transaction.Connection.ShouldNotBeNull();
            (await MailboxAsync(everyone)).ShouldBeEmpty();
        });

        var output = (await step.RunAsync()).ShouldBeOfType<StepOutcome.RecordedOutcome>().Output();

        recorded.ShouldBe(1);
        var mails = await MailboxAsync(everyone);
        mails.Select(m => m.Recipient).ShouldBe(["ben@example.org", "ann@example.org"], ignoreOrder: true);
        mails[0].ShouldSatisfyAllConditions(
            m => m.From.ShouldBe("Weft <weft@example.org>"),
            m => m.To.ShouldBe(["ann@example.org", "ben@example.org"]),
            m => (m.Subject, m.Text, m.Html).ShouldBe(("Hi", "Hello", "<p>Hello</p>")),
            m => m.Headers["List-Unsubscribe"].ShouldBe("<https://example.org/u>"),
            m => ((List<object?>)output["message_ids"]!).ShouldContain(m.Headers["Message-ID"]),
            m => m.RunId.ShouldBe(step.RunId));
    }

    [Fact]
    public async Task A_repeated_step_puts_nothing_into_the_mailbox_a_second_time()
    {
        var everyone = await OperatorAsync();
        var task = Sender();

        await Step(task, FlowValue.Map()).RunAsync();
        await Step(task, FlowValue.Map(("text", "Hello again"))).RunAsync();
        await Step(task, FlowValue.Map(), key: "another").RunAsync();

        (await MailboxAsync(everyone)).Select(m => m.Text).ShouldBe(["Hello", "Hello"]);
    }

    [Fact]
    public async Task A_record_that_cannot_be_written_takes_the_mail_with_it()
    {
        var everyone = await OperatorAsync();

        await Should.ThrowAsync<TimeoutException>(() => Step(Sender(), FlowValue.Map(), onRecord: (_, _) => throw new TimeoutException("the lease is gone")).RunAsync());

        (await MailboxAsync(everyone)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Everybody_sees_their_own_mail_only()
    {
        var ann = Guid.CreateVersion7();
        await Step(Sender(), FlowValue.Map(("to", "ann@example.org"), ("user", ann.ToString())), "1").RunAsync();
        await Step(Sender(), FlowValue.Map(("to", "ben@example.org")), "2").RunAsync();

        (await MailboxAsync(new Caller(ann, null))).ShouldHaveSingleItem().Recipient.ShouldBe("ann@example.org");
        (await MailboxAsync(new Caller(Guid.CreateVersion7(), Guid.CreateVersion7()))).ShouldBeEmpty();
        (await MailboxAsync(Caller.Nobody)).ShouldBeEmpty();

        // With accounts, the address is the other way to one's mail.
        await using (var accounts = _database.Superuser.CreateCommand("CREATE OR REPLACE FUNCTION weft.caller_addresses() RETURNS text[] LANGUAGE sql STABLE AS $$ SELECT ARRAY['ben@example.org'] $$"))
        {
            await accounts.ExecuteNonQueryAsync(Token);
        }
        (await MailboxAsync(new Caller(Guid.CreateVersion7(), null))).ShouldHaveSingleItem().Recipient.ShouldBe("ben@example.org");

        await using var scope = await _database.Database.BeginAsync(new Caller(ann, null), Token);
        await using var write = new NpgsqlCommand("DELETE FROM weft.mail", scope.Connection, scope.Transaction);
        (await Should.ThrowAsync<PostgresException>(() => write.ExecuteNonQueryAsync(Token))).SqlState.ShouldBe("42501");
    }

    [Fact]
    public async Task The_mailbox_is_read_page_by_page_and_searched()
    {
        var everyone = await OperatorAsync();
        for (var i = 0; i < 5; i++) await Step(Sender(), FlowValue.Map(("to", $"p{i}@example.org"), ("subject", $"Number {i}")), $"{i}").RunAsync();

        await using var scope = await _database.Database.BeginAsync(everyone, Token);
        var seen = new List<string>();
        Guid? before = null;
        do
        {
            var page = await MailboxReader.ListAsync(scope.Connection, new MailFilter(2, before), Token);
            seen.AddRange(page.Items.Select(m => m.Subject));
            before = page.Next;
        }
        while (before is not null);

        seen.ShouldBe(["Number 4", "Number 3", "Number 2", "Number 1", "Number 0"]);
        var found = (await MailboxReader.ListAsync(scope.Connection, new MailFilter(Text: "NUMBER 3"), Token)).Items.ShouldHaveSingleItem();
        (await MailboxReader.ListAsync(scope.Connection, new MailFilter(Recipient: "P1@example.org"), Token)).Items.ShouldHaveSingleItem().Subject.ShouldBe("Number 1");
        (await MailboxReader.FindAsync(scope.Connection, found.Id, Token))!.Subject.ShouldBe("Number 3");
        (await MailboxReader.FindAsync(scope.Connection, Guid.CreateVersion7(), Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Over_a_server_each_recipient_gets_one_message_however_often_the_step_runs()
    {
        await using var server = await MailServer.StartAsync(new { }, Token);
        var task = Sender(Over(server));
        var properties = FlowValue.Map(("to", new List<object?> { "ann@example.org", "defer@example.org" }), ("cc", "ben@example.org"), ("bcc", "eve@example.org"));

        var first = (await Step(task, properties).RunAsync()).ShouldBeOfType<StepOutcome.FailOutcome>();
        (first.Code, first.Retryable).ShouldBe(("mail_deferred", true));
        (await server.NextAsync(Token)).To.ShouldBe("ann@example.org");

        // The step runs again; the server, meanwhile, takes everybody (another one, so that the first says what it got).
        await using var later = await MailServer.StartAsync(new { }, Token);
        properties["to"] = new List<object?> { "ann@example.org", "Defer <defer2@example.org>" };
        (await Step(Sender(Over(later)), properties).RunAsync()).Output();

        var received = new[] { await later.NextAsync(Token), await later.NextAsync(Token), await later.NextAsync(Token) };
        received.Select(m => m.To).ShouldBe(["defer2@example.org", "ben@example.org", "eve@example.org"]);
        received.ShouldAllBe(m => !m.Text.Contains("eve@", StringComparison.Ordinal) && m.Text.Contains("Cc: ben@example.org\r\n", StringComparison.Ordinal));
        later.IsSilent.ShouldBeTrue();
        server.IsSilent.ShouldBeTrue();
    }

    [Fact]
    public async Task A_refused_recipient_does_not_keep_the_mail_from_the_others()
    {
        await using var server = await MailServer.StartAsync(new { }, Token);

        var failure = (await Step(Sender(Over(server)), FlowValue.Map(("to", "refuse@example.org, ann@example.org"))).RunAsync()).ShouldBeOfType<StepOutcome.FailOutcome>();

        (failure.Code, failure.Retryable).ShouldBe(("mail_refused", false));
        failure.Message.ShouldContain("No such person");
        (await server.NextAsync(Token)).To.ShouldBe("ann@example.org");
    }

    [Fact]
    public async Task A_server_that_is_not_there_may_be_tried_again()
    {
        MailServer gone;
        await using (gone = await MailServer.StartAsync(new { }, Token)) { }

        var failure = (await Step(Sender(Over(gone)), FlowValue.Map()).RunAsync()).ShouldBeOfType<StepOutcome.FailOutcome>();

        (failure.Code, failure.Retryable).ShouldBe(("mail_unreachable", true));
    }

    [Fact]
    public async Task A_server_of_the_flows_own_is_guarded()
    {
        await using var server = await MailServer.StartAsync(new { }, Token);
        var properties = FlowValue.Map(("host", "127.0.0.1"), ("port", (long)server.Port), ("transportStrategy", "SMTP_TLS"));

        (await Step(Sender(), properties).RunAsync()).ShouldBeOfType<StepOutcome.FailOutcome>().Code.ShouldBe("outbound_refused");

        // Opened, it is reached; but nobody vouches for its certificate, and a flow cannot bring its own roots.
        var open = Sender(outbound: new OutboundOptions { Allow = [$"127.0.0.1:{server.Port}"] });
        (await Step(open, properties).RunAsync()).ShouldBeOfType<StepOutcome.FailOutcome>().Code.ShouldBe("mail_tls_failed");
        server.IsSilent.ShouldBeTrue();
    }

    [Fact]
    public async Task A_template_makes_subject_text_and_html()
    {
        var everyone = await OperatorAsync();
        var templates = new MailTemplates().Add("welcome", with => new MailContent($"Welcome, {with["name"]}", "text", "<p>html</p>") { Headers = [("X-Kind", "welcome")] });
        var task = Sender(templates: templates);

        await new TestStep(task, FlowValue.Map(("to", "ann@example.org"), ("template", "welcome"), ("with", FlowValue.Map(("name", "Ann"))))) { OnRecord = (_, _) => Task.CompletedTask }.RunAsync();

        var mail = (await MailboxAsync(everyone)).ShouldHaveSingleItem();
        (mail.Subject, mail.Text, mail.Html, mail.Headers["X-Kind"]).ShouldBe(("Welcome, Ann", "text", "<p>html</p>", "welcome"));
        (await Should.ThrowAsync<FlowException>(() => Step(task, FlowValue.Map(("template", "welcom"))).RunAsync())).Message.ShouldContain("There are: welcome.");
    }

    [Theory]
    [InlineData("to", "nobody", "mail_address_invalid")]
    [InlineData("to", " ", "mail_address_invalid")]
    [InlineData("to", "ann@example.org\r\nBcc: all@example.org", "mail_address_invalid")]
    [InlineData("from", "x", "mail_address_invalid")]
    [InlineData("subject", "Hi\r\nBcc: all@example.org", "mail_header_invalid")]
    [InlineData("replyTo", "x\n@example.org", "mail_address_invalid")]
    [InlineData("user", "ann", "step_property_invalid")]
    public async Task What_could_forge_or_lose_the_mail_is_refused(string property, string value, string code)
    {
        var everyone = await OperatorAsync();

        (await Should.ThrowAsync<FlowException>(() => Step(Sender(), FlowValue.Map((property, value))).RunAsync())).Code.ShouldBe(code);

        (await MailboxAsync(everyone)).ShouldBeEmpty();
    }

    [Fact]
    public async Task More_recipients_than_a_mail_may_have_are_refused()
    {
        var many = Enumerable.Range(0, 101).Select(object? (i) => $"p{i}@example.org").ToList();

        (await Should.ThrowAsync<FlowException>(() => Step(Sender(), FlowValue.Map(("to", many))).RunAsync())).Code.ShouldBe("mail_too_many_recipients");
    }

    [Fact]
    public async Task Mail_older_than_it_is_kept_goes_away()
    {
        var everyone = await OperatorAsync();
        var clock = new ManualClock();
        var task = Sender(time: clock);
        await Step(task, FlowValue.Map(("subject", "old")), "1").RunAsync();

        clock.Advance(TimeSpan.FromDays(91));
        await Step(task, FlowValue.Map(("subject", "new")), "2").RunAsync();

        (await MailboxAsync(everyone)).ShouldHaveSingleItem().Subject.ShouldBe("new");
    }
}
