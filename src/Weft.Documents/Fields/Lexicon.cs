using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Weft.Documents.Sections;

namespace Weft.Documents.Fields;

/// <summary>Words by which fields are told apart, in English, German, French, Spanish and Dutch. They only rank what the document says.</summary>
internal static partial class Lexicon
{
    private static readonly FrozenSet<string> Titles = Set("""
        engineer developer manager analyst scientist designer consultant director officer assistant intern internship lead leader architect administrator admin specialist
        coordinator accountant teacher professor lecturer nurse technician programmer researcher fellow founder cofounder ceo cto cfo coo cio cmo head president vice associate
        representative supervisor clerk cashier waiter waitress barista driver chef cook writer copywriter editor journalist tutor trainer coach volunteer member captain
        freelancer freelance contractor advisor adviser agent buyer planner recruiter secretary receptionist salesperson salesman saleswoman executive partner owner operator mechanic electrician auditor
        controller strategist producer photographer artist illustrator animator translator interpreter librarian pharmacist doctor physician surgeon dentist therapist counselor counsellor lawyer
        attorney paralegal trainee apprentice postdoc mentor organizer organiser ambassador expert bookkeeper banker broker underwriter actuary treasurer economist statistician biologist
        chemist physicist geologist mathematician inspector guard officer sergeant lieutenant pilot steward stewardess attendant host hostess bartender baker butcher carpenter plumber painter welder
        builder foreman superintendent dispatcher courier packer picker worker labourer laborer helper caregiver nanny janitor cleaner housekeeper gardener farmer webmaster sre devops dba qa tester
        moderator evangelist facilitator instructor educator principal dean chairman chair chairperson chairwoman secretary-general ta ra pm sde swe staff graduate student
        entwickler entwicklerin ingenieur ingenieurin leiter leiterin berater beraterin mitarbeiter mitarbeiterin assistent assistentin praktikant praktikantin praktikum werkstudent werkstudentin sachbearbeiter
        sachbearbeiterin kaufmann kauffrau geschäftsführer geschäftsführerin techniker technikerin lehrer lehrerin verkäufer verkäuferin buchhalter buchhalterin referent referentin auszubildender auszubildende azubi
        projektleiter projektleiterin teamleiter teamleiterin softwareentwickler softwareentwicklerin abteilungsleiter systemadministrator krankenschwester pfleger pflegerin koch köchin fahrer aushilfe tutorin
        développeur développeuse ingénieur ingénieure responsable stagiaire directeur directrice consultante assistante commercial commerciale vendeur vendeuse gérant gérante technicien technicienne comptable
        chargé chargée chef cheffe enseignant enseignante professeur infirmier infirmière serveur serveuse employé employée conseiller conseillère alternant alternante apprenti analyste architecte gestionnaire
        desarrollador desarrolladora ingeniero ingeniera gerente jefe jefa directora becario becaria analista consultor consultora asistente profesor profesora técnico técnica programador programadora
        administrador administradora contable vendedor vendedora dependiente enfermero enfermera camarero camarera auxiliar encargado encargada coordinador coordinadora diseñador diseñadora
        ontwikkelaar stagiair stage medewerker medewerkster adviseur beheerder docent leidinggevende verkoper hoofd verpleegkundige boekhouder teamleider projectleider consulent onderzoeker leraar
        """);

    private static readonly FrozenSet<string> Companies = Set("""
        software media systems services solutions technologies technology analytics digital financial consulting consultants interactive games motors energy works networks labs pharma industries partners command museum insurance
        inc llc ltd limited gmbh ag se corp corporation company co group bank university college school institute technologies technology solutions systems labs laboratory laboratories studio studios agency hospital clinic
        foundation organization organisation association sa sarl sas sl bv nv holdings holding partners services software media ministry council universität hochschule verein ev kg ohg ltda pty plc financial industries
        international airlines ventures enterprises networks pharma pharmaceuticals insurance center centre institut université école universidad escuela universiteit hogeschool stichting municipality department
        gemeinde stadt amt museum theater theatre restaurant hotel church army navy republic ltd. pvt llp lp spa srl ab oy as aps kk pte command consulting consultants analytics digital interactive games motors energy works corp.
        """);

    // Words of companies that are words of titles as well: "Software Engineer", "Systems Administrator".
    private static readonly FrozenSet<string> WeakCompanies = Set("software media systems services solutions technologies technology analytics digital financial consulting consultants interactive games motors energy works networks labs pharma industries partners command museum insurance bank hospital hotel restaurant theater theatre church school co se as oy sa international group agency association university college center centre department studio laboratory army");

