using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Weft.Hiring.Accounts;

public static class AccountSetup
{
    /// <summary>Signing up and in, sessions and API keys. Every address asks for somebody signed in unless it allows anyone.</summary>
    public static IServiceCollection AddAccounts(this IServiceCollection services)
    {
        services.AddSingleton<ILookupNormalizer, AddressAsWritten>();
        services.AddIdentityCore<User>().AddUserStore<UserStore>();
        services.AddOptions<IdentityOptions>().Configure<IOptions<AccountOptions>>((identity, accounts) =>
        {
            // Length is what resists guessing; rules on kinds of characters only make passwords worse (NIST SP 800-63B).
            identity.Password = new PasswordOptions
            {
                RequiredLength = accounts.Value.MinPasswordLength,
                RequireDigit = false,
                RequireLowercase = false,
                RequireUppercase = false,
                RequireNonAlphanumeric = false,
                RequiredUniqueChars = 4,
            };
            identity.Lockout.MaxFailedAccessAttempts = accounts.Value.LockoutAfter;
            identity.Lockout.DefaultLockoutTimeSpan = accounts.Value.LockoutTime;
            // The name is the mail address, which RequestCheck has checked.
            identity.User.AllowedUserNameCharacters = "";
        });
        services.AddSingleton<Sessions>();
        services.AddSingleton<LocalKey>();
        // The core alone: the rest brings data protection, whose keys would land in the home folder, for cookies we do not make.
        services.AddAuthenticationCore(o => o.DefaultScheme = WeftAuthentication.SchemeName);
        services.AddWebEncoders();
        new AuthenticationBuilder(services).AddScheme<AuthenticationSchemeOptions, WeftAuthentication>(WeftAuthentication.SchemeName, null);
        services.AddAuthorization();
        return services;
    }

    // The database compares addresses by lower(); upper-casing them before is not the inverse for every letter.
    private sealed class AddressAsWritten : ILookupNormalizer
    {
        public string? NormalizeName(string? name) => name;

        public string? NormalizeEmail(string? email) => email;
    }
}
