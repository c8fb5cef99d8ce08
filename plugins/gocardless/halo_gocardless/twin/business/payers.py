"""Generated customers: people, companies, addresses and metadata."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from ..config import KnownCompany
from ..lanes import Body
from . import names, places
from .draw import Draw


class PayerGenerator:
    """Makes the customer with a given index, the same one each time.

    Every even index belongs to one of the known companies (when there are any), the others to
    invented companies and to private people.
    """

    def __init__(self, seed: int, count: int, known_companies: Sequence[KnownCompany]) -> None:
        self._seed = seed
        self._company_count = max(1, count // 3)
        self._known = tuple(known_companies)
        self._known_people = [
            (company, person) for company in self._known for person in company.people
        ]

    def customer(self, index: int, identity: str, created_at: str) -> Body:
        """The body of customer ``index``, as the API gives it."""
        draw = Draw(self._seed, "customer", index)
        country = self.country(index)
        given, family, company, email = self._who(index, draw)
        address = self._address(draw, country)
        return {
            "id": identity,
            "created_at": created_at,
            "email": email,
            "given_name": given,
            "family_name": family,
            "company_name": company,
            **address,
            "country_code": country.code,
            "language": country.language,
            "swedish_identity_number": None,
            "danish_identity_number": None,
            "phone_number": _phone(draw, country),
            "metadata": _metadata(draw, address["city"]),
        }

    def country(self, index: int) -> places.Country:
        """Where customer ``index`` banks: mostly at home, some in the euro area, few elsewhere."""
        draw = Draw(self._seed, "country", index)
        share = draw.below(100)
        if share < 86:
            return places.HOME
        return draw.pick(places.EURO if share < 96 else places.FURTHER)

    def holder_name(self, index: int) -> str:
        """The name on the bank account of customer ``index``."""
        given, family, company, _ = self._who(index, Draw(self._seed, "customer", index))
        return company or f"{given} {family}"

    def _who(self, index: int, draw: Draw) -> tuple[str | None, str | None, str | None, str | None]:
        """Given name, family name, company name and e-mail."""
        pair = index // 2
        if self._known and index % 2 == 0:
            if pair < len(self._known_people) and draw.chance(40):
                known, person = self._known_people[pair]
                company_name = _respelled(draw, known.name)
                return person.given_name, person.family_name, company_name, person.email
            return self._member(draw, _respelled(draw, draw.pick(self._known).name))
        if draw.chance(30):
            given, family = draw.pick(names.GIVEN_NAMES), draw.pick(names.FAMILY_NAMES)
            address = f"{_slug(given)}.{_slug(family)}{draw.between(1, 99)}@post.example"
            return given, family, None, None if draw.chance(12) else address
        return self._member(draw, self._invented_company(draw.below(self._company_count)))

    def _member(
        self, draw: Draw, company: str
    ) -> tuple[str | None, str | None, str | None, str | None]:
        """Somebody at a company: a person, or the company alone with its shared mailbox."""
        domain = f"{_slug(company)}.example"
        without_email = draw.chance(8)
        if draw.chance(18):
            return None, None, company, None if without_email else f"accounts@{domain}"
        given, family = draw.pick(names.GIVEN_NAMES), draw.pick(names.FAMILY_NAMES)
        mailbox = "accounts" if draw.chance(10) else f"{_slug(given)}.{_slug(family)}"
        return given, family, company, None if without_email else f"{mailbox}@{domain}"

    def _invented_company(self, number: int) -> str:
        draw = Draw(self._seed, "company", number)
        first, trade = draw.pick(names.COMPANY_FIRST_WORDS), draw.pick(names.COMPANY_TRADES)
        return f"{first} {trade} {draw.pick(names.COMPANY_FORMS)}"

    @staticmethod
    def _address(draw: Draw, country: places.Country) -> dict[str, str | None]:
        city, region = draw.pick(country.cities)
        floors = (None, None, None, "First Floor", f"Suite {draw.between(1, 40)}")
        return {
            "address_line1": draw.pick(country.streets).format(draw.between(1, 180)),
            "address_line2": draw.pick(floors),
            "address_line3": None,
            "city": city,
            "region": region,
            "postal_code": _filled(draw, country.postal_code),
        }


def _metadata(draw: Draw, city: str | None) -> dict[str, str]:
    """Up to three keys, as a service desk would keep them; four payers in ten have none."""
    if draw.chance(40):
        return {}
    metadata = {"office": city or "Head Office"}
    if draw.chance(60):
        metadata["contract"] = draw.pick(names.CONTRACTS)
    if draw.chance(50):
        metadata["account_manager"] = draw.pick(names.ACCOUNT_MANAGERS)
    return metadata


def _phone(draw: Draw, country: places.Country) -> str | None:
    if draw.chance(30):
        return None
    return f"{country.dialling_code} {draw.between(20, 99)} {draw.digits(4)} {draw.digits(4)}"


def _filled(draw: Draw, pattern: str) -> str:
    letters = "ABCDEFGHJKLMNPRSTUWXY"
    return "".join(
        draw.digits(1) if mark == "#" else draw.pick(letters) if mark == "?" else mark
        for mark in pattern
    )


def _respelled(draw: Draw, name: str) -> str:
    """``name`` as people type it: mostly right, else in other case, punctuation or spacing."""
    ways = (name,) * 6 + (name.upper(), name.lower(), _without_stops(name), name.replace(" ", "  "))
    return draw.pick(ways)


def _without_stops(name: str) -> str:
    return name.replace(".", "").replace(",", "")


def _slug(text: str) -> str:
    """``text`` in plain lower-case letters and digits, for an e-mail address."""
    folded = unicodedata.normalize("NFKD", text.replace("ł", "l").replace("Ł", "L"))
    plain = folded.replace("ø", "o").replace("Ø", "O").encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalnum()) or "payer"
