using System.Text;
using Dapper;
using Npgsql;

namespace Weft.Postgres;

/// <summary>One row-level policy.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Command"><c>select</c>, <c>insert</c>, <c>update</c>, <c>delete</c> or <c>all</c>.</param>
/// <param name="Roles">The roles it is for; <c>public</c> means every role.</param>
/// <param name="Using">Which rows may be seen and changed, or null.</param>
/// <param name="Check">Which rows may be written, or null.</param>
public sealed record TablePolicy(string Name, string Command, string[] Roles, string? Using, string? Check);

/// <summary>What one role may do with one table.</summary>
/// <param name="Role">The role.</param>
/// <param name="Commands">The commands that both a grant and (under row-level security) a policy allow.</param>
public sealed record TableAccess(string Role, IReadOnlyList<string> Commands);

/// <summary>One table, with everything that decides who reads and writes it.</summary>
/// <param name="IsPartition">A part of another table, made while Weft runs.</param>
/// <param name="GrantedToPublic">Whether anything on it is granted to everyone.</param>
public sealed record TableRights(
    string Schema,
    string Name,
    string Owner,
    bool IsProtected,
    bool IsForced,
    bool IsPartition,
    bool GrantedToPublic,
    IReadOnlyList<TablePolicy> Policies,
    IReadOnlyList<TableAccess> Access)
{
    /// <summary>Schema and name.</summary>
    public string FullName => $"{Schema}.{Name}";
}

/// <summary>A view: it reads with its owner's rights unless it says <c>security_invoker</c>.</summary>
public sealed record ViewRights(string Schema, string Name, bool IsInvoker, string[] Readers)
{
    /// <summary>Schema and name.</summary>
    public string FullName => $"{Schema}.{Name}";
}

/// <summary>A function that runs with its owner's rights.</summary>
/// <param name="Signature">Schema, name and argument types.</param>
/// <param name="SearchPath">The search path it pins, or null when it takes the caller's.</param>
/// <param name="Executors">Who may call it, other than its owner; <c>public</c> means everyone.</param>
public sealed record DefinerFunction(string Signature, string Owner, string? SearchPath, string[] Executors);

/// <summary>Who may read and write what, as the catalogue has it: the content of <c>docs/reference/policies.md</c>.</summary>
public sealed record PolicyPage(IReadOnlyList<TableRights> Tables, IReadOnlyList<ViewRights> Views, IReadOnlyList<DefinerFunction> DefinerFunctions)
{
    private static readonly string[] Roles = ["weft_admin", "weft_engine", "weft_app", "weft_flow"];

    [Sql(DatabaseRole.Admin)]
    private const string ListTables = """
        select c.oid::bigint as id, n.nspname::text as schema, c.relname::text as name, pg_get_userbyid(c.relowner)::text as owner,
               c.relrowsecurity as is_protected, c.relforcerowsecurity as is_forced, c.relispartition as is_partition,
               exists (select from aclexplode(c.relacl) a where a.grantee = 0)
                 or exists (select from pg_attribute t cross join lateral aclexplode(t.attacl) a where t.attrelid = c.oid and a.grantee = 0) as granted_to_public
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and n.nspname = any(@schemas)
        order by n.nspname, c.relname
        """;

    [Sql(DatabaseRole.Admin)]
    private const string ListGrants = """
        select c.oid::bigint as id, r.rolname::text as role, p.command
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        cross join pg_roles r
        cross join (values ('select', 1), ('insert', 2), ('update', 3), ('delete', 4)) p(command, place)
        where c.relkind in ('r', 'p') and n.nspname = any(@schemas) and r.rolname = any(@roles)
          and case p.command when 'delete' then has_table_privilege(r.oid, c.oid, p.command) else has_any_column_privilege(r.oid, c.oid, p.command) end
        order by p.place
        """;

