using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Weft.Engine.Language;
using Weft.Engine.Mail;
using Weft.Engine.Outbound;
using Weft.Engine.Tasks;
using Weft.Testing;

namespace Weft.Engine.Tests.Tasks;

public sealed class CoreTasksTests
{
    [Fact]
    public async Task A_host_gets_every_task_type_by_its_short_and_its_Kestra_names()
    {
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        var services = new ServiceCollection().AddLogging(log => log.ClearProviders());
        services.AddSingleton(database.Database);
        services.AddWeftEngine(new EngineOptions()).AddCoreTasks(new OutboundOptions(), new MailOptions(), new MailTemplates());
        // The host disposes of the database itself, after the container.
        await using var provider = services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });

        var types = provider.GetRequiredService<TaskTypeRegistry>();

        foreach (var name in (string[])
        [
            "log", "return", "fail", "set", "sleep", "sql.query", "http.request", "mail.send",
            "io.kestra.core.tasks.log.Log", "io.kestra.plugin.core.log.Log", "io.kestra.core.tasks.debugs.Return", "io.kestra.plugin.core.debug.Return",
            "io.kestra.plugin.core.debug.Echo", "io.kestra.plugin.core.execution.Fail", "io.kestra.plugin.core.flow.Sleep",
            "io.kestra.plugin.jdbc.postgresql.Query", "io.kestra.plugin.core.http.Request", "io.kestra.plugin.fs.http.Request",
            "io.kestra.plugin.notifications.mail.MailSend", "io.kestra.plugin.email.MailSend",
        ])
        {
            types.Find(name).ShouldNotBeNull(name);
        }
    }
}
