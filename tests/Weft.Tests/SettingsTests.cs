using System.Collections;
using Weft.Settings;

namespace Weft.Tests;

public sealed class SettingsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("weft-settings");

    [Fact]
    public void The_command_line_wins_over_the_environment_over_the_file_over_defaults()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "weft.yaml"), "http:\n  port: 1001\n  max_body_bytes: 2048\nfiles: { max_bytes: 4096 }\n");
        var inForce = Read([new("http.port", "1003", "--port")], ("WEFT_HTTP__PORT", "1002"), ("WEFT_HTTP__MAX_BODY_BYTES", "3072"));
        inForce.Settings.Http.Port.ShouldBe(1003);
        inForce.Settings.Http.MaxBodyBytes.ShouldBe(3072);
        inForce.Settings.Files.MaxBytes.ShouldBe(4096);
        inForce.Settings.Http.Listen.ShouldBe("127.0.0.1");
        inForce.Origins["http.port"].ShouldBe("--port");
        inForce.Origins["http.max_body_bytes"].ShouldBe("WEFT_HTTP__MAX_BODY_BYTES");
        inForce.Origins["files.max_bytes"].ShouldStartWith("weft.yaml:4:");
    }

    [Fact]
    public void Flows_get_what_the_operator_hands_them_under_its_own_name()
    {
        var settings = Read([], ("WEFT_FLOW_ENV__DB_URL", "jdbc:postgresql://db/jobs")).Settings;
        settings.FlowEnv.ShouldHaveSingleItem().ShouldBe(new("DB_URL", "jdbc:postgresql://db/jobs"));
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once_with_its_place_and_the_nearest_key()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "weft.yaml"), "http:\n  prot: 1\naccounts:\n  session_lifetime: soon\n");
        var problems = Should.Throw<SettingsException>(() => Read([new("http.port", "99999", "--port")], ("WEFT_DATABASE__ADMINN", "x"))).Problems;
        problems.ShouldContain("weft.yaml:2:9: there is no setting 'http.prot'. Did you mean 'http.port'?");
        problems.ShouldContain("weft.yaml:4:21: accounts.session_lifetime must be a time such as 30s, 5m, 2h, 30d or PT5M, not 'soon'.");
        problems.ShouldContain("WEFT_DATABASE__ADMINN: there is no setting 'database.adminn'. Did you mean 'database.admin'?");
        problems.ShouldContain("--port: http.port must be between 0 and 65535, not '99999'.");
        problems.Count.ShouldBe(4);
    }

    [Theory]
    [InlineData("30s", 30)]
    [InlineData("5m", 300)]
    [InlineData("2h", 7200)]
    [InlineData("1.5d", 129600)]
    [InlineData("PT15M", 900)]
    [InlineData("00:10:00", 600)]
    public void Times_are_read_as_people_write_them(string text, int seconds) =>
        Read([new("accounts.session_lifetime", text, "--x")]).Settings.Accounts.SessionLifetime.ShouldBe(TimeSpan.FromSeconds(seconds));

    [Fact]
    public void A_secret_that_is_wrong_is_not_repeated()
    {
        var problem = Should.Throw<SettingsException>(() => Read([], ("WEFT_FLOW_ENV", "hunter2"))).Message;
        problem.ShouldNotContain("hunter2");
    }

    private SettingsInForce Read(List<GivenSetting> commandLine, params (string Name, string Value)[] environment)
    {
        var variables = new Hashtable();
        foreach (var (name, value) in environment) variables[name] = value;
        return SettingsReader.Read(commandLine, variables, _folder.FullName);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
