using Npgsql;
using Weft.Testing;

namespace Weft.Postgres.Tests;

public sealed class CatalogTests
{
    private const string Schema = """
        create schema shop;
        grant usage on schema shop to weft_app;
        create type shop.colour as enum ('red', 'green');
        create function shop.caller() returns uuid language sql stable as $$ select nullif(current_setting('weft.user_id', true), '')::uuid $$;
        create table shop.article (
          id uuid primary key,
          owner uuid not null,
          name text not null default 'new' check (name <> ''),
          shade shop.colour,
          length int generated always as (length(name)) stored
        );
        create index article_owner on shop.article (owner) where shade = 'red';
        alter table shop.article enable row level security;
        alter table shop.article force row level security;
        create policy own on shop.article to weft_app using (owner = shop.caller()) with check (owner = shop.caller());
        create policy engine_reads on shop.article for select to weft_engine using (true);
        grant usage on schema shop to weft_engine;
        grant select, insert on shop.article to weft_app;
        grant update (name) on shop.article to weft_app;
        grant select, delete on shop.article to weft_engine;
        create function shop.everything() returns bigint language sql security definer set search_path = pg_catalog as $$ select count(*) from shop.article $$;
        revoke all on function shop.everything() from public;
        grant execute on function shop.everything() to weft_app;
        create table shop.open_page (id int);
        grant select on shop.open_page to public;
        create view shop.names with (security_invoker=true) as select name from shop.article;
        grant select on shop.names to weft_app;
        """;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Prints_everything_that_a_reader_of_the_schema_asks_for()
    {
        await using var test = await ShopAsync();
        var text = await CatalogPrinter.PrintAsync(test.Database.Admin, Stop);

        foreach (var expected in new[]
        {
            "create type shop.colour as enum ('red', 'green');",
            "name text not null default 'new'::text",
            "length integer generated always as (length(name)) stored",
            "constraint article_pkey PRIMARY KEY (id)",
            "CREATE INDEX article_owner ON shop.article USING btree (owner) WHERE",
            "alter table shop.article force row level security;",
            "create policy own on shop.article to weft_app\n  using (owner = shop.caller())\n  with check (owner = shop.caller());",
            "create policy engine_reads on shop.article for select to weft_engine",
            "grant insert, select on shop.article to weft_app;",
            "grant update (name) on shop.article to weft_app;",
            "grant select on shop.open_page to public;",
            "create view shop.names with (security_invoker=true) as",
            "grant execute on function shop.everything() to weft_app;",
            "SECURITY DEFINER",
            "grant usage on schema shop to weft_app;",
        })
        {
            text.ShouldContain(expected, Case.Sensitive);
        }

        text.ShouldBe(await CatalogPrinter.PrintAsync(test.Database.Admin, Stop));
    }

    [Fact]
    public async Task Knows_who_reads_and_writes_a_table_by_grant_and_policy_together()
    {
        await using var test = await ShopAsync();
        var page = await PolicyPage.ReadAsync(test.Database.Admin, ["shop"], Stop);

        var article = page.Tables.Single(table => table.Name == "article");
        (article.IsProtected, article.IsForced, article.GrantedToPublic, article.Owner).ShouldBe((true, true, false, "weft_admin"));
        article.Access.Single(access => access.Role == "weft_app").Commands.ShouldBe(["select", "insert", "update"]);
        // It may delete by its grant, but no policy lets it.
        article.Access.Single(access => access.Role == "weft_engine").Commands.ShouldBe(["select"]);
        // The owner may do everything by right, but forced security asks for a policy of its own.
        article.Access.ShouldNotContain(access => access.Role == "weft_admin" || access.Role == "weft_flow");
        page.Tables.Single(table => table.Name == "open_page").GrantedToPublic.ShouldBeTrue();
        page.DefinerFunctions.ShouldHaveSingleItem().SearchPath.ShouldBe("pg_catalog");
        page.DefinerFunctions[0].Executors.ShouldBe(["weft_app"]);
        page.Views.ShouldHaveSingleItem().IsInvoker.ShouldBeTrue();
        page.ToMarkdown().ShouldContain("| `shop.article` | forced |  | select | select, insert, update |  |");
    }

    [Fact]
    public async Task Row_level_security_shows_each_caller_their_own_rows_and_nobody_none()
    {
        await using var test = await ShopAsync();
        var ann = new Caller(Guid.CreateVersion7(), null);
        var ben = new Caller(Guid.CreateVersion7(), null);
        await using (var scope = await test.Database.BeginAsync(ann, Stop))
        {
            await InsertAsync(scope, ann.UserId);
            await scope.CommitAsync(Stop);
        }

        (await CountAsync(test, ann)).ShouldBe(1);
        (await CountAsync(test, ben)).ShouldBe(0);
        (await CountAsync(test, Caller.Nobody)).ShouldBe(0);
        await using var foreign = await test.Database.BeginAsync(ben, Stop);
        var refused = await Should.ThrowAsync<PostgresException>(() => InsertAsync(foreign, ann.UserId));
        SqlErrors.Find(refused)!.Kind.ShouldBe(SqlErrorKind.Forbidden);
    }

    private static async Task<TestDatabase> ShopAsync()
    {
        var test = await TestDatabase.CreateEmptyAsync(Stop);
        await using var command = test.Database.Admin.CreateCommand(Schema);
        await command.ExecuteNonQueryAsync(Stop);
        return test;
    }

    private static async Task InsertAsync(CallerScope scope, Guid? owner)
    {
        await using var command = new NpgsqlCommand("insert into shop.article (id, owner) values ($1, $2)", scope.Connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Guid.CreateVersion7() });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = owner!.Value });
        await command.ExecuteNonQueryAsync(Stop);
    }

    private static async Task<long> CountAsync(TestDatabase test, Caller caller)
    {
        await using var scope = await test.Database.BeginAsync(caller, Stop);
        await using var command = new NpgsqlCommand("select count(*) from shop.article", scope.Connection);
        return (long)(await command.ExecuteScalarAsync(Stop))!;
    }
}
