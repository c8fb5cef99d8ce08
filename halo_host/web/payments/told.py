"""What alerts say on pages: in the operator's way of writing amounts, with whose payment it is."""

from __future__ import annotations

from flask import current_app
from markupsafe import Markup

from ...alerts.alerts import Alert
from ..shell.commands import coded


def told(alert: Alert) -> Markup:
    """An alert's sentence, the filter `alert_text`. It is stored as commands and letters write it:
    "420.00 GBP" becomes "£420.00" here."""
    text = alert.text
    if alert.amount is not None:
        money = current_app.jinja_env.filters["money"]
        text = text.replace(str(alert.amount), money(alert.amount))
    return coded(text)


def payment_of(alert: Alert) -> str:
    """The address of the payment that an alert about money tells of; "" where it names none."""
    return f"/payments/{alert.connection}/{alert.payment}" if alert.payment else ""
