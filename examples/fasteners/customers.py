"""Who may log in. What else is known about a customer, only the CRM knows."""

from collections.abc import Mapping

import msgspec


class Company(msgspec.Struct, frozen=True):
    """A customer of the shop, by the number on every invoice."""

    number: str
    name: str
    note: str  # for the demo's login page


CUSTOMERS: Mapping[str, Company] = {
    company.number: company
    for company in (
        Company("20417", "Zimmerei Musterdach GmbH", "Geschäftskonto, Holzbau"),
        Company("20533", "Metallbau Beispiel KG", "Geschäftskonto, Metallbau"),
        Company("20688", "Tischlerei Mustermöbel", "gewerblich, noch kein Konto"),
        Company("30102", "Hausgemeinschaft Musterweg 7", "privat"),
    )
}