    private static readonly FrozenSet<string> Institutions = Set("""
        university college school institute academy polytechnic universität hochschule fachhochschule gymnasium schule berufsschule realschule akademie université école lycée institut faculté collège iut universidad escuela instituto
        colegio facultad politécnica universiteit hogeschool lyceum roc uni faculty conservatory seminary bootcamp universita università politecnico universidade technikum oberschule gesamtschule kolleg campus
        """);

    private static readonly FrozenSet<string> KnownInstitutions = Set("mit nyu ucla caltech usc cmu eth epfl tum rwth kit lmu hec insead essec kaist postech iit nit bits lse ucl oxford cambridge harvard stanford yale princeton berkeley sorbonne");

    private static readonly FrozenSet<string> States = Set("""
        al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa ri sc sd tn tx ut vt va wa wv wi wy dc on qc bc ab mb sk ns nb nl pe nsw vic qld uk us usa uae
        """);

    private static readonly FrozenSet<string> Countries = Phrases("""
        united states, united states of america, usa, us, united kingdom, uk, england, scotland, wales, northern ireland, ireland, germany, deutschland, france, spain, españa, italy, italia, portugal, netherlands, the netherlands, nederland,
        belgium, belgië, belgique, luxembourg, switzerland, schweiz, suisse, austria, österreich, poland, polska, czech republic, czechia, slovakia, hungary, romania, bulgaria, greece, turkey, türkiye, sweden, norway, denmark, finland, iceland, estonia,
        latvia, lithuania, ukraine, russia, belarus, serbia, croatia, slovenia, israel, egypt, morocco, tunisia, algeria, nigeria, kenya, ghana, ethiopia, south africa, uganda, tanzania, india, pakistan, bangladesh, sri lanka, nepal, china, hong kong, taiwan, japan,
        south korea, korea, republic of korea, s korea, skorea, singapore, malaysia, indonesia, thailand, vietnam, philippines, australia, new zealand, canada, mexico, méxico, brazil, brasil, argentina, chile, colombia, peru, perú, venezuela, ecuador, uruguay,
        united arab emirates, uae, saudi arabia, qatar, kuwait, lebanon, jordan, iran, iraq, armenia, georgia, kazakhstan,
        alabama, alaska, arizona, arkansas, california, colorado, connecticut, delaware, florida, hawaii, idaho, illinois, indiana, iowa, kansas, kentucky, louisiana, maine, maryland, massachusetts, michigan, minnesota, mississippi, missouri, montana,
        nebraska, nevada, new hampshire, new jersey, new mexico, new york, north carolina, north dakota, ohio, oklahoma, oregon, pennsylvania, rhode island, south carolina, south dakota, tennessee, texas, utah, vermont, virginia, washington, west virginia, wisconsin, wyoming,
        ontario, quebec, québec, british columbia, alberta, manitoba, bavaria, bayern, hessen, sachsen, baden württemberg, nordrhein westfalen
        """);

    private static readonly FrozenSet<string> Cities = Phrases("""
        london, paris, berlin, madrid, rome, roma, vienna, wien, zurich, zürich, geneva, genève, munich, münchen, hamburg, frankfurt, cologne, köln, stuttgart, düsseldorf, leipzig, dresden, hannover, nürnberg, bremen, amsterdam, rotterdam, utrecht, den haag, the hague,
        eindhoven, groningen, brussels, bruxelles, brussel, antwerp, antwerpen, gent, lyon, marseille, toulouse, bordeaux, lille, nantes, strasbourg, nice, rennes, grenoble, barcelona, valencia, sevilla, bilbao, málaga, zaragoza, lisbon, lisboa, porto, milan, milano, turin, dublin, cork,
        edinburgh, glasgow, manchester, birmingham, leeds, bristol, liverpool, copenhagen, stockholm, oslo, helsinki, warsaw, prague, praha, budapest, bucharest, athens, istanbul, ankara, moscow, kyiv, tel aviv, dubai, cairo, lagos, nairobi, johannesburg, cape town,
        mumbai, delhi, new delhi, bangalore, bengaluru, hyderabad, chennai, pune, kolkata, karachi, lahore, dhaka, singapore, hong kong, shanghai, beijing, shenzhen, tokyo, osaka, seoul, busan, pohang, taipei, bangkok, jakarta, manila, kuala lumpur, sydney, melbourne, brisbane, perth, auckland,
        toronto, montreal, montréal, vancouver, ottawa, new york, new york city, nyc, san francisco, los angeles, chicago, boston, seattle, austin, houston, dallas, denver, atlanta, miami, philadelphia, phoenix, san diego, san jose, portland, washington dc, detroit, minneapolis,
        mexico city, ciudad de méxico, são paulo, buenos aires, santiago, bogotá, bogota, lima, remote, home office, worldwide, on site, hybrid
        """);