    [Sql(DatabaseRole.Admin)]
    private const string ListPolicies = """
        select p.polrelid::bigint as id, p.polname::text as name,
               case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end as command,
               (select string_agg(case when role = 0 then 'public' else pg_get_userbyid(role)::text end, ',' order by pg_get_userbyid(role)::text) from unnest(p.polroles) role) as roles,
               pg_get_expr(p.polqual, p.polrelid, true) as using_text, pg_get_expr(p.polwithcheck, p.polrelid, true) as check_text
        from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = any(@schemas)
        order by p.polname
        """;

    [Sql(DatabaseRole.Admin)]
    private const string ListViews = """
        select n.nspname::text as schema, c.relname::text as name,
               coalesce('security_invoker=true' = any(c.reloptions) or 'security_invoker=on' = any(c.reloptions), false) as is_invoker,
               (select string_agg(r.rolname::text, ',' order by r.rolname) from pg_roles r where r.rolname = any(@roles) and r.oid <> c.relowner and has_any_column_privilege(r.oid, c.oid, 'select')) as readers
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('v', 'm') and n.nspname = any(@schemas)
        order by n.nspname, c.relname
        """;

    [Sql(DatabaseRole.Admin)]
    private const string ListDefiners = """
        select n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as signature, pg_get_userbyid(p.proowner)::text as owner,
               (select substr(setting, length('search_path=') + 1) from unnest(p.proconfig) setting where setting like 'search_path=%') as search_path,
               (select string_agg(distinct case when a.grantee = 0 then 'public' else pg_get_userbyid(a.grantee)::text end, ',')
                from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee <> p.proowner) as executors
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where p.prosecdef and n.nspname = any(@schemas)
        order by 1
        """;

    /// <summary>Reads the rights of all tables, views and definer functions in the schemas.</summary>
    public static async Task<PolicyPage> ReadAsync(NpgsqlDataSource admin, IReadOnlyList<string> schemas, CancellationToken cancellationToken)
    {
        await using var connection = await admin.OpenConnectionAsync(cancellationToken);
        CommandDefinition Command(string sql) => new(sql, new { schemas = schemas.ToArray(), roles = Roles }, cancellationToken: cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition("set search_path = ''", cancellationToken: cancellationToken));
        var tables = (await connection.QueryAsync<TableRow>(Command(ListTables))).ToList();
        var grants = (await connection.QueryAsync<GrantRow>(Command(ListGrants))).ToLookup(grant => grant.Id);
        var policies = (await connection.QueryAsync<PolicyRow>(Command(ListPolicies)))
            .ToLookup(row => row.Id, row => new TablePolicy(row.Name, row.Command, Names(row.Roles), row.Using_text, row.Check_text));
        var views = (await connection.QueryAsync<ViewRow>(Command(ListViews))).Select(row => new ViewRights(row.Schema, row.Name, row.Is_invoker, Names(row.Readers)));
        var definers = (await connection.QueryAsync<DefinerRow>(Command(ListDefiners))).Select(row => new DefinerFunction(row.Signature, row.Owner, row.Search_path, Names(row.Executors)));
        return new PolicyPage([.. tables.Select(table => Describe(table, grants[table.Id], [.. policies[table.Id]]))], [.. views], [.. definers]);
    }

    /// <summary>The page, in Markdown; the same rights always give the same text.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder("""
            # Who reads and writes what

            Printed from the catalogue of a migrated database; a test holds it against one, and `weft migrate --print-schema` writes it anew.

            Four logins reach the database. `weft_admin` owns everything and migrates; nothing on the request path uses it. `weft_engine` runs the
            engine's own statements and the steps of the shipped flows. `weft_app` serves requests, each in a transaction that names its caller.
            `weft_flow` runs the SQL of workspace flows. Row-level security is forced, so that it binds the owner too: a role reaches
            a row only when both a grant and a policy say so.


