"""A payment plugin for tests: its provider is a file of JSON lines, one record a line.

`{"id": …}` is a payer (fields of ExternalUser); `{"unreadable": reason, "id": …}` a record that
cannot be read; `{"fail": text}` the provider failing; `{"crash": text}` a bug of the plugin;
`{"sleep": seconds}` a slow provider, `{"hang": true}` one that hangs until a test lets it go;
`{"endless": true}` a list that is not said to be whole.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

from halo_host import (
    HOOK_API,
    CheckResult,
    EndOfList,
    ExternalUser,
    Integration,
    MappableField,
    Money,
    Payment,
    PaymentPage,
    PaymentState,
    ProviderError,
    Tab,
    UnreadableRecord,
    hookimpl,
)

from .tabs import LONGEST, bad_tabs, let_go

if HOOK_API >= 2:  # host 0.1 knows neither these hooks nor the names that they need
    from .webhooks import halo_verify_webhook, halo_webhook_events  # noqa: F401

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "ledger": {"type": "string", "minLength": 1, "title": "Ledger file"},
        "api_key": {"type": "string", "minLength": 8, "writeOnly": True, "title": "API key"},
        "webhook_secret": {"type": "string", "writeOnly": True, "title": "Webhook secret"},
        "region": {"enum": ["north", "south"], "default": "north"},
        "retries": {"type": "integer", "minimum": 0, "maximum": 9},
    },
    "required": ["ledger", "api_key"],
    "additionalProperties": False,
}


@hookimpl
def halo_integrations():
    yield Integration(
        slug="acme-pay", title="Acme Pay", description="Payers in a file.", config_schema=SCHEMA
    )


@hookimpl
def halo_check_connection(connection):
    if connection.settings["api_key"].reveal() == "revoked-key":
        return CheckResult(ok=False)
    return CheckResult(ok=True, account="Acme Account")


@hookimpl
def halo_import_users(connection):
    count, whole = 0, True
    with Path(connection.settings["ledger"]).open(encoding="utf-8") as ledger:
        for line in ledger:
            record = json.loads(line)
            match record:
                case {"fail": text}:
                    raise ProviderError(text, advice="Try again later.")
                case {"crash": text}:
                    raise RuntimeError(text + connection.settings["api_key"].reveal())
                case {"sleep": seconds}:
                    time.sleep(seconds)
                case {"hang": _}:
                    let_go.wait(LONGEST)
                case {"endless": _}:
                    whole = False
                case {"unreadable": reason, **rest}:
                    count += 1
                    yield UnreadableRecord(reason=reason, id=rest.get("id"))
                case _:
                    count += 1
                    yield ExternalUser(**record)
    if whole:
        yield EndOfList(records=count)


@hookimpl
def halo_mappable_fields(connection):
    yield MappableField(key="office", label="Office", sample="Leeds")


@hookimpl
def halo_user_tabs(connection, user):
    yield Tab(
        slug="payments",
        title="Acme Payments",
        template="acme_pay:payments.html",
        load=lambda context: {"page": context.payments(context.query)},
    )
    yield Tab(
        slug="broken", title="Broken", template="acme_pay:payments.html", load=_fail, order=200
    )
    if connection.settings["region"] == "south":
        yield from bad_tabs()


def _fail(context):
    raise LookupError("no such thing")


@hookimpl
def halo_list_payments(connection, query):
    return PaymentPage(
        payments=tuple(
            Payment(
                id=f"PM-{payer}",
                external_user_id=payer,
                amount=Money(amount=123456, currency="GBP"),
                status="<paid>",
                state=PaymentState.PAID_OUT,
                explanation="The money is in your bank account.",
                created_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
                charge_date=None,
                url=f"https://pay.example/{payer}",
            )
            for payer in query.external_user_ids
        )
    )
