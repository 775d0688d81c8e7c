using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Weft.Hiring.Matching;

/// <summary>
/// The canonical form of a skill's name, by which two spellings of one skill meet: «PostgreSQL 16», «postgres» and «Postgres»
/// are one. Only spellings that mean exactly the same are joined; related skills (Java and JVM) stay apart.
/// </summary>
public static class SkillName
{
    private static readonly FrozenDictionary<string, string> Spellings = Table().ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The canonical key of a skill's name, or "" when nothing is left of it.</summary>
    public static string Key(string name)
    {
        var text = Squeeze(name);
        if (Spellings.TryGetValue(text, out var known)) return known;
        text = WithoutVersion(text);
        return Spellings.GetValueOrDefault(text, text);
    }

    /// <summary>The distinct keys of several names, in order.</summary>
    public static string[] Keys(IEnumerable<string> names) =>
        names.Select(Key).Where(key => key.Length > 0).Distinct(StringComparer.Ordinal).ToArray();

    /// <summary>Lower case, full-width letters folded, every run of spaces, hyphens and underscores one space.</summary>
    private static string Squeeze(string name)
    {
        var result = new StringBuilder(name.Length);
        foreach (var given in name)
        {
            // String.Normalize leaves all but ASCII as it is where the globalization data is not installed.
            var c = char.ToLowerInvariant(given is >= '！' and <= '～' ? (char)(given - '！' + '!') : given);
            if (char.IsWhiteSpace(c) || c is '-' or '_' or '‑' or '–')
            {
                if (result.Length > 0 && result[^1] != ' ') result.Append(' ');
            }
            else if (char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format))
            {
                result.Append(c);
            }
        }
        return result.ToString().Trim(' ', '.', ',', ';', ':');
    }

    /// <summary>«python 3.11» is «python»; «c++17» is «c++»; «html5» and «es6» are names of their own.</summary>
    private static string WithoutVersion(string text)
    {
        var end = text.LastIndexOf(' ');
        var last = text[(end + 1)..].TrimStart('v');
        if (end > 0 && last.Length > 0 && char.IsAsciiDigit(last[0]) && last.All(c => char.IsAsciiDigit(c) || c is '.' or 'x' or '+')) return text[..end];
        return text.StartsWith("c++", StringComparison.Ordinal) && text[3..].All(char.IsAsciiDigit) ? "c++" : text;
    }

    private static Dictionary<string, string> Table()
    {
        string[] groups =
        [
            "javascript|js|ecmascript|es6|es2015", "typescript|ts", "c#|c sharp|csharp", "c++|cpp|c plus plus", "go|golang",
            ".net|dotnet|.net core|dotnet core|net core", "asp.net|asp.net core|aspnet|aspnet core", "f#|f sharp", "visual basic|vb|vb.net",
            "python|python3", "ruby on rails|rails|ror", "node.js|node|nodejs|node js", "react|react.js|reactjs|react js",
            "vue|vue.js|vuejs|vue js", "angular|angular.js|angularjs", "next.js|nextjs|next js", "express|express.js|expressjs",
            "svelte|svelte.js|sveltejs", "html|html5", "css|css3", "sass|scss", "tailwind css|tailwind|tailwindcss",
            "postgresql|postgres|psql|postgre sql", "mysql|my sql", "sql server|mssql|ms sql|microsoft sql server|ms sql server",
            "mongodb|mongo|mongo db", "elasticsearch|elastic search", "redis|redis cache", "kubernetes|k8s", "docker|docker containers",
            "amazon web services|aws", "google cloud platform|gcp|google cloud", "microsoft azure|azure", "terraform|hashicorp terraform",
            "continuous integration|ci", "ci/cd|ci cd|cicd", "git|git vcs", "github actions|gh actions", "linux|gnu/linux|gnu linux",
            "machine learning|ml", "deep learning|dl", "natural language processing|nlp", "artificial intelligence|ai",
            "tensorflow|tensor flow", "scikit learn|sklearn", "pytorch|torch", "apache spark|spark|pyspark", "apache kafka|kafka",
            "rest|rest api|rest apis|restful|restful api|restful apis", "graphql|graph ql", "grpc|g rpc", "microservices|microservice|micro services",
            "object oriented programming|oop|object orientated programming", "test driven development|tdd", "unit testing|unit tests",
            "user experience|ux|ux design", "user interface|ui|ui design", "search engine optimization|seo|search engine optimisation",
            "customer relationship management|crm", "enterprise resource planning|erp", "key performance indicators|kpi|kpis",
            "microsoft excel|excel|ms excel", "microsoft word|word|ms word", "microsoft powerpoint|powerpoint|ms powerpoint|power point",
            "microsoft office|ms office|office suite", "power bi|powerbi|microsoft power bi", "adobe photoshop|photoshop",
            "adobe illustrator|illustrator", "quickbooks|quick books|intuit quickbooks", "scrum|scrum methodology", "agile|agile methodology|agile methodologies",
            "project management|project manager", "human resources|hr", "quality assurance|qa", "financial reporting|financial reports",
        ];
        var table = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var group in groups)
        {
            var names = group.Split('|');
            foreach (var name in names) table[name] = names[0];
        }
        return table;
    }
}
