"""What change sets and their rows are called on pages, and in which tone."""

from __future__ import annotations

from collections.abc import Mapping

from ...database.tables import CORE_FIELDS
from ...host import Host
from ...imports.change_sets import ChangeSet, RowState, State
from ...imports.rules import Action, Rule

STATES: Mapping[State, tuple[str, str]] = {
    State.QUEUED: ("Waiting for an integrator", "neutral"),
    State.PLANNING: ("Reading payers", "info"),
    State.PLANNED: ("Ready to review", "warning"),
    State.HELD: ("Held: many payers are gone", "danger"),
    State.APPLYING: ("Applying", "info"),
    State.APPLIED: ("Applied", "success"),
    State.UNDOING: ("Taking back", "info"),
    State.UNDONE: ("Undone", "neutral"),
    State.PARTLY_UNDONE: ("Partly undone", "warning"),
    State.FAILED: ("Failed", "danger"),
    State.ABANDONED: ("Stopped", "neutral"),
    State.DISCARDED: ("Discarded", "neutral"),
}
ACTIONS: Mapping[Action, tuple[str, str]] = {
    Action.NEW: ("New", "success"),
    Action.LINK: ("Link", "info"),
    Action.UPDATE: ("Update", "info"),
    Action.CONFLICT: ("Conflict", "danger"),
    Action.REMOVED: ("Gone", "warning"),
    Action.RETURNED: ("Back again", "info"),
    Action.SKIPPED: ("Skipped", "neutral"),
}
ROW_STATES: Mapping[RowState, tuple[str, str]] = {
    RowState.PENDING: ("To be applied", "info"),
    RowState.LEFT_OUT: ("Left out", "neutral"),
    RowState.APPLIED: ("Applied", "success"),
    RowState.REFUSED: ("Refused", "danger"),
    RowState.OPEN: ("Needs a decision", "warning"),
    RowState.SUPERSEDED: ("Looked at again later", "neutral"),
    RowState.NOTED: ("Noted", "neutral"),
    RowState.UNDONE: ("Taken back", "neutral"),
    RowState.KEPT: ("Kept", "warning"),
}
RULES: Mapping[Rule, str] = {
    Rule.PROVIDER_ID: "Linked already",
    Rule.USER_ID: "User's number",
    Rule.EMAIL: "E-mail address and company",
    Rule.COMPANY_NAME: "Company is a customer",
    Rule.SITE_NAME: "Company is a site",
    Rule.DEFAULT_SITE: "Default Site",
    Rule.BY_HAND: "Decided by hand",
    Rule.ABSENT: "No longer listed",
    Rule.UNREADABLE: "Could not be read",
    Rule.TWICE: "Listed twice",
    Rule.UNKNOWN_USER_ID: "Unknown user's number",
    Rule.USER_TAKEN: "User has a payer already",
    Rule.EMAIL_ELSEWHERE: "E-mail address at another customer",
    Rule.EMAIL_AMBIGUOUS: "Several users with this e-mail address",
    Rule.EMAIL_TWICE: "E-mail address twice in the list",
    Rule.COMPANY_AMBIGUOUS: "Several companies of this name",
    Rule.PAYERS_DIFFER: "Payers of one user differ",
}
WORDS = {"states": STATES, "actions": ACTIONS, "row_states": ROW_STATES, "rules": RULES}
# What taking back one row, or several, comes to.
TAKEN_BACK: Mapping[Action, tuple[str, str]] = {
    Action.NEW: ("new user is deleted", "new users are deleted"),
    Action.LINK: (
        "link is cut, and its user gets back the values that were there",
        "links are cut, and their users get back the values that were there",
    ),
    Action.UPDATE: (
        "user gets back the values that were there",
        "users get back the values that were there",
    ),
    Action.REMOVED: ("payer is no longer marked as gone", "payers are no longer marked as gone"),
    Action.RETURNED: ("payer is marked as gone again", "payers are marked as gone again"),
    Action.SKIPPED: (
        "skipped payer is released: the next import looks at it again",
        "skipped payers are released: the next import looks at them again",
    ),
}
# The same of the row of one payer.
TAKEN_BACK_OF: Mapping[Action, str] = {
    Action.NEW: "The user is deleted",
    Action.LINK: "The link is cut",
    Action.UPDATE: "Values as before",
    Action.REMOVED: "No longer gone",
    Action.RETURNED: "Gone again",
    Action.SKIPPED: "Released",
}
_CORE = {name: name.replace("_", " ").capitalize() for name in CORE_FIELDS} | {
    "email": "E-mail address",
    "address_line1": "Address line 1",
    "address_line2": "Address line 2",
    "address_line3": "Address line 3",
    "removed_at": "Gone since",
}


def field_words(host: Host) -> Mapping[str, str]:
    """How pages call the fields that rows name."""
    return {**_CORE, **host.directory.custom_field_names()}


def by_action(change_set: ChangeSet) -> Mapping[Action, int]:
    """How many rows of each action there are, in the order of the pages."""
    counted = {action: change_set.count(action=action) for action in ACTIONS}
    return {action: count for action, count in counted.items() if count}
