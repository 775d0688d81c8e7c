using Microsoft.Extensions.Logging.Abstractions;
using Weft.Postgres;

// As `hold FOLDER` it starts the folder's server and waits to be killed; else it runs the tests.
if (args is not ["hold", var folder])
    return await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);

await using var server = await EmbeddedPostgres.StartAsync(
    new EmbeddedOptions { DataDirectory = folder, Durable = false }, NullLoggerFactory.Instance, CancellationToken.None);
Console.WriteLine(server.ProcessId);
await Task.Delay(Timeout.Infinite);
return 0;
