namespace Weft.Postgres.Tests;

public sealed class SqlTextTests
{
    [Theory]
    [InlineData("select 1; select 2;", 2)]
    [InlineData(" ; ; ", 0)]
    [InlineData("select ';' || $$;$$ || $tag$ ; $$ ; $tag$ || \";\" || E'\\';' from t", 1)]
    [InlineData("-- one; two\nselect 1 /* ; /* ; */ ; */ ; select 2", 2)]
    [InlineData("create function f() returns int begin atomic select case when true then 1 else 2 end; select 3; end; select 4", 2)]
    [InlineData("begin; commit", 2)]
    [InlineData("select 'it''s; fine'; select $1", 2)]
    public void Finds_the_ends_of_statements(string sql, int count) => SqlText.Statements(sql).Count.ShouldBe(count);

    [Fact]
    public void Knows_where_each_statement_begins()
    {
        const string sql = "select 1;\n  select 2";
        SqlText.Statements(sql).Select(statement => (statement.Text, statement.Start)).ShouldBe([("select 1", 0), ("select 2", 12)]);
    }

    [Fact]
    public void Finds_named_parameters_and_nothing_that_looks_like_them() =>
        SqlText.ReplaceParameters("select @a, '@b', x @> @c, y <@ z, q @@ @d -- @e", name => $"<{name}>")
            .ShouldBe("select <a>, '@b', x @> <c>, y <@ z, q @@ <d> -- @e");
}
