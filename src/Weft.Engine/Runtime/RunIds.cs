using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Weft.Engine.Runtime;

/// <summary>
/// Makes the ids of runs and log lines: UUIDv7 whose first 48 bits are milliseconds and whose next 12 count within the
/// millisecond, so that the ids of one process only grow, also when its clock is set back. The last four bits of a run's id
/// are its slot of the queue.
/// </summary>
internal sealed class RunIds(TimeProvider time)
{
    /// <summary>How many slots the queue has; the four last bits of an id.</summary>
    public const int Slots = 16;

    private readonly Lock _gate = new();
    private long _position;

    /// <summary>The next id, in the given slot.</summary>
    public Guid Next(int slot)
    {
        var position = Advance();
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes[8..]);
        BinaryPrimitives.WriteInt64BigEndian(bytes, ((position >> 12) << 16) | 0x7000 | (position & 0xFFF));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        bytes[15] = (byte)((bytes[15] & 0xF0) | slot);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>The next id, in a random slot.</summary>
    public Guid Next() => Next(RandomNumberGenerator.GetInt32(Slots));

    /// <summary>The slot that the id belongs to.</summary>
    public static int SlotOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return bytes[15] & 0xF;
    }

    /// <summary>The smallest id of a moment.</summary>
    public static Guid At(DateTimeOffset moment)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteInt64BigEndian(bytes, moment.ToUnixTimeMilliseconds() << 16);
        return new Guid(bytes, bigEndian: true);
    }

    // 4,096 ids a millisecond; more than that borrow from the next millisecond.
    private long Advance()
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds() << 12;
        lock (_gate)
        {
            _position = Math.Max(_position + 1, now);
            return _position;
        }
    }
}
