"""The tab where there is no mirror shows what its context gives, safely, in the host's sandbox."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest
from halo_gocardless.tab import payments_tab
from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from halo_host import Money, Payment, PaymentPage, PaymentQuery, PaymentState

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
PAYMENT = Payment(
    id="PM1",
    external_user_id="CU1",
    amount=Money(amount=1999, currency="GBP"),
    status="paid_out",
    state=PaymentState.PAID_OUT,
    explanation="Part of a payout.",
    created_at=NOW,
    charge_date=date(2024, 5, 7),
    url="https://manage.gocardless.com/payments/PM1",
    description="Support in May",
    reference="INV-17",
    mandate_id="MD1",
    payout_id="PO1",
)


@dataclass
class Context:
    """The host's part: it answers the query with what the test put in."""

    page: PaymentPage
    external_user_ids: tuple[str, ...] = ("CU1",)
    now: datetime = NOW

    def __post_init__(self):
        self.query = PaymentQuery(external_user_ids=self.external_user_ids)
        self.asked = []

    def payments(self, query):
        self.asked.append(query)
        return self.page


def render(*payments, next_cursor=None, **context):
    page = PaymentPage(payments=payments, next_cursor=next_cursor)
    package, path = payments_tab().template.split(":")
    environment = SandboxedEnvironment(
        loader=PackageLoader(package, ""), autoescape=True, undefined=StrictUndefined
    )
    environment.filters.update(
        money=str, date=lambda day: day.isoformat(), datetime=lambda time: time.isoformat()
    )
    return environment.get_template(path).render(payments_tab().load(Context(page, **context)))


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found = []
        self.open = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def named(self, tag):
        return [attributes for found, attributes in self.found if found == tag]


def text(html):
    return " ".join(html.split())


def test_the_tab_asks_its_context_alone_and_only_when_it_is_opened():
    context = Context(PaymentPage(payments=()))
    tab = payments_tab()
    assert context.asked == []
    tab.load(context)
    assert context.asked == [context.query]
    assert tab.title == "GoCardless Payments"


def test_without_payments_there_is_a_sentence():
    assert "No GoCardless payments to show for this user." in render()
    assert "not linked to a GoCardless customer" in render(external_user_ids=())


def test_a_payment_is_shown_with_everything_about_it():
    html = render(PAYMENT)
    for shown in (
        "1 payment shown.",
        "19.99 GBP",
        "paid out",
        "Part of a payout.",
        "2024-05-01",
        "2024-05-07",
        "Support in May",
        "INV-17",
        "MD1",
        "PO1",
    ):
        assert shown in text(html)
    (link,) = Tags(html).named("a")
    assert link == {
        "class": "halo-muted",
        "href": "https://manage.gocardless.com/payments/PM1",
        "target": "_blank",
        "rel": "noopener noreferrer",
    }
    assert "refunded" not in html


def test_fields_that_are_absent_leave_a_dash():
    bare = replace(
        PAYMENT,
        created_at=None,
        charge_date=None,
        description=None,
        reference=None,
        mandate_id=None,
        payout_id=None,
    )
    html = render(bare)
    assert html.count(">–</td>") == 5
    assert "None" not in html


def test_many_payments_are_counted_and_summed_by_currency():
    euros = Money(amount=500, currency="EUR")
    html = text(
        render(
            PAYMENT,
            replace(PAYMENT, id="PM2", state=PaymentState.FAILED, status="failed"),
            replace(PAYMENT, id="PM3", amount_refunded=Money(amount=99, currency="GBP")),
            replace(PAYMENT, id="PM4", amount=euros, amount_refunded=replace(euros, amount=0)),
            next_cursor="more",
        )
    )
    assert "4 payments shown; there are more, which are not on this page." in html
    assert "<li> 59.97 GBP in all, of which 39.98 GBP collected and 0.99 GBP refunded </li>" in html
    assert "<li> 5.00 EUR in all, of which 5.00 EUR collected </li>" in html
    assert html.index("5.00 EUR in all") < html.index("59.97 GBP in all")
    assert html.count("0.99 GBP refunded</div>") == 1


@pytest.mark.parametrize("state", PaymentState)
def test_each_state_has_a_badge(state):
    (badge,) = Tags(render(replace(PAYMENT, state=state))).named("span")
    assert badge == {"class": "halo-badge", "data-state": state.value}


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "\"><img src=x onerror=alert('x')>", "{{ 7 * 7 }}", "]]>&#x27;"],
)
def test_hostile_words_stay_words(hostile):
    payment = replace(
        PAYMENT, id=hostile, status=hostile, description=hostile, reference=hostile, url=hostile
    )
    tags = Tags(render(payment))
    assert {tag for tag, _ in tags.found} <= set(
        "p ul li table caption thead tbody tr th td a span div".split()
    )
    assert not any(name.startswith("on") for _, names in tags.found for name in names)
    (link,) = tags.named("a")
    assert link["href"] == hostile
    assert "49" not in render(payment)


def test_the_page_brings_no_script_and_no_style_of_its_own():
    tags = Tags(render(PAYMENT))
    assert not tags.named("script")
    assert not tags.named("style")
    assert not any("style" in attributes for _, attributes in tags.found)
