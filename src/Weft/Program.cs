using System.CommandLine;
using Weft.Commands;

return await CommandLine.RunAsync(
    new RootCommand("Weft: hiring and job search where every process is a durable flow that you can read, watch, retry and change.")
    {
        UpCommand.Create(),
        ServerCommand.Create(),
        MigrateCommand.Create(),
        FlowCommands.Create(),
        RunCommands.Create(),
        EvalCommands.Create(),
        CvCommand.Create(),
        UserCommands.Create(),
        KeyCommand.Create(),
        DemoCommand.Create(),
        DoctorCommand.Create(),
    },
    args);
