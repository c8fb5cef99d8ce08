"""Payments of several customers as one sorted list, a page at a time."""

from __future__ import annotations

import base64
import binascii
import heapq
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby, islice, product

from halo_host import Payment, PaymentPage, PaymentQuery

from .account import Account
from .client import Client
from .errors import GoCardlessError
from .payments import to_payment
from .retries import FOR_A_PERSON_WAITING
from .values import timestamp

logger = logging.getLogger(__name__)

Position = tuple[int, str]  # what the list is sorted by, and the payment's id, which no two share

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _created(payment: Payment) -> int:
    """Microseconds since 1970; a payment without a time of creation counts as made then."""
    if payment.created_at is None:
        return 0
    return (payment.created_at - _EPOCH) // timedelta(microseconds=1)


_POSITIONS: dict[str, Callable[[Payment], Position]] = {
    "newest": lambda payment: (-_created(payment), payment.id),
    "oldest": lambda payment: (_created(payment), payment.id),
    "largest": lambda payment: (-payment.amount.amount, payment.id),
    "smallest": lambda payment: (payment.amount.amount, payment.id),
}


def list_payments(account: Account, query: PaymentQuery) -> PaymentPage:
    """One page of the payments that the query asks for.

    The cursor is the position of the last payment shown, so that payments made in the meantime
    neither repeat nor hide others. The newest come from GoCardless in this order and are read only
    as far as the page goes; every other order needs all payments of the customers.
    """
    position = _POSITIONS[query.sort]
    last_shown = _decode_cursor(query) if query.cursor else None
    with account.client(FOR_A_PERSON_WAITING) as client:
        streams = [
            _stream(client, account, customer, status, query, last_shown)
            for customer, status in product(
                dict.fromkeys(query.external_user_ids), dict.fromkeys(query.statuses) or (None,)
            )
        ]
        payments: Iterable[Payment]
        if query.sort == "newest":
            payments = _merge_newest(streams)
        else:
            payments = sorted(chain.from_iterable(streams), key=position)
        rest = (p for p in payments if last_shown is None or position(p) > last_shown)
        limit = max(query.limit, 1)
        page = list(islice(rest, limit + 1))
    shown = page[:limit]
    more = len(page) > limit
    return PaymentPage(
        payments=tuple(shown),
        next_cursor=_encode_cursor(query.sort, position(shown[-1])) if more else None,
    )


def _stream(
    client: Client,
    account: Account,
    customer: str,
    status: str | None,
    query: PaymentQuery,
    last_shown: Position | None,
) -> Iterator[Payment]:
    """The payments of one customer in one status, newest first, filtered by GoCardless."""
    filters = {"customer": customer}
    if status is not None:
        filters["status"] = status
    if query.charged_from is not None:
        filters["charge_date[gte]"] = query.charged_from.isoformat()
    if query.charged_to is not None:
        filters["charge_date[lte]"] = query.charged_to.isoformat()
    if query.sort == "newest" and last_shown is not None:
        filters["created_at[lte]"] = _just_after(-last_shown[0])
    for record in client.records("payments", filters):
        payment = to_payment(record, customer, account.address)
        if payment is not None:
            yield payment
        else:
            logger.warning("a payment of customer %r could not be read and is not shown", customer)


def _merge_newest(streams: Iterable[Iterator[Payment]]) -> Iterator[Payment]:
    """Merge lazily. GoCardless sorts by time alone, so payments of one moment are put in order."""
    merged = heapq.merge(*streams, key=_created, reverse=True)
    for _, same_moment in groupby(merged, key=_created):
        yield from sorted(same_moment, key=lambda payment: payment.id)


def _just_after(microseconds: int) -> str:
    """The next millisecond: the API writes no finer times, but may compare finer ones."""
    try:
        moment = _EPOCH + timedelta(microseconds=microseconds, milliseconds=1)
    except OverflowError:
        raise _unknown_cursor() from None
    return timestamp(moment)


def _encode_cursor(sort: str, position: Position) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort, *position]).encode()).decode()


def _decode_cursor(query: PaymentQuery) -> Position:
    try:
        sort, number, identity = json.loads(base64.urlsafe_b64decode(query.cursor or ""))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        sort = number = identity = None
    if sort == query.sort and type(number) is int and isinstance(identity, str):
        return number, identity
    raise _unknown_cursor()


def _unknown_cursor() -> GoCardlessError:
    return GoCardlessError(
        "The mark of the next page of payments is not one that belongs to this list.",
        advice="Open the list again from its first page.",
    )
