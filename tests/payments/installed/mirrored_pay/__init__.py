"""A payment plugin of level 2 for tests: it declares streams, and its tab reads the mirror.

`halo_list_payments` answers with one payment that the mirror never holds, so that a test sees who
was asked; with the setting `lists` off it lists none, as a plugin for host 0.2 alone may.
"""

from __future__ import annotations

from halo_host import (
    Integration,
    MandateState,
    Meaning,
    Money,
    Payment,
    PaymentPage,
    PaymentState,
    PayoutState,
    RefundState,
    Stream,
    StreamKind,
    Tab,
    hookimpl,
)

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {"lists": {"type": "boolean", "default": True}},
    "additionalProperties": False,
}


@hookimpl
def halo_integrations():
    yield Integration(
        slug="mirrored-pay", title="Mirrored Pay", description="Streams.", config_schema=SCHEMA
    )


@hookimpl
def halo_streams(connection):
    yield Stream(
        kind=StreamKind.PAYMENTS,
        meanings={
            "paid_out": Meaning(PaymentState.PAID_OUT, "It went out to your bank."),
            "failed": Meaning(PaymentState.FAILED, "The bank did not collect it."),
        },
        url="https://pay.example/payments/{id}",
    )
    yield Stream(
        kind=StreamKind.MANDATES,
        meanings={"active": Meaning(MandateState.ACTIVE, "It can be collected from.")},
        url="https://pay.example/mandates/{id}",
    )
    yield Stream(
        kind=StreamKind.REFUNDS,
        meanings={"paid": Meaning(RefundState.PAID, "The payer has the money back.")},
    )
    yield Stream(
        kind=StreamKind.PAYOUTS,
        meanings={"paid": Meaning(PayoutState.PAID, "It is in your bank account.")},
    )


@hookimpl
def halo_user_tabs(connection, user):
    yield Tab(slug="mirror", title="Mirror", template="mirrored_pay:tab.html", load=_load)
    yield Tab(
        slug="plain",
        title="Plain",
        template="mirrored_pay:plain.html",
        load=lambda context: {"page": context.payments(context.query)},
    )


def _load(context):
    mirror = context.mirror
    page = mirror.payments(context.query)
    return {
        "freshness": mirror.freshness,
        "payments": page.payments,
        "totals": mirror.totals(context.query),
        "timelines": mirror.timelines(page.payments),
        "refunds": mirror.refunds(page.payments),
        "payouts": mirror.payouts(page.payments),
        "mandates": mirror.mandates(),
        "subscriptions": mirror.subscriptions(),
    }


@hookimpl
def halo_list_payments(connection, query):
    if not connection.settings["lists"]:
        return None
    return PaymentPage(
        payments=tuple(
            Payment(
                id=f"ASKED-{payer}",
                external_user_id=payer,
                amount=Money(amount=1, currency="GBP"),
                status="paid_out",
                state=PaymentState.PAID_OUT,
                explanation="",
                created_at=None,
                charge_date=None,
                url="https://pay.example",
            )
            for payer in query.external_user_ids
        )
    )
