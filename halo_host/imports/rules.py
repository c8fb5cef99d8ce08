"""Where a payer belongs: the matching rules, in their order, each saying why it decided.

Pure: what the rules need to know comes in as `Known`. Whatever is ambiguous becomes a conflict
with its candidates and is never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..database.columns import email_key, name_key
from .lookups import KnownUser, Place
from .payers import Payer


class Action(StrEnum):
    """What a change row does."""

    NEW = "new"
    LINK = "link"
    UPDATE = "update"
    REMOVED = "removed"
    RETURNED = "returned"
    CONFLICT = "conflict"
    SKIPPED = "skipped"


class Rule(StrEnum):
    """What decided a change row. The last ones are kinds of conflict."""

    PROVIDER_ID = "provider-id"
    USER_ID = "user-id"
    EMAIL = "email"
    COMPANY_NAME = "company-name"
    SITE_NAME = "site-name"
    DEFAULT_SITE = "default-site"
    BY_HAND = "by-hand"
    ABSENT = "absent"
    UNREADABLE = "unreadable"
    TWICE = "twice-in-list"
    UNKNOWN_USER_ID = "unknown-user-id"
    USER_TAKEN = "user-taken"
    EMAIL_ELSEWHERE = "email-elsewhere"
    EMAIL_AMBIGUOUS = "email-ambiguous"
    EMAIL_TWICE = "email-twice"
    COMPANY_AMBIGUOUS = "company-ambiguous"
    PAYERS_DIFFER = "payers-differ"


CONFLICTS = (
    Rule.UNKNOWN_USER_ID,
    Rule.USER_TAKEN,
    Rule.EMAIL_ELSEWHERE,
    Rule.EMAIL_AMBIGUOUS,
    Rule.EMAIL_TWICE,
    Rule.COMPANY_AMBIGUOUS,
    Rule.PAYERS_DIFFER,
)

Candidate = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """`user_id` is set for a link, `place` for a new user, `candidates` for a conflict."""

    action: Action
    rule: Rule
    why: str
    user_id: int | None = None
    place: Place | None = None
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchingRules:
    """The connection's matching settings."""

    default_place: Place
    company_name_matching: bool
    user_id_key: str | None

    def company_key(self, payer: Payer) -> str:
        return name_key(payer.company) if self.company_name_matching and payer.company else ""

    def named_user(self, payer: Payer) -> str:
        return payer.metadata.get(self.user_id_key, "") if self.user_id_key else ""


@dataclass(slots=True)
class Known:
    """What is known of the unlinked payers of a batch.

    `claims` names the payer of this import that has taken a user or a new e-mail address.
    """

    by_email: Mapping[str, list[KnownUser]] = field(default_factory=dict)
    by_id: Mapping[int, KnownUser] = field(default_factory=dict)
    by_customer: Mapping[str, list[Place]] = field(default_factory=dict)
    by_site: Mapping[str, list[Place]] = field(default_factory=dict)
    payers: Mapping[int, list[str]] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)


def decide(payer: Payer, rules: MatchingRules, known: Known) -> Decision:
    """Rules 2 to 4; rule 1, the link by provider id, was tried before."""
    return (
        _by_user_id(payer, rules, known)
        or _by_email(payer, rules, known)
        or _new(payer, rules, known)
    )


def user_claim(user_id: int) -> str:
    return f"user:{user_id}"


def email_claim(email: str) -> str:
    return f"email:{email_key(email)}"


def user_candidate(user: KnownUser) -> Candidate:
    return {"user": user.id, "name": user.name, "place": str(user.place)}


def _by_user_id(payer: Payer, rules: MatchingRules, known: Known) -> Decision | None:
    text = rules.named_user(payer)
    if not text:
        return None
    user = known.by_id.get(int(text)) if is_user_id(text) else None
    if user is None:
        return Decision(
            Action.CONFLICT,
            Rule.UNKNOWN_USER_ID,
            f"The payer's {rules.user_id_key} is “{text[:40]}”, and there is no such user.",
        )
    why = f"The payer's {rules.user_id_key} is {user.id}: {user.name} in {user.place}."
    return _linked(user, Rule.USER_ID, why, known)


