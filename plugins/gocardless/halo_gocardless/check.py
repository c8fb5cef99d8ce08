"""Trying a connection: does the token work, whose account is it, and what may the token do?"""

from __future__ import annotations

from typing import Any

from halo_host import CheckMessage, CheckResult

from .account import Account
from .client import Client
from .errors import GoCardlessError
from .retries import FOR_A_PERSON_WAITING
from .values import text

# An update that names a customer who cannot exist and changes no field: whatever GoCardless looks
# at first (the token's access, the id, the body), nothing changes. A read-only token is refused
# with 403 and this reason; a read-write token gets as far as another refusal.
_NOBODY = "/customers/CU000000000000"
_READ_ONLY = "insufficient_permissions"
_PAST_THE_TOKEN = (400, 404, 409, 422)

_VERIFICATION = {
    "successful": "GoCardless has verified the account.",
    "in_review": "GoCardless is still reviewing the account; payouts may be held until then.",
    "action_required": "GoCardless needs more information about the account: "
    "sign in to its dashboard, or payouts may be held.",
}


def check(account: Account) -> CheckResult:
    """Ask GoCardless about the account and the token, changing nothing.

    :raises GoCardlessError: when GoCardless cannot be reached or fails.
    """
    messages = _about_settings(account)
    try:
        with account.client(FOR_A_PERSON_WAITING) as client:
            creditors = _creditors(client)
            messages += _about_account(creditors)
            messages += _about_reading(client, account)
            messages.append(_about_writing(client))
    except GoCardlessError as error:
        if error.status != 401:
            raise
        refusal = CheckMessage(level="error", text=str(error))
        return CheckResult(ok=False, messages=(refusal, *messages))
    return CheckResult(
        ok=all(message.level != "error" for message in messages),
        account=_name(creditors),
        messages=tuple(messages),
    )


def _about_settings(account: Account) -> list[CheckMessage]:
    messages = []
    if not account.address.is_gocardless:
        where = f"The connection uses {account.address.api}, which is not GoCardless."
        messages.append(CheckMessage(level="info", text=where))
    token_environment = account.token_environment
    if token_environment not in (None, account.environment):
        mismatch = (
            f"The token looks like one of the {token_environment} environment, "
            f"but the connection is set to {account.environment}."
        )
        messages.append(CheckMessage(level="warning", text=mismatch))
    return messages


def _creditors(client: Client) -> list[dict[str, Any]] | None:
    """The businesses that the account collects for; None where the token may not read them."""
    try:
        records = client.page("creditors").records
    except GoCardlessError as error:
        if error.status == 403:
            return None
        raise
    return [record for record in records if isinstance(record, dict)]


def _name(creditors: list[dict[str, Any]] | None) -> str | None:
    names = [name for creditor in creditors or () if (name := text(creditor.get("name")))]
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else "".join(names) or None


def _about_account(creditors: list[dict[str, Any]] | None) -> list[CheckMessage]:
    if creditors is None:
        unreadable = "The token may not read the account's own details, so its name is not known."
        return [CheckMessage(level="warning", text=unreadable)]
    messages = []
    for creditor in creditors[:5]:
        status = text(creditor.get("verification_status")) or "unknown"
        meaning = _VERIFICATION.get(status, f"GoCardless calls its verification: {status}.")
        messages.append(
            CheckMessage(
                level="warning" if status == "action_required" else "info",
                text=f"{text(creditor.get('name')) or 'An account without a name'}: {meaning}",
            )
        )
    return messages


def _about_reading(client: Client, account: Account) -> list[CheckMessage]:
    """What the token may read. Without customers there is no import, so that is an error."""
    needs = {
        "customers": "users cannot be imported",
        "mandates": "mandates cannot be shown",
        "payments": "the payments tab stays empty",
        "events": "changes cannot be followed as they happen",
    }
    refused = [resource for resource in needs if not _may_read(client, resource)]
    readable = [resource for resource in needs if resource not in refused]
    messages = [
        CheckMessage(
            level="error" if resource == "customers" else "warning",
            text=f"The token may not read {resource}, so {needs[resource]}. "
            f"Make a token with read access at {account.address.token_page}.",
        )
        for resource in refused
    ]
    if readable:
        may_read = f"The token may read {_listed(readable)}."
        messages.insert(0, CheckMessage(level="info", text=may_read))
    return messages


def _may_read(client: Client, resource: str) -> bool:
    try:
        client.page(resource, limit=1)
    except GoCardlessError as error:
        if error.status == 403:
            return False
        raise
    return True


def _about_writing(client: Client) -> CheckMessage:
    try:
        client.put(_NOBODY, {"customers": {}}, "change customers")
    except GoCardlessError as error:
        if error.status == 401:
            raise
        if error.status == 403 and _READ_ONLY in error.reasons:
            found = "The token is read-only. That is enough for imports and the payments tab."
        elif error.status in _PAST_THE_TOKEN:
            found = (
                "The token may also change things in GoCardless: a trial change of nothing was not "
                "refused for want of access. A read-only token is enough for imports."
            )
        else:
            found = "Whether the token may change things in GoCardless could not be found out."
        return CheckMessage(level="info", text=found)
    unclear = "Whether the token may change things in GoCardless could not be found out."
    return CheckMessage(level="info", text=unclear)


def _listed(words: list[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
