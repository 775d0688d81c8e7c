using System.Runtime.InteropServices;

namespace Weft.Postgres;

/// <summary>The four logins. Nothing on the request path connects as anyone else.</summary>
public enum DatabaseRole
{
    /// <summary><c>weft_admin</c>: owns every object and migrates.</summary>
    Admin,

    /// <summary><c>weft_engine</c>: the engine's own statements and the steps of shipped flows.</summary>
    Engine,

    /// <summary><c>weft_app</c>: serves requests, for one caller at a time.</summary>
    App,

    /// <summary><c>weft_flow</c>: the SQL steps of workspace flows.</summary>
    Flow,
}

/// <summary>
/// Marks a constant that holds one SQL statement, with the role that runs it. One test explains every marked statement
/// on the migrated schema as that role, which finds misspelt columns and missing privileges before a user does.
/// </summary>
[AttributeUsage(AttributeTargets.Field)]
public sealed class SqlAttribute(DatabaseRole role) : Attribute
{
    /// <summary>The role that runs the statement.</summary>
    public DatabaseRole Role { get; } = role;
}

/// <summary>For whom a request acts. Row-level security reads exactly these two values.</summary>
/// <param name="UserId">The signed-in person, or none.</param>
/// <param name="WorkspaceId">The workspace they act in, or none.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Caller(Guid? UserId, Guid? WorkspaceId)
{
    /// <summary>Nobody: sees only what is public.</summary>
    public static Caller Nobody => default;
}
