"""Creating, changing and removing customers. None of this writes an event, as in the live API."""

from __future__ import annotations

from typing import Any

from ..business.places import BY_CODE
from ..lanes import Body
from ..parameters import Parameters
from ..store import Store
from ..vocabulary import LANGUAGES

_TEXTS = (
    *("email", "given_name", "family_name", "company_name"),
    *("address_line1", "address_line2", "address_line3", "city", "region", "postal_code"),
    *("country_code", "language", "swedish_identity_number", "danish_identity_number"),
    "phone_number",
)
_CHECKS: dict[str, dict[str, Any]] = {
    "email": {"pattern": r"[^@\s]+@[^@\s]+\.[^@\s]+"},
    "country_code": {"pattern": "[A-Z]{2}"},
    "language": {"choices": LANGUAGES},
}


def _read(parameters: Parameters, before: Body) -> Body:
    """The supplied parameters over ``before``, checked."""
    body = dict(before)
    for name in _TEXTS:
        if name in parameters:
            body[name] = parameters.text(name, **_CHECKS.get(name, {}))
    if "metadata" in parameters:
        body["metadata"] = parameters.metadata()
    if not body["company_name"]:
        for name in ("given_name", "family_name"):
            if not body[name]:
                parameters.reject(name, "is required unless company_name is given")
    parameters.check()
    return body


def create(store: Store, values: dict[str, Any]) -> Body:
    """A new customer: a company name, or both names of a person."""
    parameters = Parameters("customers", values, [*_TEXTS, "metadata"])
    empty: Body = {**dict.fromkeys(_TEXTS), "metadata": {}}
    body = _read(parameters, empty)
    if body["language"] is None:
        country = BY_CODE.get(body["country_code"])
        body["language"] = country.language if country else "en"
    return store.customers.add(store.now_ms(), body)


def update(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """Replace the supplied parameters; `metadata` as a whole."""
    before = store.customers.get(identity)
    body = _read(Parameters("customers", values, [*_TEXTS, "metadata"]), before)
    return store.customers.change(identity, **body)


def remove(store: Store, identity: str) -> None:
    """The customer vanishes from lists and look-ups, for good. Mandates and payments stay."""
    store.customers.remove(identity)
