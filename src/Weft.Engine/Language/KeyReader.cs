using Weft.Engine.Expressions;

namespace Weft.Engine.Language;

/// <summary>
/// Takes the known keys out of a map, one call each, and reports what is left over with the nearest known key. The calls
/// are the list of what is known, so the two cannot drift apart.
/// </summary>
internal sealed class KeyReader(MapNode map, string path, ProblemList problems)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public MapNode Map { get; } = map;

    /// <summary>The place of a key in the document: <c>tasks[2].url</c>.</summary>
    public string PathOf(string key) => path.Length == 0 ? key : $"{path}.{key}";

    /// <summary>The entry under a key or one of its other spellings; a null value counts as absent.</summary>
    public MapEntry? Take(string key, IReadOnlyList<string>? aliases = null)
    {
        _known.Add(key);
        var entry = Map.Find(key);
        foreach (var alias in aliases ?? [])
        {
            _known.Add(alias);
            if (Map.Find(alias) is not { } other) continue;
            if (entry is null) entry = other;
            else problems.Add(other, PathOf(alias), $"'{alias}' and '{entry.Key}' mean the same. Keep one.");
        }
        return entry is null || entry.Value is ScalarNode { IsNull: true } ? null : entry;
    }

    /// <summary>A key that is known to mean nothing here, with what to do instead.</summary>
    public void Refuse(string key, string message)
    {
        _known.Add(key);
        if (Map.Find(key) is { } entry) problems.Add(entry, PathOf(key), message);
    }

    public void Refuse(IReadOnlyDictionary<string, string> keys)
    {
        foreach (var (key, message) in keys)
        {
            if (!_known.Contains(key)) Refuse(key, message);
        }
    }

    /// <summary>A text; anything else is a problem.</summary>
    public string? Text(string key, params string[] aliases)
    {
        if (Take(key, aliases) is not { } entry) return null;
        if (entry.Value is ScalarNode scalar) return scalar.Text;
        problems.Add(entry.Value, PathOf(entry.Key), $"'{entry.Key}' must be a text, but this is {entry.Value.Kind}.");
        return null;
    }

    public bool Flag(string key, bool otherwise)
    {
        if (Take(key) is not { } entry) return otherwise;
        if (entry.Value is ScalarNode scalar)
        {
            if (scalar.Value is bool flag) return flag;
            if (bool.TryParse(scalar.Text, out var text)) return text;
        }
        problems.Add(entry.Value, PathOf(entry.Key), $"'{entry.Key}' must be true or false, but this is {entry.Value.Kind}.");
        return otherwise;
    }

    /// <summary>A whole number in a range; it must stand there as it is, since it is needed before anything is evaluated.</summary>
    public int? Whole(string key, int least, params string[] aliases)
    {
        if (Take(key, aliases) is not { } entry) return null;
        if (entry.Value is ScalarNode scalar && int.TryParse(scalar.Text, out var number) && number >= least) return number;
        problems.Add(entry.Value, PathOf(entry.Key), $"'{entry.Key}' must be a whole number of at least {least}, without templates.");
        return null;
    }

    /// <summary>A duration that must stand there as it is.</summary>
    public TimeSpan? Duration(string key, params string[] aliases)
    {
        if (Take(key, aliases) is not { } entry) return null;
        if (entry.Value is ScalarNode scalar && IsoDuration.TryParse(scalar.Text, out var duration)) return duration;
        problems.Add(entry.Value, PathOf(entry.Key), $"'{entry.Key}' must be {IsoDuration.Expected}, without templates.");
        return null;
    }

    /// <summary>Reports the keys that nobody took.</summary>
    public void Finish(string owner)
    {
        foreach (var entry in Map.Entries)
        {
            if (_known.Contains(entry.Key)) continue;
            var near = NearestName.Find(entry.Key, _known);
            var remedy = near is not null ? $" Did you mean '{near}'?" : $" It may have {Names.OneOf([.. _known.Order(StringComparer.Ordinal)])}.";
            problems.Add(entry, PathOf(entry.Key), $"{owner} has no key {Names.Quote(entry.Key)}.{remedy}");
        }
    }
}
