"""The words of a register of processing activities, in English and German."""

from collections.abc import Mapping
from typing import NamedTuple


class Both(NamedTuple):
    english: str
    german: str


class Words:
    """Looks up what something is called in one language: ``words("retention")``."""

    def __init__(self, language: str) -> None:
        """``language`` is the site's; German for ``de`` and what begins with ``de-``."""
        self.german = language.lower().partition("-")[0] == "de"

    def __call__(self, key: str) -> str:
        both = WORDS[key]
        return both.german if self.german else both.english

    def length(self, duration: str) -> str:
        """``400 days`` in this language."""
        number, _, unit = duration.partition(" ")
        return f"{number} {_UNITS.get(unit, unit)}" if self.german else duration


_UNITS = {
    "day": "Tag", "days": "Tage", "week": "Woche", "weeks": "Wochen", "month": "Monat",
    "months": "Monate", "year": "Jahr", "years": "Jahre",
}  # fmt: skip

WORDS: Mapping[str, Both] = {
    key: Both(english, german)
    for key, english, german in (
        # headings
        ("title", "Record of processing activities", "Verzeichnis von Verarbeitungstätigkeiten"),
        ("article", "Personalised pages of {name} (GDPR, Article 30)",
         "Personalisierte Seiten von {name} (Art. 30 DSGVO)"),
        ("who", "Controller", "Verantwortlicher"),
        ("controller", "Name", "Name"),
        ("contact", "Contact", "Kontakt"),
        ("representative", "Representative", "Vertreter"),
        ("officer", "Data protection officer", "Datenschutzbeauftragte Person"),
        ("purposes", "Purposes", "Zwecke"),
        ("legal-basis", "legal basis", "Rechtsgrundlage"),
        ("subjects", "Categories of data subjects", "Kategorien betroffener Personen"),
        ("data", "Categories of personal data", "Kategorien personenbezogener Daten"),
        ("attributes", "Attributes that the shop declares", "Merkmale, die der Shop angibt"),
        ("recipients", "Recipients", "Empfänger"),
        ("transfers", "Transfers to third countries", "Übermittlung in Drittländer"),
        ("retention", "Time limits for erasure", "Löschfristen"),
        ("cookies", "Cookies", "Cookies"),
        ("measures", "Technical and organisational measures",
         "Technische und organisatorische Maßnahmen"),
        ("unknown", "What no configuration can know", "Was keine Konfiguration wissen kann"),
        # purposes
        ("personalization", "personalization: choosing what a page shows to a returning visitor",
         "Personalisierung: Auswahl dessen, was eine Seite wiederkehrenden Besuchern zeigt"),
        ("statistics", "statistics: counting what was shown and what it led to",
         "Statistik: Zählen, was gezeigt wurde und was daraus folgte"),
        # people
        ("visitors", "visitors of the shop who agreed to the purpose",
         "Besucher des Shops, die dem Zweck zugestimmt haben"),
        ("customers", "customers who logged in and agreed to the purpose",
         "angemeldete Kunden, die dem Zweck zugestimmt haben"),
        # data
        ("id", "a random id of the visitor; of customers a keyed pseudonym",
         "zufällige Kennung des Besuchers; bei Kunden ein Pseudonym mit Schlüssel"),
        ("visits", "number and times of visits, first page",
         "Anzahl und Zeiten der Besuche, Einstiegsseite"),
        ("campaign", "campaign and referring host of the current visit",
         "Kampagne und verweisender Rechner des laufenden Besuchs"),
        ("products", "products that were looked at", "angesehene Produkte"),
        ("categories", "categories that were looked at, interests derived from all of it",
         "angesehene Kategorien, daraus abgeleitete Interessen"),
        ("articles", "articles that were read", "gelesene Artikel"),
        ("searches", "search terms", "Suchbegriffe"),
        ("cart", "products in the cart, where the shop's code tells them",
         "Produkte im Warenkorb, wenn der Code des Shops sie mitteilt"),
        ("orders", "orders: id, products, value and time, where the shop's code tells them",
         "Bestellungen: Nummer, Produkte, Wert und Zeit, wenn der Code des Shops sie mitteilt"),
        ("login", "that the visitor has logged in", "dass der Besucher angemeldet ist"),
        ("preferences", "what visitors said they want more of, less of or never to see",
         "wovon Besucher nach eigener Angabe mehr, weniger oder nie etwas sehen wollen"),
        ("shown", "which contents were shown, or held back from a control group",
         "welche Inhalte gezeigt oder einer Kontrollgruppe vorenthalten wurden"),
        ("clicked", "which of them were clicked or dismissed",
         "welche davon angeklickt oder ausgeblendet wurden"),
        ("experiments", "which variant of an experiment was seen",
         "welche Variante eines Experiments gesehen wurde"),
        # attributes
        ("name", "name", "Name"),
        ("type", "type", "Typ"),
        ("origin", "origin", "Herkunft"),
        ("purpose", "purpose", "Zweck"),
        ("sensitive", "sensitive", "besonders schutzbedürftig"),
        ("stored", "stored", "gespeichert"),
        ("yes", "yes", "ja"),
        ("no", "no", "nein"),
        # recipients
        ("host", "host", "Rechner"),
        ("learns", "learns", "erfährt"),
        ("source", "source of attributes", "Quelle von Merkmalen"),
        ("fragment", "renders contents", "liefert Inhalte"),
        ("database", "database", "Datenbank"),
        ("nobody", "nobody: everything stays on the shop's own servers",
         "niemand: alles bleibt auf den eigenen Servern des Shops"),
        ("customer", "the customer's id in the shop", "die Kundennummer im Shop"),
        # retention
        ("events", "events (what visitors did), after they happened",
         "Ereignisse (was Besucher taten), nachdem sie geschehen sind"),
        ("shown-events", "events of statistics, after they happened",
         "Ereignisse der Statistik, nachdem sie geschehen sind"),
        ("profiles", "profiles, after the visitor was last seen",
         "Profile, nachdem der Besucher zuletzt gesehen wurde"),
        ("by-purge", "`shopwindow purge` erases what is older: it has to be run every day",
         "`shopwindow purge` löscht, was älter ist: Es muss täglich laufen"),
        ("withdrawn", "at once when consent is withdrawn, or on request",
         "sofort bei Widerruf der Einwilligung oder auf Verlangen"),
        # cookies
        ("days", "days", "Tage"),
        ("use", "use", "Verwendung"),
        ("visitor", "recognises a visitor who agreed; set with the agreement only",
         "erkennt Besucher wieder, die zugestimmt haben; erst mit der Zustimmung gesetzt"),
        (
            "answer",
            "the visitor's answer, set by the consent tool; only read",
            "die Antwort des Besuchers, vom Einwilligungswerkzeug gesetzt; wird nur gelesen",
        ),
        (
            "asked-by",
            "consent is asked for by",
            "nach der Einwilligung fragt",
        ),
        (
            "ours",
            "the shop's own page",
            "die eigene Seite des Shops",
        ),
        (
            "unknown-tool",
            "what a consent tool keeps and passes on itself",
            "was ein Einwilligungswerkzeug selbst speichert und weitergibt",
        ),
        ("refusal", "remembers a refusal; holds no id",
         "merkt sich eine Ablehnung; enthält keine Kennung"),
        # measures
        ("consent", "nothing is stored before consent to the purpose; GPC and DNT count as a refusal",
         "vor der Einwilligung in den Zweck wird nichts gespeichert; GPC und DNT gelten als Ablehnung"),
        ("pseudonyms", "customers are stored under a keyed pseudonym (HMAC-SHA-256)",
         "Kunden werden unter einem Pseudonym mit Schlüssel gespeichert (HMAC-SHA-256)"),
        ("marks", "visitors' ids are stored as a hash (BLAKE2b); who reads the store cannot make a cookie of it",
         "Kennungen von Besuchern werden als Hash gespeichert (BLAKE2b); wer den Speicher liest, kann daraus kein Cookie machen"),
        ("cookie", "the cookie is signed (HMAC-SHA-256), HttpOnly, SameSite=Lax and Secure",
         "das Cookie ist signiert (HMAC-SHA-256), HttpOnly, SameSite=Lax und Secure"),
        ("private", "personalised pages leave with Cache-Control: private, no-store",
         "personalisierte Seiten werden mit Cache-Control: private, no-store ausgeliefert"),
        ("erasure", "erased ids are refused from then on; in SQLite files what is deleted is overwritten",
         "gelöschte Kennungen werden fortan abgelehnt; in SQLite-Dateien wird Gelöschtes überschrieben"),
        ("minimal", "no IP address and no user agent is stored",
         "weder IP-Adresse noch User-Agent werden gespeichert"),
        ("hosts", "other servers are asked only if they stand in SHOPWINDOW_ALLOWED_HOSTS",
         "andere Server werden nur gefragt, wenn sie in SHOPWINDOW_ALLOWED_HOSTS stehen"),
        ("templates", "sensitive attributes decide, but are never printed on a page",
         "besonders schutzbedürftige Merkmale entscheiden, werden aber nie auf einer Seite ausgegeben"),
        # what is missing
        ("missing", "to be filled in: [register] {key} in site.toml",
         "auszufüllen: [register] {key} in site.toml"),
        ("unknown-app", "what the shop's own code tells (visit.track, visit.set) and from where it has it",
         "was der eigene Code des Shops mitteilt (visit.track, visit.set) und woher er es hat"),
        ("unknown-hosting", "who runs the servers, the databases and the backups, and for how long backups are kept",
         "wer Server, Datenbanken und Sicherungen betreibt und wie lange Sicherungen aufbewahrt werden"),
        ("unknown-logs", "access logs of web servers and proxies, which have IP addresses",
         "Zugriffsprotokolle von Webservern und Proxys, die IP-Adressen enthalten"),
        ("unknown-purge", "whether `shopwindow purge` really runs",
         "ob `shopwindow purge` wirklich läuft"),
        ("unknown-export", "who was given exports or the token of the summary for sales staff",
         "wer Exporte oder das Token der Zusammenfassung für den Vertrieb bekommen hat"),
        ("unknown-law", "whether the legal basis holds",
         "ob die Rechtsgrundlage trägt"),
    )
}  # fmt: skip
UNKNOWN = tuple(key for key in WORDS if key.startswith("unknown-"))
