"""The neutral types that cross the boundary between the host and its plugins.

Plugins import them from `halo_host`. Every type is frozen and built by keyword, so that a later
host may add a field with a default without breaking a plugin that was written before. This module
imports the standard library only.
"""

from __future__ import annotations

import enum
import hmac
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Self

MASK = "••••••••"

# ISO 4217: currencies whose minor unit is not a hundredth.
_EXPONENTS = dict.fromkeys(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
) | dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)


class Secret(str):
    """A secret setting, such as an access token.

    As text it *is* the mask, so `str`, `repr`, f-strings, `json.dumps` and a template all show
    dots; only `reveal()` gives the value, and a plugin calls it at the one place that sends it.
    """

    __slots__ = ("_value",)
    _value: str

    def __new__(cls, value: str) -> Self:
        secret = super().__new__(cls, MASK)
        secret._value = value
        return secret

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return False
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(("halo_host.Secret", self._value))

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return (str, (MASK,))


@dataclass(frozen=True, kw_only=True, slots=True)
class Money:
    """An amount in integer minor units of an ISO 4217 currency.

    `Money(amount=1999, currency="GBP")` is 19.99 pounds.
    """

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError("Money takes an integer number of minor units, never a float")

    @property
    def exponent(self) -> int:
        """How many decimals the currency has: 2 for GBP, 0 for JPY, 3 for KWD."""
        return _EXPONENTS.get(self.currency, 2)

    @property
    def decimal(self) -> Decimal:
        """The exact amount in major units: `Decimal("19.99")`."""
        return Decimal(self.amount).scaleb(-self.exponent)

    def __str__(self) -> str:
        return f"{self.decimal:.{self.exponent}f} {self.currency}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Integration:
    """What a plugin brings to the Integrations page: one tile.

    `config_schema` is a JSON Schema (Draft 2020-12) of type object for the settings that an
    operator types; a property with `"writeOnly": true` is a secret and reaches the plugin as
    `Secret`. Matching settings (company names, Default Site, user id) belong to the host and are no
    part of it.

    `icon` is the tile's picture as `"package:path"`: a square SVG or PNG of 64 kB at most inside
    that package. Since host 0.3; without one, the tile shows the title's initials.
    """

    slug: str
    title: str
    description: str
    config_schema: Mapping[str, Any]
    website: str | None = None
    icon: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """One configured account of an integration, as the plugin that owns it sees it.

    `settings` has been validated against the integration's `config_schema`; `slug` is the name by
    which operators address the connection.
    """

    id: int
    slug: str
    integration: str
    name: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckMessage:
    """One finding of a connection check, in words that an operator understands."""

    level: Literal["info", "warning", "error"]
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """Whether a connection works, the account's name at the provider, and what was found."""

    ok: bool
    account: str | None = None
    messages: tuple[CheckMessage, ...] = ()


class ExternalUser(NamedTuple):
    """A payer as the provider holds it. Everything but the id may be absent.

    `id` is opaque and stable: recurring imports recognise the payer by it alone. `metadata` holds
    the provider's own custom fields; they reach the PSA only through the connection's field
    mappings. `country` is an ISO 3166 code, `language` an ISO 639 code.

    Build it by keyword, as the other types; it is a tuple because an import makes a million.
    """

    id: str
    given_name: str | None = None
    family_name: str | None = None
    company: str | None = None
    email: str | None = None
    phone: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    address_line3: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    language: str | None = None
    metadata: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadableRecord:
    """A record of the list that the plugin could not translate.

    It never stops an import: the host keeps it with its reason. `id` is the payer's id where it
    could be read; without one the host cannot tell which payer it was, so it takes no payer for
    removed in that import.
    """

    reason: str
    id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EndOfList:
    """The plugin's word that it has read the whole list, yielded last.

    `records` is the number of records the provider sent, readable or not. Only when it equals what
    the host received does a payer's absence mean that the provider removed it.
    """

    records: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MappableField:
    """A provider field that can be mapped to a custom field: its key in `ExternalUser.metadata`."""

    key: str
    label: str
    sample: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """A user of the PSA, as a plugin sees it. `name` is what pages show and is never empty."""

    id: int
    name: str
    given_name: str | None
    family_name: str | None
    email: str | None
    customer: str
    site: str


class PaymentState(enum.Enum):
    """What a provider's payment status means, in words common to all providers. None is final."""

    PENDING = "pending"
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    PAID_OUT = "paid_out"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CHARGED_BACK = "charged_back"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """A payment as the provider holds it.

    `status` is the provider's own word, `state` its neutral meaning, `explanation` one plain
    sentence about it. `created_at` is UTC; `charge_date` is the bank's calendar day. `url` opens
    the payment at the provider.
    """

    id: str
    external_user_id: str
    amount: Money
    status: str
    state: PaymentState
    explanation: str
    created_at: datetime | None
    charge_date: date | None
    url: str
    description: str | None = None
    reference: str | None = None
    amount_refunded: Money | None = None
    mandate_id: str | None = None
    payout_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentQuery:
    """Which payments to list.

    `statuses` holds the provider's words; the dates are charge dates, both inclusive.
    `cursor` continues a list: it is the `next_cursor` of the page before, opaque to the host.
    """

    external_user_ids: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    charged_from: date | None = None
    charged_to: date | None = None
    sort: Literal["newest", "oldest", "largest", "smallest"] = "newest"
    cursor: str | None = None
    limit: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentPage:
    """One page of payments; `next_cursor` is None on the last one."""

    payments: tuple[Payment, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoPerson:
    """A user whom the demo's directory already has."""

    given_name: str
    family_name: str
    email: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoCustomer:
    """A customer of the demo's directory: its sites (the first is the invoice site) and users."""

    name: str
    sites: tuple[str, ...]
    people: tuple[DemoPerson, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoConnection:
    """What `halo-host demo` enables once the plugin's twin runs.

    `mappings` maps metadata keys to names of Text custom fields, which the demo creates. `hints`
    are lines that the demo prints, such as the address of the twin's own pages.
    """

    name: str
    settings: Mapping[str, Any]
    mappings: Mapping[str, str] = field(default_factory=dict)
    user_id_key: str | None = None
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """A plugin's part in `halo-host demo`.

    `start` is called once with the demo's customers and a folder that the plugin may keep files in;
    the context manager it returns runs the twin until it is left.
    """

    integration: str
    start: Callable[[Iterable[DemoCustomer], Path], AbstractContextManager[DemoConnection]]
