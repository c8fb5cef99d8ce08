"""The countries that the generated payers live in, and what follows from a country."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    """A country whose bank accounts a Direct Debit scheme can collect from."""

    code: str
    currency: str
    scheme: str
    language: str
    dialling_code: str
    postal_code: str
    """A pattern: ``#`` stands for a digit, ``?`` for a letter."""
    cities: tuple[tuple[str, str | None], ...]
    """City and region."""
    streets: tuple[str, ...]
    """Patterns: ``{}`` stands for the house number."""
    banks: tuple[str, ...]


_ENGLISH_STREETS = (
    "{} High Street",
    "{} Station Road",
    "{} Victoria Terrace",
    "Unit {}, Riverside Business Park",
    "{} Mill Lane",
    "{} Church Walk",
)

COUNTRIES = (
    Country(
        *("GB", "GBP", "bacs", "en", "+44", "??# #??"),
        cities=(
            ("London", "Greater London"),
            ("Manchester", "Greater Manchester"),
            ("Leeds", "West Yorkshire"),
            ("Bristol", None),
            ("Edinburgh", "Midlothian"),
            ("Ipswich", "Suffolk"),
            ("Caernarfon", "Gwynedd"),
            ("Belfast", "County Antrim"),
        ),
        streets=_ENGLISH_STREETS,
        banks=(
            "BARCLAYS BANK PLC",
            "LLOYDS BANK PLC",
            "HSBC UK BANK PLC",
            "NATIONAL WESTMINSTER BANK PLC",
            "MONZO BANK LIMITED",
        ),
    ),
    Country(
        *("IE", "EUR", "sepa_core", "en", "+353", "?## ?###"),
        cities=(("Dublin", "County Dublin"), ("Cork", "County Cork"), ("Dún Laoghaire", None)),
        streets=_ENGLISH_STREETS,
        banks=("AIB", "BANK OF IRELAND"),
    ),
    Country(
        *("DE", "EUR", "sepa_core", "de", "+49", "#####"),
        cities=(("Köln", "Nordrhein-Westfalen"), ("München", "Bayern"), ("Berlin", None)),
        streets=("Hauptstraße {}", "Gartenweg {}", "Am Mühlenbach {}"),
        banks=("DEUTSCHE BANK AG", "COMMERZBANK AG", "GLS GEMEINSCHAFTSBANK"),
    ),
    Country(
        *("FR", "EUR", "sepa_core", "fr", "+33", "#####"),
        cities=(("Lyon", "Auvergne-Rhône-Alpes"), ("Saint-Étienne", None), ("Paris", None)),
        streets=("{} rue de l'Église", "{} avenue de la République", "{} place du Marché"),
        banks=("BNP PARIBAS", "CRÉDIT AGRICOLE"),
    ),
    Country(
        *("ES", "EUR", "sepa_core", "es", "+34", "#####"),
        cities=(("Málaga", "Andalucía"), ("Madrid", None), ("A Coruña", "Galicia")),
        streets=("Calle Mayor {}", "Avenida de la Constitución {}"),
        banks=("BANCO SANTANDER", "BBVA"),
    ),
    Country(
        *("SE", "SEK", "autogiro", "sv", "+46", "### ##"),
        cities=(("Göteborg", None), ("Malmö", "Skåne")),
        streets=("Storgatan {}", "Björkvägen {}"),
        banks=("SWEDBANK", "NORDEA"),
    ),
    Country(
        *("DK", "DKK", "betalingsservice", "da", "+45", "####"),
        cities=(("København", None), ("Århus", "Midtjylland")),
        streets=("Søndergade {}", "Nørrebrogade {}"),
        banks=("DANSKE BANK", "JYSKE BANK"),
    ),
    Country(
        *("AU", "AUD", "becs", "en", "+61", "####"),
        cities=(("Melbourne", "VIC"), ("Fremantle", "WA")),
        streets=_ENGLISH_STREETS,
        banks=("COMMONWEALTH BANK", "WESTPAC"),
    ),
    Country(
        *("NZ", "NZD", "becs_nz", "en", "+64", "####"),
        cities=(("Wellington", None), ("Whangārei", "Northland")),
        streets=_ENGLISH_STREETS,
        banks=("ANZ BANK NEW ZEALAND", "KIWIBANK"),
    ),
    Country(
        *("CA", "CAD", "pad", "en", "+1", "?#? #?#"),
        cities=(("Toronto", "ON"), ("Montréal", "QC")),
        streets=_ENGLISH_STREETS,
        banks=("ROYAL BANK OF CANADA", "BANQUE NATIONALE DU CANADA"),
    ),
    Country(
        *("US", "USD", "ach", "en", "+1", "#####"),
        cities=(("Portland", "OR"), ("San José", "CA")),
        streets=_ENGLISH_STREETS,
        banks=("BANK OF AMERICA", "CHASE"),
    ),
)

BY_CODE = {country.code: country for country in COUNTRIES}
HOME = BY_CODE["GB"]
EURO = tuple(country for country in COUNTRIES if country.currency == "EUR")
FURTHER = tuple(country for country in COUNTRIES if country.currency not in ("GBP", "EUR"))

CURRENCIES = ("AUD", "CAD", "DKK", "EUR", "GBP", "NZD", "SEK", "USD")

SCHEME_CURRENCY = {
    "ach": "USD",
    "autogiro": "SEK",
    "bacs": "GBP",
    "becs": "AUD",
    "becs_nz": "NZD",
    "betalingsservice": "DKK",
    "faster_payments": "GBP",
    "pad": "CAD",
    "pay_to": "AUD",
    "sepa_core": "EUR",
}

DEFAULT_SCHEME = {country.currency: country.scheme for country in COUNTRIES}

SEPA_COUNTRIES = frozenset(
    "AD AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MC MT NL NO PL PT RO "
    "SE SI SK SM VA".split()
)


def currency_of(country_code: str | None) -> str | None:
    """The currency that a payer of this country is collected in; None where no scheme reaches."""
    if country_code in BY_CODE:
        return BY_CODE[country_code].currency
    return "EUR" if country_code in SEPA_COUNTRIES else None
