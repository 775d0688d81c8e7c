using Weft.Postgres;
using Weft.Testing;

namespace Weft.Hiring.Tests;

/// <summary>
/// Holds the committed pictures of the schema, and the rules every table obeys, against a migrated database. With
/// WEFT_UPDATE=1 the two files are written anew instead.
/// </summary>
public sealed class SchemaTests
{
    private static readonly string[] Schemas = ["auth", "hiring", "weft"];

    /// <summary>Tables without row-level security, each with the reason why everyone may see every row.</summary>
    private static readonly Dictionary<string, string> PublicTables = new(StringComparer.Ordinal);

    /// <summary>Tables that no role reaches but through functions.</summary>
    private static readonly Dictionary<string, string> TablesBehindFunctions = new(StringComparer.Ordinal)
    {
        ["auth.account"] = "password hashes: only the functions of signing in compare and change them",
        ["auth.verification"] = "secrets of mails on their way: only the functions of signing in use them up",
        ["weft.migration"] = "the migrator's ledger: the owner's alone",
    };

    /// <summary>
    /// Functions that run with their owner's rights. Each was read for what a caller could make it do: it takes a secret's
    /// hash, or checks the caller itself, or serves a trigger.
    /// </summary>
    private static readonly HashSet<string> DefinerFunctions = new(StringComparer.Ordinal)
    {
        // Before there is a user: signing up and in, by a password checked in the program or the hash of a token.
        "auth.close_session", "auth.count_failed_sign_in", "auth.find_api_key", "auth.find_credentials", "auth.find_session",
        "auth.open_session", "auth.save_credentials", "auth.sign_up",
        // They compare the caller with whom they act on, and refuse.
        "auth.create_api_key", "auth.end_sessions", "auth.grant_operator", "hiring.people_of_position", "hiring.remove_demo",
        // Triggers, which nobody calls.
        "hiring.application_of_position", "hiring.match_follows_application", "weft.row_changed",
        // About the caller alone; policies ask them.
        "weft.caller_addresses", "weft.caller_is_member", "weft.caller_is_operator",
        // The engine's upkeep, and a step's record by a proof that only the node holds.
        "weft.make_partitions", "weft.record_step",
    };

    /// <summary>Functions of every policy, so of every role: they tell the caller nothing but about themselves.</summary>
    private static readonly HashSet<string> ForEveryone = new(StringComparer.Ordinal) { "weft.caller_addresses", "weft.caller_is_member", "weft.caller_is_operator" };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_committed_schema_is_what_the_migrations_make()
    {
        await using var test = await TestDatabase.CreateAsync(Stop);
        await CompareAsync("db/schema.sql", await CatalogPrinter.PrintAsync(test.Database.Admin, Stop));
    }

    [Fact]
    public async Task The_page_of_rights_is_what_the_catalogue_says()
    {
        await using var test = await TestDatabase.CreateAsync(Stop);
        await CompareAsync("docs/reference/policies.md", (await RightsAsync(test)).ToMarkdown());
    }

    [Fact]
    public async Task Every_table_has_row_level_security_unless_it_is_listed_as_public()
    {
        await using var test = await TestDatabase.CreateAsync(Stop);
        var tables = (await RightsAsync(test)).Tables.Where(table => !table.IsPartition).ToList();

        tables.ShouldNotBeEmpty();
        tables.Where(table => !(table.IsProtected && table.IsForced) && !PublicTables.ContainsKey(table.FullName)).Select(table => table.FullName)
            .ShouldBeEmpty("these need `enable row level security` and `force row level security`");
        PublicTables.Keys.Where(name => tables.All(table => table.FullName != name || table.IsProtected))
            .ShouldBeEmpty("these are listed as public, but do not exist or are protected");
    }

    [Fact]
    public async Task Every_table_belongs_to_the_owner_role_who_may_use_it_through_a_policy_of_its_own()
    {
        await using var test = await TestDatabase.CreateAsync(Stop);
        var tables = (await RightsAsync(test)).Tables.Where(table => !table.IsPartition).ToList();

        tables.Where(table => table.Owner != "weft_admin").Select(table => table.FullName).ShouldBeEmpty();
        // Without one, a migration that fills a column would touch no row and say nothing.
        tables.Where(table => table.IsForced && !table.Policies.Any(policy => policy is { Command: "all", Using: "true" } && policy.Roles.Contains("weft_admin")))
            .Select(table => table.FullName).ShouldBeEmpty("these need `create policy … to weft_admin using (true) with check (true)`");
    }

    [Fact]
    public async Task Every_table_has_somebody_who_reads_or_writes_it()
    {
        await using var test = await TestDatabase.CreateAsync(Stop);

        (await RightsAsync(test)).Tables
            .Where(table => !table.IsPartition && !TablesBehindFunctions.ContainsKey(table.FullName) && !table.Access.Any(access => access.Role != "weft_admin"))
            .Select(table => table.FullName)
            .ShouldBeEmpty("no role has both a grant and a policy for these");
    }

    [Fact]
    public async Task Nothing_is_granted_to_everyone()
    {
        await using var test = await TestDatabase.CreateAsync(Stop);
        var rights = await RightsAsync(test);

        rights.Tables.Where(table => table.GrantedToPublic).Select(table => table.FullName).ShouldBeEmpty();
        rights.Tables.SelectMany(table => table.Policies.Where(policy => policy.Roles.Contains("public")).Select(policy => $"{table.FullName}: {policy.Name}"))
            .ShouldBeEmpty("policies name the roles they are for");
    }

    [Fact]
    public async Task Functions_with_their_owner_s_rights_are_listed_pinned_and_not_for_everyone()
    {
        await using var test = await TestDatabase.CreateAsync(Stop);
        var functions = (await RightsAsync(test)).DefinerFunctions;

        functions.Where(function => !DefinerFunctions.Contains(NameOf(function))).Select(function => function.Signature)
            .ShouldBeEmpty("read what a caller could make these do, then list them here");
        functions.Where(function => function.SearchPath is null).Select(function => function.Signature).ShouldBeEmpty("these need `set search_path = …`");
        functions.Where(function => function.Executors.Contains("public") && !ForEveryone.Contains(NameOf(function))).Select(function => function.Signature).ShouldBeEmpty("these need `revoke all … from public`");
        functions.ShouldAllBe(function => function.Owner == "weft_admin");
    }

    private static string NameOf(DefinerFunction function) => function.Signature[..function.Signature.IndexOf('(', StringComparison.Ordinal)];

    private static Task<PolicyPage> RightsAsync(TestDatabase test) => PolicyPage.ReadAsync(test.Database.Admin, Schemas, Stop);

    private static async Task CompareAsync(string file, string expected)
    {
        var path = Path.Combine(Root(), file);
        if (Environment.GetEnvironmentVariable("WEFT_UPDATE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, expected, Stop);
            return;
        }

        File.Exists(path).ShouldBeTrue($"{file} is missing: run this test with WEFT_UPDATE=1");
        (await File.ReadAllTextAsync(path, Stop)).ShouldBe(expected, $"{file} is stale: run this test with WEFT_UPDATE=1, and read the difference before you commit it");
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Weft.slnx")))
                return folder.FullName;
        }

        throw new InvalidOperationException("The tests do not run inside the source tree.");
    }
}
