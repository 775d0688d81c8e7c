using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Weft.Hiring.Accounts;

/// <summary>A random secret that a client holds, of which the database keeps only the hash.</summary>
internal static class SessionToken
{
    /// <summary>256 random bits as text.</summary>
    public static string Create(string prefix = "") => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>What is stored: a secret of 256 random bits needs no slow hash.</summary>
    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
