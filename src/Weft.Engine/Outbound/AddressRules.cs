using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Weft.Engine.Outbound;

/// <summary>
/// Says which addresses belong to the public Internet. IPv4 by the list of special blocks (RFC 6890 and its successors),
/// IPv6 the other way round: only global unicast counts as public, and whatever carries an IPv4 address is judged by it.
/// </summary>
internal static class AddressRules
{
    private static readonly IPNetwork[] SpecialV4 =
    [
        Net("0.0.0.0/8"), Net("10.0.0.0/8"), Net("100.64.0.0/10"), Net("127.0.0.0/8"), Net("169.254.0.0/16"), Net("172.16.0.0/12"),
        Net("192.0.0.0/24"), Net("192.0.2.0/24"), Net("192.88.99.0/24"), Net("192.168.0.0/16"), Net("198.18.0.0/15"),
        Net("198.51.100.0/24"), Net("203.0.113.0/24"), Net("224.0.0.0/4"), Net("240.0.0.0/4"),
        // The Azure host's own agent: a public address that answers only inside, with the machine's secrets.
        Net("168.63.129.16/32"),
    ];

    private static readonly IPNetwork[] SpecialV6 =
    [
        // Protocol assignments (Teredo, ORCHID, benchmarks), documentation, 6to4: none is a plain public host, and the
        // tunnels carry an IPv4 address of the sender's choice.
        Net("2001::/23"), Net("2001:db8::/32"), Net("3fff::/20"), Net("2002::/16"),
    ];

    private static readonly IPNetwork GlobalUnicast = Net("2000::/3");
    private static readonly IPNetwork Nat64 = Net("64:ff9b::/96");

    /// <summary>True when the address is one that anybody on the Internet could reach.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (address.AddressFamily == AddressFamily.InterNetwork) return !Contains(SpecialV4, address);
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return false;

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        // On a network without IPv4 every public host is reached through this prefix (RFC 6052).
        if (Nat64.Contains(address)) return IsPublic(new IPAddress(bytes[12..]));
        if (!GlobalUnicast.Contains(address) || Contains(SpecialV6, address)) return false;
        // ISATAP: an interface id of 0000:5efe or 0200:5efe ends in the IPv4 address that is meant.
        var isatap = (BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]) & 0xFDFF_FFFF) == 0x0000_5EFE;
        return !isatap || IsPublic(new IPAddress(bytes[12..]));
    }

    private static bool Contains(IPNetwork[] networks, IPAddress address)
    {
        foreach (var network in networks)
        {
            if (network.Contains(address)) return true;
        }
        return false;
    }

    private static IPNetwork Net(string cidr) => IPNetwork.Parse(cidr);
}
