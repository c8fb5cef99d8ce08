"""The rows of the payments tab as HTML, by hand: payments with their histories, and mandates."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from pages_floor_rows import SIZE, Rows, Words
from pages_floor_texts import day, money, second

_AWAY = 'target="_blank" rel="noopener noreferrer"'
_WENT_BACK = {"failed": "failed", "charged_back": "was charged back"}
_WHO = {"bank": " by the bank", "gocardless": " by GoCardless", "api": " through the API"}


def tab(results: Sequence[Rows], words: Words, address: str) -> str:
    payments, events, refunds, payouts, mandates = results
    happened: defaultdict[str, list[sqlite3.Row]] = defaultdict(list)
    for event in events:
        happened[event["resource_id"]].append(event)
    returned: defaultdict[str, list[sqlite3.Row]] = defaultdict(list)
    for refund in refunds:
        returned[refund["payment_id"]].append(refund)
    paid = {payout["external_id"]: payout for payout in payouts}
    agreed = {mandate["external_id"]: mandate for mandate in mandates}
    parts = []
    for row in payments[:SIZE]:
        identity = row["external_id"]
        payout = paid.get(row["payout_id"] or "")
        mandate = agreed.get(row["mandate_id"] or "")
        parts.append(_payment(row, happened[identity], payout, mandate, words))
        parts.append(_history(row, happened[identity], returned[identity], payout, words))
    return "".join(parts) + "".join(_mandate(row, words) for row in mandates)


def _badge(state: str, status: str) -> str:
    return f'<span class="halo-badge" data-state="{state}">{status.replace("_", " ")}</span>'


def _url(words: Words, kind: str, identity: str) -> str:
    return escape(words["urls"][kind].replace("ID", quote(identity, safe="")))


def _payment(
    row: sqlite3.Row,
    events: list[sqlite3.Row],
    payout: sqlite3.Row | None,
    mandate: sqlite3.Row | None,
    words: Words,
) -> str:
    url, identity = _url(words, "payments", row["external_id"]), escape(row["external_id"])
    amount = money(row["amount"], row["currency"])
    if row["amount_refunded"]:
        refunded = money(row["amount_refunded"], row["currency"])
        amount += f'<div class="halo-muted">{refunded} refunded</div>'
    explanation = words["statuses"]["payments"][row["status"]][0]
    described, reference = row["description"], row["reference"]
    purpose = escape(described or reference or "–", quote=False)
    if described and reference:
        purpose += f'<div class="halo-muted">{escape(reference, quote=False)}</div>'
    agreed = escape(row["mandate_id"] or "–")
    if mandate is not None:
        link = _url(words, "mandates", mandate["external_id"])
        named = escape(mandate["reference"] or row["mandate_id"])
        agreed = f'<a href="{link}" {_AWAY}>{named}</a>'
    paid = escape(row["payout_id"] or "–")
    if payout is not None:
        link = _url(words, "payouts", payout["external_id"])
        arrival = f"arrival {day(payout['arrives_on'])}" if payout["arrives_on"] else paid
        paid = _badge(payout["state"], payout["status"])
        paid += f'<div><a href="{link}" {_AWAY}>{arrival}</a></div>'
        if row["state"] in _WENT_BACK:
            paid += f'<div class="halo-bad">before it {_WENT_BACK[row["state"]]}</div>'
    return (
        f'<tr tabindex="0" data-open="{url}" class="halo-has-more">'
        f'<th scope="row"><div>{day(row["created_at"][:10])}</div>'
        f'<a class="halo-muted" href="{url}" {_AWAY}>{identity}</a></th>'
        f'<td class="halo-number" data-label="Amount">{amount}</td>'
        f'<td data-label="Status" class="halo-words">{_badge(row["state"], row["status"])}'
        f"{_failure(row, events)}"
        f'<div class="halo-muted">{escape(explanation, quote=False)}</div></td>'
        f'<td data-label="Charge date">{day(row["charge_date"])}</td>'
        f'<td data-label="For" class="halo-words">{purpose}</td>'
        f'<td data-label="Mandate">{agreed}</td><td data-label="Payout">{paid}</td></tr>'
    )


def _failure(row: sqlite3.Row, events: list[sqlite3.Row]) -> str:
    if row["state"] not in _WENT_BACK:
        return ""
    late = row["state"] == "failed" and (
        row["payout_id"] or any(it["action"] in ("confirmed", "paid_out") for it in events)
    )
    said = ""
    if late:
        said = (
            '<div class="halo-bad"><strong>Late failure:</strong> the money had been collected, '
            "and was taken back.</div>"
        )
    for event in reversed(events):
        text = event["text"] or event["cause"].replace("_", " ")
        if event["is_failure"] and text:
            return f'{said}<div class="halo-bad">{escape(text, quote=False)}</div>'
    return said


def _history(
    row: sqlite3.Row,
    events: list[sqlite3.Row],
    refunds: list[sqlite3.Row],
    payout: sqlite3.Row | None,
    words: Words,
) -> str:
    identity = escape(row["external_id"])
    summary = f"More about {identity}"
    if events:
        last = events[-1]
        action = last["action"].replace("_", " ")
        summary = f"History of {identity}: {escape(action)}, {second(last['at'])}"
    if refunds:
        summary += f"; {len(refunds)} {'refund' if len(refunds) == 1 else 'refunds'}"
    listed = "".join(map(_event, events))
    timeline = f'<ol class="halo-timeline">{listed}</ol>' if listed else ""
    back = "".join(_refund(refund, words) for refund in refunds)
    returned = f"<ul>{back}</ul>" if back else ""
    note = f"On the mandate {escape(row['mandate_id'])}." if row["mandate_id"] else ""
    if payout is not None:
        named = f", on your bank statement as {payout['reference']}" if payout["reference"] else ""
        sum_ = money(payout["amount"], payout["currency"])
        explanation = words["statuses"]["payouts"][payout["status"]][0]
        note += f" Part of the payout {escape(payout['external_id'])} of {sum_}{escape(named)}."
        note += f" {escape(explanation, quote=False)}"
    return (
        f'<tr class="halo-more"><td colspan="7"><details><summary>{summary}</summary>'
        f'{timeline}{returned}<p class="halo-muted">{note}</p></details></td></tr>'
    )


def _event(event: sqlite3.Row) -> str:
    bad = ' class="halo-bad"' if event["is_failure"] else ""
    action = escape(event["action"].replace("_", " "))
    text = escape(event["text"] or event["cause"].replace("_", " "), quote=False)
    if event["reason_code"]:
        text += f' <span class="halo-muted">({escape(event["reason_code"])})</span>'
    return (
        f'<li{bad}><div class="halo-muted">{second(event["at"])}</div>'
        f"<strong>{action}</strong>{_WHO.get(event['origin'], '')}<div>{text}</div></li>"
    )


def _refund(refund: sqlite3.Row, words: Words) -> str:
    amount = money(refund["amount"], refund["currency"])
    made = f", {second(refund['created_at'])}" if refund["created_at"] else ""
    named = f", {escape(refund['reference'])}" if refund["reference"] else ""
    explanation = words["statuses"]["refunds"][refund["status"]][0]
    return (
        f"<li>Refund of {amount}{made}{named} {_badge(refund['state'], refund['status'])}"
        f'<div class="halo-muted">{escape(refund["external_id"])}: '
        f"{escape(explanation, quote=False)}</div></li>"
    )


def _mandate(row: sqlite3.Row, words: Words) -> str:
    link = _url(words, "mandates", row["external_id"])
    explanation = words["statuses"]["mandates"][row["status"]][0]
    due = day(row["next_charge_date"]) if row["next_charge_date"] else "–"
    return (
        f'<tr><th scope="row"><a href="{link}" {_AWAY}>{escape(row["external_id"])}</a></th>'
        f'<td data-label="Status">{_badge(row["state"], row["status"])}'
        f'<div class="halo-muted">{escape(explanation, quote=False)}</div></td>'
        f'<td data-label="Next possible charge">{due}</td>'
        f'<td data-label="Scheme">{escape(row["scheme"] or "–")}</td>'
        f'<td data-label="Reference">{escape(row["reference"] or "–")}</td>'
        f'<td data-label="Created">{second(row["created_at"])}</td></tr>'
    )
