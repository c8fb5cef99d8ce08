"""What the tab has for the pages of host 0.3: rows that open, a chart, an empty filter."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import date

import pytest
from halo_gocardless.chart import first_day
from halo_gocardless.tab import payments_tab

from halo_host import Money, MonthTotal, PaymentPage
from halo_host.tabs.render import Renderer

from .test_mirrored_tab import DASHBOARD, FULL, Context, Mirror, Parts, render


def month(name, collected, failed=0, currency="GBP"):
    return MonthTotal(
        month=name,
        payments=1,
        collected=Money(amount=collected, currency=currency),
        failed=Money(amount=failed, currency=currency),
    )


@dataclass
class MirrorWithMonths(Mirror):
    """Host 0.3's: it knows sums by month."""

    all_months: tuple = ()
    asked: list = field(default_factory=list)

    def months(self, query):
        self.asked.append(query)
        return self.all_months


def with_months(*months):
    return MirrorWithMonths(
        **{it.name: getattr(FULL, it.name) for it in fields(FULL)}, all_months=months
    )


def test_a_payment_opens_by_double_click_or_enter_on_its_row():
    parts = Parts(render(FULL))
    rows = [attributes for tag, attributes in parts.tags if "data-open" in attributes]
    assert [row["data-open"] for row in rows] == [f"{DASHBOARD}/payments/PM{n}" for n in (1, 2)]
    assert all(row["tabindex"] == "0" for row in rows)


def test_the_mandate_of_a_payment_opens_in_gocardless():
    links = [attributes["href"] for tag, attributes in Parts(render(FULL)).tags if tag == "a"]
    assert links.count(f"{DASHBOARD}/mandates/MD1") == 3, "of two payments and of the mandate"


def test_the_last_twelve_months_are_drawn_for_each_currency():
    mirror = with_months(
        month("2025-04", 5_000),
        month("2026-03", 10_000, 2_500),
        month("2026-01", 1, currency="EUR"),
    )
    parts = Parts(render(mirror))
    drawings = [attributes for tag, attributes in parts.tags if tag == "svg"]
    assert len(drawings) == 2
    euros, pounds_ = (each["aria-label"] for each in drawings)
    assert euros.startswith("By month, in EUR: Apr 2025 €0.00 collected;")
    assert "Apr 2025 £50.00 collected" in pounds_
    assert pounds_.endswith("Mar 2026 £100.00 collected, £25.00 failed")
    assert [tag for tag, _ in parts.tags].count("rect") == 4
    assert [query.charged_from for query in mirror.asked] == [date(2025, 4, 1)]


def test_the_chart_is_of_all_payments_whatever_the_filter():
    mirror = with_months(month("2026-03", 1))
    context = Context(mirror)
    context.query = replace(context.query, statuses=("failed",), charged_to=date(2020, 1, 1))
    payments_tab().load(context)
    (query,) = mirror.asked
    assert (query.statuses, query.charged_to, query.cursor) == ((), None, None)


@pytest.mark.parametrize("months", [(), (month("2026-03", 0),), (month("2024-01", 9),)])
def test_without_money_in_a_year_there_is_no_chart(months):
    assert "<svg" not in render(with_months(*months))


def test_host_0_2_knows_no_months_and_the_tab_has_no_chart():
    assert not hasattr(FULL, "months")
    assert "<svg" not in render(FULL)


def test_a_year_of_the_chart_begins_twelve_months_ago():
    assert first_day(date(2026, 12, 31)) == date(2026, 1, 1)
    assert first_day(date(2026, 1, 1)) == date(2025, 2, 1)


def test_a_filter_that_finds_nothing_is_named():
    empty = replace(FULL, page=PaymentPage(payments=()))
    context = Context(empty)
    context.query = replace(context.query, statuses=("failed",))
    tab = payments_tab()
    html = Renderer("en_GB", "UTC").fragment(tab.template, tab.load(context))
    assert "No GoCardless payments to show that fit the filter." in html
    assert "for this user" in render(replace(FULL, page=PaymentPage(payments=())))
