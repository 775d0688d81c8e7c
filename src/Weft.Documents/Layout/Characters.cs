namespace Weft.Documents.Layout;

/// <summary>What single characters mean in a CV: bullets, icons, forms that stand for others.</summary>
internal static class Characters
{
    private const string Bullets = "•▪●◦‣⁃∙○■□▫◾◽◆◇♦⬧➢➤►▶▸✓✔✦✧❖❑❒➔→»·*∗⋄\u25E6\uF0B7\uF0A7\uF0D8\uF076\uF0FC";

    // The runtime normalises only with its globalization data, which the product leaves out: the forms that documents use stand here.
    private static readonly string[] Ligatures = ["ff", "fi", "fl", "ffi", "ffl", "st", "st"];

    // The characters that the radicals U+2F00 to U+2FD5 look like, which documents have in their place.
    private const string KangxiRadicals =
        "一丨丶丿乙亅二亠人儿入八冂冖冫几凵刀力勹匕匚匸十卜卩厂厶又口囗土士夂夊夕大女子宀寸小尢尸屮山巛工己巾干幺广廴廾弋弓彐彡彳心戈戶手支攴文斗斤方无日曰月木欠止歹殳毋比毛氏气水火爪父爻爿片牙牛犬玄玉瓜瓦甘生用田疋疒癶白皮"
        + "皿目矛矢石示禸禾穴立竹米糸缶网羊羽老而耒耳聿肉臣自至臼舌舛舟艮色艸虍虫血行衣襾見角言谷豆豕豸貝赤走足身車辛辰辵邑酉釆里金長門阜隶隹雨靑非面革韋韭音頁風飛食首香馬骨高髟鬥鬯鬲鬼魚鳥鹵鹿麥麻黃黍黑黹黽鼎鼓鼠鼻齊齒龍龜龠";

    // Each letter with its accented forms.
    private static readonly string[] Accented =
    [
        "aàáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ",
        "bḃḅḇ",
        "cçćĉċčḉ",
        "dďḋḍḏḑḓđ",
        "eèéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ",
        "fḟ",
        "gĝğġģǧǵḡ",
        "hĥȟḣḥḧḩḫẖ",
        "iìíîïĩīĭįi̇ǐȉȋḭḯỉị",
        "jĵǰ",
        "kķǩḱḳḵ",
        "lĺļľḷḹḻḽł",
        "mḿṁṃ",
        "nñńņňǹṅṇṉṋ",
        "oòóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợø",
        "pṕṗ",
        "rŕŗřȑȓṙṛṝṟ",
        "sśŝşšșṡṣṥṧṩ",
        "tţťțṫṭṯṱẗ",
        "uùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự",
        "vṽṿ",
        "wŵẁẃẅẇẉẘ",
        "xẋẍ",
        "yýÿŷȳẏẙỳỵỷỹ",
        "zźżžẑẓẕ",
    ];

    private static readonly Dictionary<char, char> Bare = Accented.SelectMany(list => list.Skip(1).Select(c => (c, list[0]))).ToDictionary(pair => pair.c, pair => pair.Item2);

    /// <summary>The letter in lower case without its accent.</summary>
    public static char WithoutAccent(char letter)
    {
        var lower = char.ToLowerInvariant(letter);
        return lower < 128 ? lower : Bare.GetValueOrDefault(lower, lower);
    }

    private static readonly string[] IconFonts =
        ["awesome", "icon", "fontello", "glyphs", "material", "academicons", "ionicon", "feather", "marvosym", "symbolset", "entypo", "linea", "octicon", "typicons", "simpleline", "boxicon", "dingbat", "webding"];

    private static readonly string[] SymbolFonts = ["symbol", "wingding"];

    public static bool IsBullet(int code) => code < 0x10000 && Bullets.Contains((char)code);

    public static bool IsDash(char c) => c is '-' or '–' or '—' or '−' or '‒' or '―' or '‐' or '‑';

    /// <summary>A character without meaning of its own: private use, as icon fonts number their pictures, pictographs, and rating dots.</summary>
    public static bool IsIcon(int code) =>
        code is (>= 0xE000 and <= 0xF8FF) or (>= 0xF0000 and <= 0x10FFFD) or (>= 0x1F000 and <= 0x1FAFF)
            or (>= 0x2600 and <= 0x27BF) or (>= 0x2190 and <= 0x21FF and not 0x2192) or (>= 0x2300 and <= 0x23FF) or 0x2B50 or 0x2B51 or 0xFE0F or 0x200D;

    public static bool IsIconFont(string font) => IconFonts.Any(name => font.Contains(name, StringComparison.OrdinalIgnoreCase));

    public static bool IsSymbolFont(string font) => SymbolFonts.Any(name => font.Contains(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The character as it is searched and compared: ligatures taken apart, radicals and full-width forms as the usual ones.</summary>
    public static string Plain(int code)
    {
        if (code is 0xA0 or (>= 0x2000 and <= 0x200A) or 0x202F or 0x205F or 0x3000)
            return " ";
        return code switch
        {
            >= 0xFB00 and <= 0xFB06 => Ligatures[code - 0xFB00],
            >= 0x2F00 and <= 0x2FD5 => KangxiRadicals[code - 0x2F00].ToString(),
            >= 0xFF01 and <= 0xFF5E => ((char)(code - 0xFEE0)).ToString(),
            _ => char.ConvertFromUtf32(code),
        };
    }

    /// <summary>Codes that fonts made by TeX give their ligatures, when they do not say what they mean.</summary>
    public static string Unmapped(int code) => code switch
    {
        0x0B or 0x1B => "ff",
        0x0C or 0x1C => "fi",
        0x0D or 0x1D => "fl",
        0x0E or 0x1E => "ffi",
        0x0F or 0x1F => "ffl",
        _ => IsDropped(code) ? "" : Plain(code),
    };

    public static bool IsHyphen(int code) => code is 0xAD or 0xFFFE or 2 || (code < 0x10000 && IsDash((char)code));

    public static bool IsDropped(int code) =>
        code is 0 or 0xFEFF or 0xFFFD or 0x200B or 0x200C or 0x200E or 0x200F or (< 32 and not 9) or (>= 0xD800 and <= 0xDFFF) or > 0x10FFFF or (>= 0x7F and <= 0x9F);
}
