"""Who the claims of an OpenID Connect provider speak of, however it writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Claims = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What the provider vouches for. `groups` are those of its claims `groups` and `roles`."""

    issuer: str
    subject: str
    email: str
    verified: bool
    name: str
    groups: tuple[str, ...]


def is_enough(claims: Claims) -> bool:
    """Whether an ID token says all that `identity_of` looks for."""
    return _is_verified(claims) and ("groups" in claims or "roles" in claims)


def identity_of(claims: Claims, more: Claims) -> Identity:
    """`claims` are those of the ID token, `more` those of the UserInfo endpoint, or none.

    What is signed stands before what was asked for. An address and the word that it was verified
    come from one and the same answer.
    """
    told = {**more, **claims}
    mail = next((it for it in (claims, more) if _is_verified(it)), claims)
    return Identity(
        issuer=claims["iss"],
        subject=claims["sub"],
        email=_text(mail.get("email")) or _text(more.get("email")),
        verified=_is_verified(mail),
        name=_text(told.get("name")) or _text(told.get("preferred_username")),
        groups=(*_texts(told.get("groups")), *_texts(told.get("roles"))),
    )


def _is_verified(claims: Claims) -> bool:
    """Some write `email_verified` as a text (Amazon Cognito does in its UserInfo). Entra ID has
    none: its optional claim `xms_edov` says that the owner of the address's domain was verified."""
    if not _text(claims.get("email")):
        return False
    if "email_verified" in claims:
        return _is_true(claims["email_verified"])
    return _is_true(claims.get("xms_edov"))


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, int | str) and str(value).lower() in ("true", "1"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    """A provider may write one group as a text, and what is no text is no group."""
    if isinstance(value, str):
        return [value]
    return [it for it in value if isinstance(it, str)] if isinstance(value, list) else []
