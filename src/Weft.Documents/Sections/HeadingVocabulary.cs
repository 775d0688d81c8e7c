using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Weft.Documents.Sections;

/// <summary>What a section of a CV is about.</summary>
internal enum SectionKind
{
    /// <summary>Before the first heading, or no section at all.</summary>
    None,
    Summary,
    Work,
    Education,
    Skills,
    Languages,
    Certificates,
    Contact,
    References,

    /// <summary>A section whose heading is known, of a kind that is not read: projects, awards, publications, hobbies.</summary>
    Other,
}

/// <summary>The headings of CVs in English, German, French, Spanish and Dutch.</summary>
internal static class HeadingVocabulary
{
    private static readonly FrozenDictionary<string, SectionKind> Phrases = Build();

    // Words that qualify a heading without changing what it is about.
    private static readonly FrozenSet<string> Qualifiers = """
        my key core main selected relevant recent previous past other additional further general professional personal career short brief detailed current
        notable academic about of and the a in for with to
        meine mein wichtige relevante bisherige berufliche beruflicher beruflichen weitere sonstige besondere persönliche und der die das
        mes mon principales autres et de des du la le les en
        mi mis otros otras principales y e del los las
        mijn overige relevante belangrijkste en van de het
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(Fold).ToFrozenSet();

    /// <summary>What a heading is about; <see cref="SectionKind.None"/> when the text is no known heading.</summary>
    public static SectionKind Find(string heading)
    {
        if (heading.Length is < 2 or > 60)
            return SectionKind.None;
        var folded = Fold(heading);
        if (folded.Length == 0)
            return SectionKind.None;
        if (Phrases.TryGetValue(folded, out var kind))
            return kind;
        var words = folded.Split(' ');
        if (words.Length > 7)
            return SectionKind.None;
        var bare = string.Join(' ', words.Where(word => !Qualifiers.Contains(word)));
        if (bare.Length > 0 && Phrases.TryGetValue(bare, out kind))
            return kind;

        // "Certificates & Grants", "Skills, Languages and Interests": named after their first part, if every part is known.
        var parts = heading.Split(['&', ',', '/', '+', '|'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(part => SplitAnd(Fold(part))).ToList();
        if (parts.Count < 2)
            return SectionKind.None;
        var kinds = parts.Select(part => Phrases.TryGetValue(Bare(part), out var one) ? one : SectionKind.None).ToList();
        return kinds.TrueForAll(one => one != SectionKind.None) ? kinds[0] : SectionKind.None;
    }

    private static string Bare(string folded) => string.Join(' ', folded.Split(' ').Where(word => !Qualifiers.Contains(word)));

    private static IEnumerable<string> SplitAnd(string folded)
    {
        var part = new List<string>();
        foreach (var word in folded.Split(' '))
        {
            if (word is "and" or "und" or "et" or "y" or "en")
            {
                yield return string.Join(' ', part);
                part.Clear();
            }
            else
                part.Add(word);
        }

        yield return string.Join(' ', part);
    }

    /// <summary>Lower case without accents and punctuation, single spaces.</summary>
    public static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (char.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark || c is '\'' or '’' or '.')
                continue;
            if (char.IsLetterOrDigit(c))
                folded.Append(Layout.Characters.WithoutAccent(c));
            else if (folded.Length > 0 && folded[^1] != ' ')
                folded.Append(' ');
        }

        return folded.ToString().TrimEnd();
    }

    private static FrozenDictionary<string, SectionKind> Build()
    {
        var phrases = new Dictionary<string, SectionKind>();
        void Add(SectionKind kind, string list)
        {
            foreach (var phrase in list.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                phrases[Fold(phrase)] = kind;
        }

        Add(SectionKind.Summary, """
            summary, profile, objective, career objective, about me, about, professional summary, executive summary, personal statement, statement, professional profile, introduction, overview, resume summary, career summary, career profile, summary of qualifications, profile summary, bio, who am i
            profil, kurzprofil, über mich, zusammenfassung, persönliches profil, ziel, berufsziel
            à propos, à propos de moi, résumé, objectif, objectif professionnel, présentation, profil professionnel
            perfil, perfil profesional, resumen, sobre mí, objetivo, extracto, resumen profesional
            profiel, over mij, samenvatting, persoonlijk profiel, doelstelling
            """);
        Add(SectionKind.Work, """
            experience, work experience, experiences, professional experience, professional experiences, employment, employment history, work history, career history, job history, work, industry experience, internships, internship, internship experience, work background, professional background, career, employment record, positions, positions held, appointments, teaching experience, research experience, leadership experience, relevant experience, professional history, military experience, consulting experience, experience and projects, short resume, experience highlights, professional activity, freelance experience
            volunteer experience, volunteering, volunteer, volunteer work, volunteering experience, community service, involvement, on campus involvement, campus involvement, leadership, extracurricular activities, extracurriculars, activities, leadership and activities, community involvement, student involvement, leadership activities
            berufserfahrung, berufserfahrungen, beruflicher werdegang, werdegang, praxiserfahrung, praktische erfahrung, praktika, berufspraxis, tätigkeiten, arbeitserfahrung, beschäftigung, berufliche tätigkeit, ehrenamt, ehrenamtliche tätigkeit, ehrenamtliche tätigkeiten, praktische erfahrungen
            expérience, expériences, expérience professionnelle, expériences professionnelles, parcours professionnel, parcours, stages, bénévolat, emplois, expériences de travail
            experiencia, experiencia laboral, experiencia profesional, experiencias, trayectoria profesional, historial laboral, prácticas, voluntariado
            werkervaring, ervaring, loopbaan, stages, vrijwilligerswerk, beroepservaring, arbeidsverleden
            """);
        Add(SectionKind.Education, """
            education, academic background, academic history, educational background, education and training, academic qualifications, qualifications, studies, degrees, degree, academics, schooling, academic education, educational qualifications, academic record, university education, training, formal education, academic profile, education history
            ausbildung, bildung, studium, schulbildung, bildungsweg, akademischer werdegang, bildungsgang, schule, hochschulbildung, aus und weiterbildung, akademische ausbildung, schulische ausbildung, berufsausbildung
            formation, formations, éducation, études, diplômes, formation académique, parcours académique, scolarité, parcours scolaire, formation et diplômes
            educación, formación, formación académica, estudios, titulación, educación y formación
            opleiding, opleidingen, onderwijs, studie, opleiding en training, opleidingen en cursussen, scholing
            """);
        Add(SectionKind.Skills, """
            skills, technical skills, skill set, skillset, competencies, competences, core competencies, expertise, areas of expertise, areas of specialization, areas of specialisation, specialties, specialities, strengths, strenghts, technologies, technology, tools, technical, technical expertise, it skills, computer skills, soft skills, hard skills, programming, programming languages, programming skills, it & programming, technical proficiencies, proficiencies, abilities, key skills, core skills, technical competencies, digital skills, software, software skills, tech stack, technical stack, tools and technologies, skills and technologies, skills and tools, technical knowledge, knowledge, capabilities, professional skills, personal skills, interpersonal skills, areas of knowledge, frameworks, skills and expertise, skills & abilities, technical toolkit, toolbox, qualifications and skills, skills and interests, skills and competences
            kenntnisse, fähigkeiten, kompetenzen, edv kenntnisse, it kenntnisse, fachkenntnisse, technische kenntnisse, stärken, fertigkeiten, programmierkenntnisse, computerkenntnisse, kenntnisse und fähigkeiten, technologien, fachliche kompetenzen, soziale kompetenzen, qualifikationen
            compétences, compétences techniques, savoir faire, informatique, outils, logiciels, atouts, connaissances, compétences informatiques, savoir être, qualités, compétences clés
            habilidades, competencias, conocimientos, aptitudes, conocimientos técnicos, informática, herramientas, competencias técnicas, destrezas, tecnologías, habilidades técnicas
            vaardigheden, competenties, kennis, computervaardigheden, kennis en vaardigheden, technische vaardigheden, sterke punten, it vaardigheden, eigenschappen
            """);
        Add(SectionKind.Languages, """
            languages, language, language skills, spoken languages, foreign languages, language proficiency, languages spoken, linguistic skills
            sprachen, sprachkenntnisse, fremdsprachen
            langues, langue, compétences linguistiques, langues parlées, langues étrangères
            idiomas, lenguas
            talen, talenkennis, taalvaardigheden
            """);
        Add(SectionKind.Certificates, """
            certificates, certifications, certificate, certification, licenses, licences, licenses and certifications, certifications and licenses, licenses & certificates, professional certifications, courses and certifications, certificates and courses, certifications and training, credentials, accreditations, certifications and courses, training and certifications
            zertifikate, zertifizierungen, zertifikat, weiterbildung und zertifikate, lizenzen
            certificats, certifications professionnelles, habilitations
            certificados, certificaciones, acreditaciones
            certificaten, certificeringen, diploma's en certificaten
            """);
        Add(SectionKind.Contact, """
            contact, contact details, contact information, contact info, contacts, personal details, personal information, personal data, details, info, personal info, facts, get in touch, personal, address, links, profiles, social, online, find me online, where to find me, web, social media profiles
            kontakt, kontaktdaten, persönliche daten, persönliches, angaben zur person, zur person, anschrift
            coordonnées, informations personnelles, état civil, me contacter
            contacto, datos personales, información personal, datos de contacto
            contactgegevens, persoonlijke gegevens, persoonsgegevens, personalia, gegevens
            """);
        Add(SectionKind.References, """
            references, referees, reference, professional references, recommendations, references available upon request
            referenzen, referenz, empfehlungen
            références, références professionnelles
            referencias
            referenties, referentie
            """);
        Add(SectionKind.Other, """
            projects, project, personal projects, academic projects, side projects, key projects, open source, open source projects, open source contributions, portfolio, research projects, selected projects, project experience
            awards, honors, honours, honors and awards, honors/awards, honours and awards, awards and honors, awards and achievements, achievements, accomplishments, key achievements, scholarships, distinctions, prizes, grants, fellowships, grants and fellowships, recognition, most proud of, international awards, domestic awards, awards and recognition
            publications, papers, talks, presentations, conferences, selected publications, patents, publications and presentations, publications & presentations, research, research interests, speaking, workshops, conference talks, invited talks, books, journal articles, conference proceedings, media, press, writing, blog, thesis, presentation
            interests, hobbies, hobbies and interests, interests and hobbies, personal interests, my life philosophy, a day of my life, philosophy, quote, community, memberships, affiliations, professional memberships, professional affiliations, associations, miscellaneous, other, additional information, coursework, relevant coursework, courses, extra, committees, program committees, driving licence, driving license, availability, hobbies & interests, fun facts, teaching, service, declaration, test scores
            projekte, projekt, auszeichnungen, ehrungen, stipendien, veröffentlichungen, publikationen, vorträge, interessen, hobbys, hobbies und interessen, engagement, sonstiges, mitgliedschaften, führerschein, patente, ausgewählte projekte, weiterbildung, weiterbildungen, fortbildungen, interessen und hobbys, freizeit
            projets, prix, distinctions, publications, centres d'intérêt, centres d'intérêts, loisirs, intérêts, divers, permis, projets personnels, projets académiques, réalisations
            proyectos, premios, publicaciones, intereses, aficiones, otros datos, logros, otros, cursos, información adicional, datos de interés
            projecten, prijzen, publicaties, interesses, hobby's, hobby's en interesses, overig, nevenactiviteiten, cursussen, rijbewijs
            """);
        return phrases.ToFrozenDictionary();
    }
}
