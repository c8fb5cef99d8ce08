"""Take secrets and bank data out of text that is logged.

Known secrets are masked by value; whatever looks like a token, a password, an IBAN, a card number
or a sort code with its account number is masked by its form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

MASKED = "***"
SHORTEST_SECRET = 6  # a shorter one would mask half of every text
_MANY = 10_000

# Length of an IBAN by country, after the registry of SWIFT.
_IBAN_LENGTHS = {
    country: int(length)
    for country, length in re.findall(
        r"([A-Z]{2})(\d\d)",
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 "
        "DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 "
        "IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 "
        "MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 "
        "SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30",
    )
}
# In one piece, or in groups of four as on paper.
_IBAN = re.compile(
    r"\b[A-Z]{2}\d{2}(?:[A-Z0-9]{10,}|(?:[ -][A-Z0-9]{4}){2,7}(?:[ -][A-Z0-9]{1,4}\b)?)",
    re.IGNORECASE,
)
_CARD = re.compile(r"(?<![A-Za-z0-9-])[3-6]\d{3}(?:[ -]?\d){10,15}(?![A-Za-z0-9-])")

# A sort code followed by an account number, with whatever is between.
_SORT_CODE = re.compile(r"(?<![\w.:-])\d{2}([- ]?)\d{2}\1\d{2}(?!\w|-)(\W\D{0,19})\d{8}(?!\d)")

_BY_FORM: tuple[tuple[re.Pattern[str], str], ...] = (
    # Scheme and credentials, as in a header.
    (re.compile(r"\b(bearer|basic)(\s+)[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1\2{MASKED}"),
    # A token of the host's own API.
    (re.compile(r"\bhalo_[\w-]{43}(?![\w-])"), MASKED),
    # The password of an address.
    (re.compile(r"(\w://[^\s:/@]*:)[^\s@/]+@"), rf"\1{MASKED}@"),
    # A named secret: api_key=…, "password": "…".
    (
        re.compile(
            r"((?:api[_ -]?key|token|secret|password|passwd)[\"']?\s*[:=]\s*[\"']?)"
            r"(?!bearer\b|basic\b)[^\s\"',;&}\])]{4,}",
            re.IGNORECASE,
        ),
        rf"\1{MASKED}",
    ),
    # A named number of a bank account: account_number: …, "sort code 20-00-00".
    (
        re.compile(
            r"((?:account|branch|bank|routing|bsb)[_ -]?(?:number|code|no)|sort[_ -]?code|iban|bsb)"
            r"([\"']?\s*(?:[:=]|is)?\s*[\"']?)(?=[\w -]*\d)[A-Z0-9][\w-]{3,}",
            re.IGNORECASE,
        ),
        rf"\1\2{MASKED}",
    ),
)


class Mask:
    """Masks the secrets it was told of, and what looks like one."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, *secrets: str) -> None:
        new = {it for it in secrets if len(it) >= SHORTEST_SECRET} - self._known
        if not new:
            return
        # Far more secrets than connections have: rotated ones of a process that runs for years.
        self._known = (set() if len(self._known) > _MANY else self._known) | new
        longest_first = sorted(self._known, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def text(self, text: str) -> str:
        if self._pattern is not None:
            text = self._pattern.sub(MASKED, text)
        text = _CARD.sub(_masked_card, _IBAN.sub(_masked_iban, text))
        text = _SORT_CODE.sub(rf"{MASKED}\2{MASKED}", text)
        for pattern, replacement in _BY_FORM:
            text = pattern.sub(replacement, text)
        return text

    def value(self, value: Any) -> Any:
        """A value as logged: texts masked, at any depth; what is no plain value, as text."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {str(name): self.value(each) for name, each in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            return [self.value(each) for each in value]
        return self.text(str(value))


def _masked_iban(found: re.Match[str]) -> str:
    """Mask what has an IBAN's country and length; what follows it in the sentence stays."""
    text = found[0]
    usual = _IBAN_LENGTHS.get(text[:2].upper())
    places = [place for place, character in enumerate(text, 1) if character.isalnum()]
    if usual is None or len(places) < usual - 1:  # one character short is a typing error
        return text
    return MASKED + text[places[min(usual, len(places)) - 1] :]


def _masked_card(found: re.Match[str]) -> str:
    """Mask what passes Luhn's check, which other numbers seldom do."""
    digits = [int(it) for it in found[0] if it.isdigit()]
    doubled = [sum(divmod(2 * it, 10)) for it in digits[-2::-2]]
    return found[0] if (sum(digits[-1::-2]) + sum(doubled)) % 10 else MASKED
