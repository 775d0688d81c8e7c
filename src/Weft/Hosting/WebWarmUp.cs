using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Weft.Hiring.Accounts;

namespace Weft.Hosting;

/// <summary>Loads the assemblies that the host needs on another core while the database starts; it changes nothing.</summary>
internal static class WebWarmUp
{
    public static void Run()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "weft" });
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        builder.Services.AddAccounts();
        builder.Services.AddApiDocument();
        using var app = (IDisposable)builder.Build();
        System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(typeof(UserManager<User>).TypeHandle);
        System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(typeof(Results<Ok, NotFound>).TypeHandle);
    }
}