def is_user_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def _by_email(payer: Payer, rules: MatchingRules, known: Known) -> Decision | None:
    found = known.by_email.get(email_key(payer.email), []) if payer.email else []
    if not found:
        return None
    if len(found) > 1:
        return Decision(
            Action.CONFLICT,
            Rule.EMAIL_AMBIGUOUS,
            f"{len(found)} users have the payer's e-mail address.",
            candidates=tuple(map(user_candidate, found)),
        )
    user = found[0]
    place = _named_place(payer, rules, known)
    if isinstance(place, Decision):
        return Decision(
            place.action,
            place.rule,
            place.why,
            candidates=(user_candidate(user), *place.candidates),
        )
    if place is None or place[0].customer_id != user.place.customer_id:
        return Decision(
            Action.CONFLICT,
            Rule.EMAIL_ELSEWHERE,
            f"{user.name} in {user.place} has the payer's e-mail address, "
            + ("but the payer's company name does not lead to that customer."),
            candidates=(user_candidate(user),),
        )
    why = f"{user.name} in {user.place} has the payer's e-mail address and its company's name."
    return _linked(user, Rule.EMAIL, why, known)


def _linked(user: KnownUser, rule: Rule, why: str, known: Known) -> Decision:
    holder = next(iter(known.payers.get(user.id, ())), None) or known.claims.get(
        user_claim(user.id)
    )
    if holder is not None:
        return Decision(
            Action.CONFLICT,
            Rule.USER_TAKEN,
            f"{why[:-1]}, but this user is linked to the payer {holder}. "
            "A second payer is linked by hand only.",
            candidates=(user_candidate(user),),
        )
    return Decision(Action.LINK, rule, why, user_id=user.id)


def _new(payer: Payer, rules: MatchingRules, known: Known) -> Decision:
    place = _named_place(payer, rules, known)
    if isinstance(place, Decision):
        return place
    if payer.email and (holder := known.claims.get(email_claim(payer.email))):
        return Decision(
            Action.CONFLICT,
            Rule.EMAIL_TWICE,
            f"The payer {holder}, earlier in the same list, has the same e-mail address.",
            candidates=({"payer": holder},),
        )
    if place is not None:
        return Decision(Action.NEW, place[1], place[2], place=place[0])
    if not rules.company_name_matching:
        reason = "Company-name matching is off"
    elif not payer.company:
        reason = "The payer has no company name"
    else:
        reason = f"No customer or site is called “{payer.company}”"
    return Decision(
        Action.NEW,
        Rule.DEFAULT_SITE,
        f"{reason}, so the user goes to the Default Site.",
        place=rules.default_place,
    )


def _named_place(
    payer: Payer, rules: MatchingRules, known: Known
) -> tuple[Place, Rule, str] | Decision | None:
    """The place that the company name gives, a conflict where it gives several, or None."""
    key = rules.company_key(payer)
    if not key:
        return None
    for what, rule, found in (
        ("customer", Rule.COMPANY_NAME, known.by_customer.get(key, [])),
        ("site", Rule.SITE_NAME, known.by_site.get(key, [])),
    ):
        if len(found) > 1:
            return Decision(
                Action.CONFLICT,
                Rule.COMPANY_AMBIGUOUS,
                f"{len(found)} {what}s are called “{payer.company}”.",
                candidates=tuple({"site": it.site_id, "place": str(it)} for it in found),
            )
        if found and rule is Rule.COMPANY_NAME:
            why = f"The customer {found[0].customer} has the payer's company name; "
            return found[0], rule, f"{why}new users go to its invoice site {found[0].site}."
        if found:
            return found[0], rule, f"The site {found[0]} has the payer's company name."
    return None