    private static readonly FrozenDictionary<string, string> Languages = LanguageNames();

    [GeneratedRegex(@"(?<![\p{L}.])(?:ph\.?\s?d\.?|d\.?phil\.?|m\.?d\.|bachelor(?:['’]?s)?|master(?:['’]?s)?|magister|doctorate|doctor|doktor|associate(?:['’]?s)?\sdegree|associate\sof|b\.?\s?sc?\.?|m\.?\s?sc?\.?|b\.?\s?a\.?|m\.?\s?a\.?|b\.?\s?eng\.?|m\.?\s?eng\.?|b\.?\s?tech\.?|m\.?\s?tech\.?|b\.?\s?e\.?|m\.?b\.?a\.?|b\.?b\.?a\.?|b\.?\s?com\.?|m\.?\s?com\.?|b\.?\s?ed\.?|m\.?\s?ed\.?|ll\.?\s?[bm]\.?|j\.d\.|m\.?phil\.?|b\.?f\.?a\.?|m\.?f\.?a\.?|bca|mca|dipl\.?(?:[\-.\s]?(?:ing|inf|kfm|phys|math|psych)\.?)?|diploma|diplom|abitur|fachabitur|matura|staatsexamen|promotion|mittlere\sreife|fachhochschulreife|allgemeine\shochschulreife|licence|licenciatura|licenciado|licenciada|grado|máster|maestría|doctorado|bachillerato|ingeniería|técnico\ssuperior|maîtrise|doctorat|baccalauréat|bac|bts|dut|but|cap|diplôme|ingénieur|vwo|havo|mbo|hbo|doctoraal|propedeuse|high\sschool(?:\sdiploma)?|a[\s-]levels?|gcses?|ged|certificate|certified|ausbildung|lehre|minor|exchange\ssemester|auslandssemester|erasmus)(?![\p{L}])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    public static partial Regex Degree();

    [GeneratedRegex(@"^\p{Lu}[\p{L}.'’\- ]{1,40},\s?(?<region>[\p{L}. ]{2,30})(?:,\s?(?<country>[\p{L}. ]{2,30}))?$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex PlacePattern();

    private static FrozenSet<string> Set(string words) => words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(HeadingVocabulary.Fold).ToFrozenSet();

    private static FrozenSet<string> Phrases(string list) => list.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(HeadingVocabulary.Fold).ToFrozenSet();

    private static string[] WordsOf(string text) => HeadingVocabulary.Fold(text).Split(' ');

    /// <summary>How much a text looks like what somebody does (above 0) or where (below 0).</summary>
    public static int TitleScore(string text)
    {
        bool title = false, company = false, weak = false;
        foreach (var word in WordsOf(text))
        {
            title |= Titles.Contains(word) || (word.Length > 4 && word.EndsWith('s') && Titles.Contains(word[..^1])) || IsGermanCompound(word);
            company |= Companies.Contains(word) && !WeakCompanies.Contains(word);
            weak |= WeakCompanies.Contains(word);
        }

        return title ? (company ? 0 : 2) : company || weak ? -2 : 0;
    }

    private static bool IsGermanCompound(string word) =>
        word.Length > 10 && (word.EndsWith("entwickler", StringComparison.Ordinal) || word.EndsWith("ingenieur", StringComparison.Ordinal) || word.EndsWith("leiter", StringComparison.Ordinal)
            || word.EndsWith("leiterin", StringComparison.Ordinal) || word.EndsWith("berater", StringComparison.Ordinal) || word.EndsWith("mitarbeiter", StringComparison.Ordinal) || word.EndsWith("assistent", StringComparison.Ordinal)
            || word.EndsWith("kaufmann", StringComparison.Ordinal) || word.EndsWith("kauffrau", StringComparison.Ordinal) || word.EndsWith("techniker", StringComparison.Ordinal) || word.EndsWith("manager", StringComparison.Ordinal));

    public static bool IsTitle(string text) => TitleScore(text) > 0;

    public static bool HasTitleWord(string text) => WordsOf(text).Any(Titles.Contains);

    public static bool IsCompany(string text) => WordsOf(text).Any(Companies.Contains);

    public static bool IsInstitution(string text)
    {
        var words = WordsOf(text).ToList();
        return words.Exists(word => Institutions.Contains(word) || word.EndsWith("universitat", StringComparison.Ordinal) || word.EndsWith("hochschule", StringComparison.Ordinal) || word.EndsWith("gymnasium", StringComparison.Ordinal) || word.EndsWith("schule", StringComparison.Ordinal))
            || (words.Count <= 3 && words.Exists(KnownInstitutions.Contains));
    }

    /// <summary>Whether a text is the name of a place: "Austin, TX", "Seoul, S.Korea", "Remote".</summary>
    public static bool IsPlace(string text)
    {
        if (text.Length is < 2 or > 60 || text.Any(char.IsDigit))
            return false;
        var folded = HeadingVocabulary.Fold(text);
        if (Countries.Contains(folded) || Cities.Contains(folded))
            return true;
        var match = PlacePattern().Match(text.Trim().TrimEnd('.'));
        if (!match.Success || IsCompany(text) || HasTitleWord(text))
            return false;
        var (region, country) = (match.Groups["region"].Value, match.Groups["country"]);
        if (country.Success)
            return IsRegion(country.Value) && (IsRegion(region) || Cities.Contains(HeadingVocabulary.Fold(region)));
        return IsRegion(region) || Cities.Contains(HeadingVocabulary.Fold(text[..text.IndexOf(',', StringComparison.Ordinal)]));
    }

    /// <summary>Whether a text is a state or country, which can follow a city's name.</summary>
    public static bool IsRegion(string text)
    {
        var trimmed = text.Trim();
        var folded = HeadingVocabulary.Fold(trimmed);
        return Countries.Contains(folded) || (trimmed.Length <= 4 && !trimmed.Any(char.IsLower) && States.Contains(folded)) || Countries.Contains(folded.Replace(" ", "", StringComparison.Ordinal));
    }

    /// <summary>Whether a text is a spoken language's name, in one of the reader's languages.</summary>
    public static bool IsLanguage(string word) => Languages.ContainsKey(HeadingVocabulary.Fold(word));

    private static FrozenDictionary<string, string> LanguageNames()
    {
        var names = """
            english englisch anglais inglés engels; german deutsch allemand alemán duits; french französisch français francés frans; spanish spanisch espagnol español spaans castellano castilian; dutch niederländisch holländisch néerlandais
            holandés neerlandés nederlands; italian italienisch italien italiano italiaans; portuguese portugiesisch portugais portugués português portugees; russian russisch russe ruso; polish polnisch polonais polaco pools polski; czech tschechisch tchèque checo tsjechisch;
            slovak slowakisch; hungarian ungarisch hongrois húngaro; romanian rumänisch roumain rumano roemeens; bulgarian bulgarisch; greek griechisch grec griego grieks; turkish türkisch turc turco turks; swedish schwedisch suédois sueco zweeds svenska;
            norwegian norwegisch norvégien noruego noors norsk; danish dänisch danois danés deens dansk; finnish finnisch finnois finés fins suomi; ukrainian ukrainisch ukrainien ucraniano oekraïens; croatian kroatisch; serbian serbisch; slovenian slowenisch; bosnian; albanian albanisch;
            arabic arabisch arabe árabe; hebrew hebräisch hébreu hebreo hebreeuws; persian persisch farsi; urdu; hindi; bengali; tamil; telugu; marathi; gujarati; punjabi; kannada; malayalam; nepali; sinhala;
            chinese chinesisch chinois chino chinees; mandarin mandarín; cantonese kantonesisch; japanese japanisch japonais japonés japans; korean koreanisch coréen coreano koreaans; vietnamese vietnamesisch vietnamien vietnamita; thai; indonesian indonesisch bahasa; malay; tagalog filipino;
            swahili; amharic; yoruba; igbo; hausa; zulu; afrikaans; catalan katalanisch català catalán; basque euskera; galician gallego; latin latein; estonian estnisch; latvian lettisch; lithuanian litauisch; icelandic isländisch; irish gaelic; welsh; armenian; georgian; kazakh; esperanto; luxembourgish luxemburgisch
            """;
        var known = new Dictionary<string, string>();
        foreach (var group in names.Split(';'))
        {
            foreach (var name in group.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                known[HeadingVocabulary.Fold(name)] = name;
        }

        return known.ToFrozenDictionary();
    }
}
