using System.Data.Common;
using System.Text;
using Npgsql;

namespace Weft.Postgres;

/// <summary>
/// Reads every common way to write down a PostgreSQL connection: <c>postgres://</c> and <c>postgresql://</c> URLs,
/// JDBC URLs, libpq's <c>host=… dbname=…</c> and ADO.NET's <c>Host=…;Database=…</c>.
/// </summary>
public static class ConnectionText
{
    /// <summary>The connection that the text describes. Throws <see cref="DatabaseException"/> naming what it cannot read.</summary>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        var trimmed = text.Trim();
        try
        {
            if (trimmed.Length == 0)
                throw Invalid("it is empty");
            if (trimmed.StartsWith("jdbc:postgresql:", StringComparison.OrdinalIgnoreCase))
                return ParseUrl(trimmed["jdbc:postgresql:".Length..], isJdbc: true);
            if (trimmed.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase))
                return ParseUrl(trimmed["postgres:".Length..], isJdbc: false);
            if (trimmed.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase))
                return ParseUrl(trimmed["postgresql:".Length..], isJdbc: false);
            if (trimmed.Contains("://", StringComparison.Ordinal) && !trimmed.Contains('='))
                throw Invalid($"'{trimmed[..trimmed.IndexOf("://", StringComparison.Ordinal)]}' is not PostgreSQL");
            if (trimmed.Contains(';') || !trimmed.Contains('='))
                return new NpgsqlConnectionStringBuilder(trimmed);
            return ParseKeywords(trimmed);
        }
        // The driver's own complaints may repeat the text, and the text may hold a password: only the first sentence of
        // those about unknown keywords is passed on.
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException)
        {
            throw Invalid(e is ArgumentException { ParamName: null } && e.Message.StartsWith("Couldn't set", StringComparison.Ordinal)
                ? e.Message
                : "a keyword or value in it is not known");
        }
    }

    /// <summary>The connection as a URL that psql, libpq and Weft read, with the password in it.</summary>
    public static string ToUrl(NpgsqlConnectionStringBuilder connection)
    {
        var url = new StringBuilder("postgres://");
        if (!string.IsNullOrEmpty(connection.Username))
        {
            url.Append(Uri.EscapeDataString(connection.Username));
            if (!string.IsNullOrEmpty(connection.Password))
                url.Append(':').Append(Uri.EscapeDataString(connection.Password));
            url.Append('@');
        }

        var isSocket = connection.Host?.StartsWith('/') == true;
        if (!isSocket)
            url.Append(connection.Host?.Contains(':') == true && !connection.Host.Contains(',') ? $"[{connection.Host}]" : connection.Host)
                .Append(':').Append(connection.Port);
        url.Append('/').Append(Uri.EscapeDataString(connection.Database ?? ""));
        if (isSocket)
            url.Append("?host=").Append(Uri.EscapeDataString(connection.Host!)).Append("&port=").Append(connection.Port);
        return url.ToString();
    }

    /// <summary>The connection for people to read: <c>weft_app@db.example:5432/weft</c>, without any secret.</summary>
    public static string Describe(string text)
    {
        var connection = Parse(text);
        return $"{connection.Username ?? "(default user)"}@{connection.Host}:{connection.Port}/{connection.Database ?? connection.Username}";
    }

    private static NpgsqlConnectionStringBuilder ParseUrl(string rest, bool isJdbc)
    {
        var connection = new NpgsqlConnectionStringBuilder();
        var query = "";
        if (rest.IndexOf('?', StringComparison.Ordinal) is >= 0 and var mark)
            (rest, query) = (rest[..mark], rest[(mark + 1)..]);

        if (!rest.StartsWith("//", StringComparison.Ordinal))
        {
            // jdbc:postgresql:name and jdbc:postgresql:/name mean the default host.
            connection.Host = "localhost";
            connection.Database = Unescape(rest.TrimStart('/'));
        }
        else
        {
            rest = rest[2..];
            var slash = rest.IndexOf('/', StringComparison.Ordinal);
            var authority = slash < 0 ? rest : rest[..slash];
            var database = slash < 0 ? "" : rest[(slash + 1)..];
            // The last @ ends the user part: an unescaped @ in a password is a common slip that still has one meaning.
            if (authority.LastIndexOf('@') is >= 0 and var at)
            {
                var user = authority[..at];
                authority = authority[(at + 1)..];
                var colon = user.IndexOf(':', StringComparison.Ordinal);
                connection.Username = Unescape(colon < 0 ? user : user[..colon]);
                if (colon >= 0)
                    connection.Password = Unescape(user[(colon + 1)..]);
            }

            SetHosts(connection, authority);
            if (database.Length > 0)
                connection.Database = Unescape(database);
        }

        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var key = Unescape(equals < 0 ? pair : pair[..equals]);
            SetKeyword(connection, key, equals < 0 ? "" : Unescape(pair[(equals + 1)..].Replace('+', isJdbc ? ' ' : '+')));
        }

        connection.Host ??= "localhost";
        return connection;
    }

    private static void SetHosts(NpgsqlConnectionStringBuilder connection, string authority)
    {
        if (authority.Length == 0)
            return;
        var hosts = authority.Split(',');
        if (hosts.Length > 1)
        {
            // The driver reads several hosts with their ports from one value.
            connection.Host = string.Join(',', hosts.Select(Unescape));
            return;
        }

        var host = hosts[0];
        string? port = null;
        if (host.StartsWith('[') && host.IndexOf(']', StringComparison.Ordinal) is > 0 and var close)
        {
            port = host.Length > close + 1 && host[close + 1] == ':' ? host[(close + 2)..] : null;
            host = host[1..close];
        }
        else if (host.LastIndexOf(':') is >= 0 and var colon)
        {
            port = host[(colon + 1)..];
            host = host[..colon];
        }

        if (host.Length > 0)
            connection.Host = Unescape(host);
        if (!string.IsNullOrEmpty(port))
            connection.Port = ParsePort(port);
    }

    private static NpgsqlConnectionStringBuilder ParseKeywords(string text)
    {
        var connection = new NpgsqlConnectionStringBuilder();
        var at = 0;
        while (true)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
                at++;
            if (at == text.Length)
                break;
            var equals = text.IndexOf('=', at);
            if (equals < 0)
                throw Invalid($"there is no '=' after '{text[at..].Split(' ')[0]}'");
            var key = text[at..equals].Trim();
            at = equals + 1;
            while (at < text.Length && char.IsWhiteSpace(text[at]))
                at++;
            var value = new StringBuilder();
            var quoted = at < text.Length && text[at] == '\'';
            if (quoted)
                at++;
            for (; at < text.Length && (quoted ? text[at] != '\'' : !char.IsWhiteSpace(text[at])); at++)
            {
                if (text[at] == '\\' && at + 1 < text.Length)
                    at++;
                value.Append(text[at]);
            }

            if (quoted && at++ == text.Length)
                throw Invalid($"the quote of '{key}' is not closed");
            SetKeyword(connection, key, value.ToString());
        }

        connection.Host ??= "localhost";
        return connection;
    }

    private static void SetKeyword(NpgsqlConnectionStringBuilder connection, string key, string value)
    {
        // The keys of libpq and JDBC; whatever is not among them is tried under the driver's own names.
        switch (key.ToLowerInvariant())
        {
            case "host" or "hostaddr":
                connection.Host = value;
                break;
            case "port":
                connection.Port = ParsePort(value);
                break;
            case "dbname" or "database":
                connection.Database = value;
                break;
            case "user" or "username":
                connection.Username = value;
                break;
            case "password":
                connection.Password = value;
                break;
            case "sslmode":
                connection.SslMode = value.ToLowerInvariant() switch
                {
                    "disable" => SslMode.Disable,
                    "allow" => SslMode.Allow,
                    "prefer" => SslMode.Prefer,
                    "require" => SslMode.Require,
                    "verify-ca" or "verifyca" => SslMode.VerifyCA,
                    "verify-full" or "verifyfull" => SslMode.VerifyFull,
                    _ => throw Invalid($"sslmode '{value}' is not one of disable, allow, prefer, require, verify-ca, verify-full"),
                };
                break;
            case "ssl":
                connection.SslMode = string.Equals(value, "false", StringComparison.OrdinalIgnoreCase) ? SslMode.Disable : SslMode.Require;
                break;
            case "sslrootcert":
                connection.RootCertificate = value;
                break;
            case "sslcert":
                connection.SslCertificate = value;
                break;
            case "sslkey":
                connection.SslKey = value;
                break;
            case "connect_timeout" or "connecttimeout" or "logintimeout":
                connection.Timeout = int.Parse(value);
                break;
            case "application_name" or "applicationname":
                connection.ApplicationName = value;
                break;
            case "currentschema" or "search_path":
                connection.SearchPath = value;
                break;
            case "target_session_attrs":
                connection.TargetSessionAttributes = value;
                break;
            case "sockettimeout":
                connection.CommandTimeout = int.Parse(value);
                break;
            // Harmless hints of other drivers, which have no counterpart here.
            case "gssencmode" or "channel_binding" or "keepalives" or "stringtype" or "preparethreshold" or "rewritebatchedinserts" or "tcpkeepalive"
                or "sslfactory" or "binarytransfer":
                break;
            default:
                if (!((DbConnectionStringBuilder)connection).ContainsKey(key))
                    throw Invalid($"the keyword '{key}' is not known");
                connection[key] = value;
                break;
        }
    }

    private static int ParsePort(string text) =>
        int.TryParse(text, out var port) && port is > 0 and < 65536 ? port : throw Invalid($"'{text}' is not a port (1 to 65535)");

    private static string Unescape(string text) => Uri.UnescapeDataString(text);

    private static DatabaseException Invalid(string why) => new(
        "database_url_invalid",
        $"The database connection cannot be read: {why}.",
        "Write it like postgres://user:password@host:5432/database (jdbc:postgresql://…, 'host=… dbname=…' and 'Host=…;Database=…' work too; escape special characters in a password as %40).");
}
