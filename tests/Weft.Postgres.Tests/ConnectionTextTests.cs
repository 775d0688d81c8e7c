using Npgsql;

namespace Weft.Postgres.Tests;

public sealed class ConnectionTextTests
{
    [Theory]
    [InlineData("postgres://ann:s%40cret@db.example:5433/weft")]
    [InlineData("postgresql://ann:s@cret@db.example:5433/weft")]
    [InlineData("jdbc:postgresql://db.example:5433/weft?user=ann&password=s%40cret")]
    [InlineData("host=db.example port=5433 dbname=weft user=ann password=s@cret")]
    [InlineData("host = db.example port=5433 dbname='weft' user=ann password='s@cret'")]
    [InlineData("Host=db.example;Port=5433;Database=weft;Username=ann;Password=s@cret")]
    [InlineData("  postgres://ann:s%40cret@/weft?host=db.example&port=5433  ")]
    public void Every_way_to_write_it_means_the_same(string text)
    {
        var connection = ConnectionText.Parse(text);
        (connection.Host, connection.Port, connection.Database, connection.Username, connection.Password)
            .ShouldBe(("db.example", 5433, "weft", "ann", "s@cret"));
    }

    [Fact]
    public void Options_of_libpq_and_jdbc_are_understood()
    {
        var connection = ConnectionText.Parse("postgres://ann@h/weft?sslmode=verify-full&connect_timeout=7&application_name=me&options=-c%20work_mem%3D8MB");
        (connection.SslMode, connection.Timeout, connection.ApplicationName, connection.Options).ShouldBe((SslMode.VerifyFull, 7, "me", "-c work_mem=8MB"));
        ConnectionText.Parse("jdbc:postgresql://h/weft?ssl=true&currentSchema=app&stringtype=unspecified").SearchPath.ShouldBe("app");
        ConnectionText.Parse("jdbc:postgresql:weft").Host.ShouldBe("localhost");
        ConnectionText.Parse("postgres://[::1]:5433/weft").Host.ShouldBe("::1");
        ConnectionText.Parse("host=h password='it\\'s \\\\ it'").Password.ShouldBe("it's \\ it");
        ConnectionText.Parse("postgres://a:1,b:2/weft").Host.ShouldBe("a:1,b:2");
    }

    [Theory]
    [InlineData("postgres://ann:p%2Fw%3F@db.example:5433/we%20ft")]
    [InlineData("postgres://ann:pw@/weft?host=%2Fvar%2Frun&port=5433")]
    public void A_url_survives_the_way_there_and_back(string url)
    {
        var connection = ConnectionText.Parse(url);
        ConnectionText.ToUrl(connection).ShouldBe(url);
    }

    [Theory]
    [InlineData("")]
    [InlineData("mysql://ann@h/weft")]
    [InlineData("postgres://ann@h:port/weft")]
    [InlineData("postgres://ann@h:70000/weft")]
    [InlineData("postgres://ann@h/weft?sslmode=maybe")]
    [InlineData("postgres://ann@h/weft?colour=blue")]
    [InlineData("host=h password='open")]
    [InlineData("Host=h;Colour=blue")]
    [InlineData("hello")]
    public void What_cannot_be_read_is_refused_with_an_example(string text)
    {
        var refused = Should.Throw<DatabaseException>(() => ConnectionText.Parse(text));
        refused.Code.ShouldBe("database_url_invalid");
        refused.Remedy.ShouldContain("postgres://user:password@host:5432/database");
    }

    [Theory]
    [InlineData("postgres://ann:hunter2@h:x/weft")]
    [InlineData("Host=h;Password=hunter2;Colour=blue")]
    [InlineData("host=h password=hunter2 colour=blue")]
    public void A_refusal_never_repeats_the_password(string text) =>
        Should.Throw<DatabaseException>(() => ConnectionText.Parse(text)).Message.ShouldNotContain("hunter2");

    [Fact]
    public void A_description_holds_no_secret() =>
        ConnectionText.Describe("postgres://ann:hunter2@db.example/weft").ShouldBe("ann@db.example:5432/weft");
}
