"""The rows of a user, of payments and of a change set as HTML, by hand: the floor of the pages.

Row by row the very HTML of the host's templates, without what is around it. Texts are escaped.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from pages_floor_texts import moment, money

SIZE = 50  # rows of a page; the host's query asks for one more, to see whether more follow
Rows = Sequence[sqlite3.Row]
Words = dict[str, Any]
_CORE = (("given_name", "Given name"), ("family_name", "Family name"), ("company", "Company"),
         ("email", "E-mail"), ("phone", "Phone"), ("language", "Language"))  # fmt: skip
_ADDRESS = ("address_line1", "address_line2", "address_line3", "city", "region", "postal_code",
            "country")  # fmt: skip
_ACTIONS = {"new": ("New", "success"), "link": ("Link", "info"), "update": ("Update", "info"),
            "conflict": ("Conflict", "danger")}  # fmt: skip
_RULES = {
    "provider-id": "Linked already",
    "email": "E-mail address and company",
    "default-site": "Default Site",
    "email-ambiguous": "Several users with this e-mail address",
}
_STATES = {"open": "Needs a decision"}
_FIELDS = {"email": "E-mail address", "company": "Company", "phone": "Phone"}


def pill(text: str, tone: str, title: str = "") -> str:
    titled = f' title="{escape(title)}"' if title else ""
    return (
        f'<span class="pill pill-{tone}"{titled}>'
        f'<span class="pill-dot" aria-hidden="true"></span>{escape(text)}</span>'
    )


def user(results: Sequence[Rows], words: Words, address: str) -> str:
    """Of the details and of the payers."""
    ((found,), links) = results
    customer = f"/customers/{found['customer_id']}"
    lines = "<br>".join(escape(found[name]) for name in _ADDRESS if found[name])
    pairs = [
        ("Customer", f'<a href="{customer}">{escape(found["customer"])}</a>'),
        (
            "Site",
            f'<a href="{customer}/sites/{found["site_id"]}">{escape(found["site"])}</a>',
        ),
        *((label, escape(found[name] or "–")) for name, label in _CORE),
        ("Address", lines or "–"),
        ("Reference", escape(found["reference"] or "–")),
        ("Number", str(found["id"])),
        ("Added", moment(found["created_at"])),
    ]
    parts = [
        f'<div class="details-pair"><dt>{label}</dt><dd>{value}</dd></div>'
        for label, value in pairs
    ]
    for number, link in enumerate(links, start=1):
        gone = link["removed_at"] is not None
        state = pill("Gone at the provider", "warning") if gone else pill("Linked", "success")
        connection, payer = escape(link["connection_name"]), escape(link["external_id"])
        parts.append(
            f'<tr><td data-label="Connection" class="long-text">{connection}</td>'
            f'<td data-label="Payer" class="long-text"><code>{payer}</code></td>'
            f'<td data-label="Linked">{moment(link["created_at"])}</td>'
            f'<td data-label="State">{state}</td>'
            f'<td class="text-end"><button type="button" class="btn btn-sm" '
            f'data-dialog="unlink-{number}" aria-label="Unlink {payer}">'
            f"{words['icons']['link-off']}Unlink</button></td></tr>"
        )
    return "".join(parts)


def payments(results: Sequence[Rows], words: Words, address: str) -> str:
    return "".join(_payment(row, words) for row in results[0][:SIZE])


def _payment(row: sqlite3.Row, words: Words) -> str:
    identity = escape(row["external_id"])
    own = f"/payments/{row['slug']}/{quote(row['external_id'])}"
    url = escape(words["urls"]["payments"].replace("ID", quote(row["external_id"], safe="")))
    status = row["status"]
    explanation, tone = words["statuses"]["payments"][status]
    state = pill(status.replace("_", " ").capitalize(), tone, explanation)
    if row["at"] is not None:
        why = row["text"] or row["cause"].replace("_", " ")
        state += f'<div class="cell-note">{escape(why)}</div>'
    described, reference = row["description"], row["reference"]
    purpose = escape(described or reference or "–")
    if described and reference:
        purpose += f'<div class="cell-note">{escape(reference)}</div>'
    amount = f'<span class="amount">{money(row["amount"], row["currency"])}</span>'
    if row["amount_refunded"]:
        refunded = money(row["amount_refunded"], row["currency"])
        amount += f'<div class="cell-note">{refunded} refunded</div>'
    return (
        f'<tr tabindex="0" data-open="{url}">'
        f'<td data-label="Payment" class="cell-payment"><div>{moment(row["created_at"])}'
        f'<div class="cell-note"><a href="{own}">{identity}</a></div></div></td>'
        f'<td data-label="User"><div>{_whose(row, words)}</div></td>'
        f'<td data-label="Status"><div>{state}</div></td>'
        f'<td data-label="For"><div>{purpose}</div></td>'
        f'<td data-label="Amount" class="text-end"><div>{amount}</div></td>'
        f'<td class="cell-away"><a class="away" href="{url}" target="_blank" '
        f'rel="noopener noreferrer" aria-label="Open {identity} at the provider, in a new tab">'
        f"{words['icons']['external-link']}</a></td></tr>"
    )


def _whose(row: sqlite3.Row, words: Words) -> str:
    if row["user_id"] is None:
        payer = escape(row["payer"] or row["external_user_id"] or "Not known yet")
        return f'{payer}<div class="cell-note">{words["icons"]["link-off"]}No user</div>'
    name = f"{row['user_given_name']} {row['user_family_name']}"
    return (
        f'<a href="/users/{row["user_id"]}">{escape(name)}</a><div class="cell-note">'
        f'<a href="/customers/{row["customer_id"]}">{escape(row["customer"])}</a></div>'
    )


def change_rows(results: Sequence[Rows], words: Words, address: str) -> str:
    _, rows, users, sites = results
    people = {it["id"]: it for it in users}
    places = {it["id"]: f"{it['name_1']} / {it['name']}" for it in sites}
    back = quote(address)
    by_position = sorted(rows, key=lambda row: int(row["position"]))
    return "".join(_change(row, people, places, back, words) for row in by_position)


def _change(
    row: sqlite3.Row,
    people: dict[int, sqlite3.Row],
    places: dict[int, str],
    back: str,
    words: Words,
) -> str:
    number, position = row["change_set_id"], row["position"]
    address = f"/imports/{number}/rows/{position}?back={back}"
    name, why = escape(row["name"]), escape(row["why"])
    return (
        f'<tr id="row-{position}" data-href="{address}" class="change-row">'
        f'<td data-label="Apply">{_tick(row, number, position, name)}</td>'
        f'<td data-label="Payer" class="row-payer"><span class="row-place">'
        f'<a href="{address}">{name}</a>'
        f'<span class="row-note row-id">{escape(row["external_id"])}</span></span></td>'
        f'<td data-label="Action">{pill(*_ACTIONS[row["action"]])}</td>'
        f'<td data-label="Goes to" class="row-goes">{_place(row, people, places)}</td>'
        f'<td data-label="Why"><span class="row-place">{_RULES[row["rule"]]}'
        f'<span class="row-note row-reason" title="{why}">{why}</span></span></td>'
        f'<td data-label="Changes">{_changes(row, words)}</td></tr>'
    )


def _tick(row: sqlite3.Row, number: int, position: int, name: str) -> str:
    state = row["state"]
    if state not in ("pending", "left-out"):
        return f'<span class="row-note">{_STATES[state]}</span>'
    checked = " checked" if state == "pending" else ""
    return (
        f'<input class="form-check-input" type="checkbox" name="wanted" value="1" '
        f'aria-label="Apply {name}"{checked} hx-post="/imports/{number}/ticks" '
        f'hx-vals=\'{{"row": {position}}}\' hx-include="#review-version" '
        f'hx-target="#review-bar" hx-swap="outerHTML" hx-sync="#rows:queue all">'
    )


def _place(row: sqlite3.Row, people: dict[int, sqlite3.Row], places: dict[int, str]) -> str:
    if row["action"] == "conflict":
        return f'<span class="row-note">{len(json.loads(row["candidates"]))} candidates</span>'
    if row["action"] == "new":
        site = escape(places[row["site_id"]])
        return f'<span class="row-place">New user<span class="row-note">{site}</span></span>'
    found = people[row["user_id"]]
    name = escape(f"{found['given_name']} {found['family_name']}")
    place = escape(f"{found['name_1']} / {found['name']}")
    return (
        f'<span class="row-place"><a href="/users/{found["id"]}">{name}</a>'
        f'<span class="row-note">{place}</span></span>'
    )


def _changes(row: sqlite3.Row, words: Words) -> str:
    before, after = json.loads(row["before"]), json.loads(row["after"])
    if row["action"] == "conflict":
        return '<span class="row-note">–</span>'
    if row["action"] == "new":
        mail = f"<span>{escape(after['email'])}</span>" if after.get("email") else ""
        more = "".join(
            f"{escape(after[name])} · " for name in ("company", "phone") if after.get(name)
        )
        count = f'<span class="row-note">{len(after)} fields</span>'
        return f'<span class="row-values">{mail}<span>{more}{count}</span></span>'
    shown = "".join(
        f'<span><span class="row-note">{_FIELDS[name]}</span> {_value(before.get(name, ""))} '
        f"{words['icons']['becomes']} {_value(value)}</span>"
        for name, value in after.items()
    )
    return f'<span class="row-values">{shown}</span>'


def _value(text: str) -> str:
    if text:
        return f'<span class="row-value">{escape(text)}</span>'
    return '<span class="row-value is-empty">empty</span>'
