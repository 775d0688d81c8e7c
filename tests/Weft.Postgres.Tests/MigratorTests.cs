using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Weft.Testing;

namespace Weft.Postgres.Tests;

public sealed class MigratorTests
{
    private static readonly Migration First = new("test", 1, "shelf", "create table weft.shelf (id int primary key);\ninsert into weft.shelf values (1);");
    private static readonly Migration Second = new("test", 2, "books", "create table weft.book (shelf int references weft.shelf)");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Applies_what_is_missing_once_and_in_order()
    {
        await using var test = await TestDatabase.CreateEmptyAsync(Stop);

        (await Migrator(test, First).MigrateAsync(Stop)).ShouldBe(1);
        var both = Migrator(test, First, Second);
        (await both.StatusAsync(Stop)).Select(status => (status.Version, status.Name, status.AppliedAt is not null)).ShouldBe([(1, "shelf", true), (2, "books", false)]);
        (await both.MigrateAsync(Stop)).ShouldBe(1);
        (await both.MigrateAsync(Stop)).ShouldBe(0);
        (await both.StatusAsync(Stop)).ShouldAllBe(status => status.AppliedAt != null);
        (await ScalarAsync(test, "select count(*) from weft.shelf")).ShouldBe(1L);
    }

    [Fact]
    public async Task Everything_belongs_to_the_owner_role()
    {
        await using var test = await TestDatabase.CreateEmptyAsync(Stop);
        await Migrator(test, First).MigrateAsync(Stop);

        (await ScalarAsync(test, "select string_agg(distinct tableowner::text, ',') from pg_tables where schemaname = 'weft'")).ShouldBe("weft_admin");
    }

    [Fact]
    public async Task Nodes_that_start_together_apply_each_migration_once()
    {
        await using var test = await TestDatabase.CreateEmptyAsync(Stop);
        await using var other = await WeftDatabase.OpenAsync(new DatabaseOptions { AdminUrl = test.AdminUrl }, NullLoggerFactory.Instance, Stop);
        Migrator[] nodes = [Migrator(test, First, Second), new(other.Admin, [First, Second], NullLoggerFactory.Instance)];

        var counts = await Task.WhenAll(nodes.Select(node => Task.Run(() => node.MigrateAsync(Stop))));
        counts.Sum().ShouldBe(2);
    }

    [Fact]
    public async Task A_failure_is_rolled_back_and_told_with_file_and_line()
    {
        await using var test = await TestDatabase.CreateEmptyAsync(Stop);
        var broken = new Migration("test", 2, "broken", "create table weft.before (id int);\n\ncreate table weft.after (\n  id nonsense\n);");

        var failure = await Should.ThrowAsync<DatabaseException>(() => Migrator(test, First, broken).MigrateAsync(Stop));
        failure.Code.ShouldBe("migration_failed");
        failure.Problem.ShouldContain("test/0002_broken.sql failed at line 4");
        failure.Problem.ShouldContain("nonsense");
        (await ScalarAsync(test, "select to_regclass('weft.before')::text")).ShouldBe(DBNull.Value);
        (await ScalarAsync(test, "select to_regclass('weft.shelf')::text")).ShouldBe("weft.shelf");
    }

    [Fact]
    public async Task A_migration_that_was_changed_after_it_was_applied_is_refused()
    {
        await using var test = await TestDatabase.CreateEmptyAsync(Stop);
        await Migrator(test, First).MigrateAsync(Stop);
        var changed = First with { Sql = First.Sql + " -- and more" };

        var refused = await Should.ThrowAsync<DatabaseException>(() => Migrator(test, changed, Second).MigrateAsync(Stop));
        refused.Code.ShouldBe("migration_changed");
        refused.Problem.ShouldContain("test/0001_shelf.sql");
        (await ScalarAsync(test, "select to_regclass('weft.book')::text")).ShouldBe(DBNull.Value);
    }

    [Fact]
    public void Line_endings_do_not_change_a_migration() =>
        new Migration("test", 1, "shelf", First.Sql.Replace("\n", "\r\n")).Checksum.ShouldBe(First.Checksum);

    [Fact]
    public async Task A_database_that_a_newer_program_has_migrated_is_refused()
    {
        await using var test = await TestDatabase.CreateEmptyAsync(Stop);
        await Migrator(test, First, Second).MigrateAsync(Stop);

        var refused = await Should.ThrowAsync<DatabaseException>(() => Migrator(test, First).MigrateAsync(Stop));
        refused.Code.ShouldBe("database_newer_than_program");
        refused.Problem.ShouldContain("test/0002_books");
    }

    [Fact]
    public async Task A_stamp_records_without_running()
    {
        await using var test = await TestDatabase.CreateEmptyAsync(Stop);
        var migrator = Migrator(test, First, Second);

        (await migrator.StampAsync("test", 1, Stop)).ShouldBe(1);
        (await ScalarAsync(test, "select to_regclass('weft.shelf')::text")).ShouldBe(DBNull.Value);
        (await migrator.StatusAsync(Stop)).Select(status => status.AppliedAt is not null).ShouldBe([true, false]);
        (await Should.ThrowAsync<DatabaseException>(() => migrator.StampAsync("test", 3, Stop))).Code.ShouldBe("migration_unknown");
    }

    [Fact]
    public void The_program_s_own_lines_are_numbered_without_gaps()
    {
        foreach (var line in TestDatabase.Lines)
        {
            var versions = Postgres.Migrator.Read(line).Select(migration => migration.Version).ToList();
            versions.ShouldBe(Enumerable.Range(1, versions.Count));
        }
    }

    private static Migrator Migrator(TestDatabase test, params Migration[] migrations) => new(test.Database.Admin, migrations, NullLoggerFactory.Instance);

    private static async Task<object?> ScalarAsync(TestDatabase test, string sql)
    {
        await using var command = test.Superuser.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Stop);
    }
}