            """);
        foreach (var schema in Tables.Where(table => !table.IsPartition).GroupBy(table => table.Schema, StringComparer.Ordinal))
        {
            text.Append($"## {schema.Key}\n\n| table | row-level security | {string.Join(" | ", Roles)} |\n|---|---|{string.Concat(Enumerable.Repeat("---|", Roles.Length))}\n");
            foreach (var table in schema)
                text.Append($"| `{table.FullName}` | {Protection(table)} | {string.Join(" | ", Roles.Select(role => Commands(table, role)))} |\n");
            text.Append('\n');
            foreach (var table in schema.Where(table => table.Policies.Count > 0))
            {
                text.Append($"### {table.FullName}\n\nOwner `{table.Owner}`.\n\n| policy | for | roles | rows seen | rows written |\n|---|---|---|---|---|\n");
                foreach (var policy in table.Policies)
                    text.Append($"| {policy.Name} | {policy.Command} | {string.Join(", ", policy.Roles)} | {Code(policy.Using)} | {Code(policy.Check)} |\n");
                text.Append('\n');
            }
        }

        if (Views.Count > 0)
        {
            text.Append("## Views\n\n| view | sees with the rights of | readers |\n|---|---|---|\n");
            foreach (var view in Views)
                text.Append($"| `{view.FullName}` | {(view.IsInvoker ? "its reader" : "its owner")} | {List(view.Readers)} |\n");
            text.Append('\n');
        }

        text.Append("## Functions that act with their owner's rights\n\n");
        if (DefinerFunctions.Count == 0)
            return text.Append("None.\n").ToString();
        text.Append("| function | owner | search path | callers |\n|---|---|---|---|\n");
        foreach (var function in DefinerFunctions)
            text.Append($"| `{function.Signature}` | {function.Owner} | {(function.SearchPath is null ? "**the caller's**" : $"`{function.SearchPath}`")} | {List(function.Executors)} |\n");
        return text.ToString();
    }

    private static TableRights Describe(TableRow table, IEnumerable<GrantRow> grants, List<TablePolicy> policies)
    {
        bool Allows(string role, string command) => !table.Is_protected || policies.Any(policy =>
            (policy.Command == "all" || policy.Command == command) && (policy.Roles.Contains(role) || policy.Roles.Contains("public")));

        var access = grants.Where(grant => Allows(grant.Role, grant.Command))
            .GroupBy(grant => grant.Role, StringComparer.Ordinal)
            .OrderBy(group => Array.IndexOf(Roles, group.Key))
            .Select(group => new TableAccess(group.Key, [.. group.Select(grant => grant.Command)]));
        return new TableRights(
            table.Schema, table.Name, table.Owner, table.Is_protected, table.Is_forced, table.Is_partition, table.Granted_to_public, policies, [.. access]);
    }

    private static string Protection(TableRights table) => (table.IsProtected, table.IsForced) switch
    {
        (true, true) => "forced",
        (true, false) => "not for the owner",
        _ => "**none**",
    };

    private static string Commands(TableRights table, string role) =>
        table.Access.FirstOrDefault(access => access.Role == role) is { } access ? string.Join(", ", access.Commands) : "";

    private static string Code(string? expression) => expression is null
        ? ""
        : $"`{string.Join(' ', expression.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Replace("|", "\\|", StringComparison.Ordinal)}`";

    private static string[] Names(string? list) => list?.Split(',') ?? [];

    private static string List(string[] names) => names.Length == 0 ? "none" : string.Join(", ", names);

    // The columns' own names, since Dapper fills constructors by name.
    private sealed record TableRow(long Id, string Schema, string Name, string Owner, bool Is_protected, bool Is_forced, bool Is_partition, bool Granted_to_public);

    private sealed record GrantRow(long Id, string Role, string Command);

    private sealed record PolicyRow(long Id, string Name, string Command, string Roles, string? Using_text, string? Check_text);

    private sealed record ViewRow(string Schema, string Name, bool Is_invoker, string? Readers);

    private sealed record DefinerRow(string Signature, string Owner, string? Search_path, string? Executors);
}
