using Weft.Hiring.Matching;

namespace Weft.Hiring.Tests.Matching;

public sealed class SkillNameTests
{
    [Theory]
    [InlineData("PostgreSQL 16", "postgres")]
    [InlineData("React.js", "react")]
    [InlineData("  Node JS ", "node.js")]
    [InlineData("C++17", "cpp")]
    [InlineData("Python 3.11", "python")]
    [InlineData("REST APIs", "restful")]
    [InlineData("CI/CD", "ci cd")]
    [InlineData("Ｃ＃", "c#")]
    [InlineData("Machine-Learning", "machine  learning")]
    public void Spellings_of_one_skill_share_a_key(string one, string other) => SkillName.Key(one).ShouldBe(SkillName.Key(other));

    [Theory]
    [InlineData("Java", "JavaScript")]
    [InlineData("C", "C++")]
    [InlineData("C", "C#")]
    [InlineData("SQL", "MySQL")]
    [InlineData("React", "React Native")]
    [InlineData(".NET", "ASP.NET")]
    public void Different_skills_keep_different_keys(string one, string other) => SkillName.Key(one).ShouldNotBe(SkillName.Key(other));

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("...")]
    public void What_names_nothing_has_no_key(string text) => SkillName.Keys([text]).ShouldBeEmpty();

    [Fact]
    public void Keys_come_in_order_and_once() => SkillName.Keys(["Go", "golang", "K8s", "Go 1.22"]).ShouldBe(["go", "kubernetes"]);
}
