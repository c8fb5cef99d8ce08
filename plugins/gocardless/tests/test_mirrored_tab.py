"""The tab from the host's mirror, rendered as the host renders it: in its sandbox, on its page."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import pytest
from halo_gocardless.mirrored import ago
from halo_gocardless.tab import payments_tab

from halo_host import (
    CurrencyTotal,
    Freshness,
    Mandate,
    MandateState,
    Money,
    Payment,
    PaymentPage,
    PaymentQuery,
    PaymentState,
    Payout,
    PayoutState,
    Refund,
    RefundState,
    Subscription,
    SubscriptionState,
    TimelineEntry,
    User,
)
from halo_host.tabs.render import Renderer

NOW = datetime(2026, 3, 18, 9, 30, tzinfo=UTC)
DASHBOARD = "https://manage.gocardless.com"


def pounds(amount):
    return Money(amount=amount, currency="GBP")


PAYMENT = Payment(
    id="PM1",
    external_user_id="CU1",
    amount=pounds(1999),
    status="paid_out",
    state=PaymentState.PAID_OUT,
    explanation="Part of a payout.",
    created_at=NOW - timedelta(days=9),
    charge_date=date(2026, 3, 12),
    url=f"{DASHBOARD}/payments/PM1",
    description="Support in March",
    reference="INV-17",
    mandate_id="MD1",
    payout_id="PO1",
)
FAILED = replace(
    PAYMENT,
    id="PM2",
    status="failed",
    state=PaymentState.FAILED,
    url=f"{DASHBOARD}/payments/PM2",
    payout_id=None,
)
MANDATE = Mandate(
    id="MD1",
    external_user_id="CU1",
    status="active",
    state=MandateState.ACTIVE,
    explanation="Payments can be collected.",
    created_at=NOW - timedelta(days=400),
    scheme="bacs",
    reference="KMS-1",
    next_charge_date=date(2026, 3, 23),
    replaced_by=None,
    url=f"{DASHBOARD}/mandates/MD1",
)
SUBSCRIPTION = Subscription(
    id="SB1",
    external_user_id="CU1",
    status="active",
    state=SubscriptionState.ACTIVE,
    explanation="GoCardless creates its payments.",
    amount=pounds(4500),
    name="Gold plan",
    every="1 month",
    next_charge_date=date(2026, 4, 1),
    url=f"{DASHBOARD}/subscriptions/SB1",
)
REFUND = Refund(
    id="RF1",
    payment_id="PM1",
    status="bounced",
    state=RefundState.FAILED,
    explanation="It did not reach the payer's bank account.",
    amount=pounds(500),
    created_at=NOW - timedelta(days=2),
    reference="R-1",
    url=None,
)
PAYOUT = Payout(
    id="PO1",
    status="paid",
    state=PayoutState.PAID,
    explanation="Sent to your bank account.",
    amount=pounds(100_000),
    fees=pounds(900),
    created_at=NOW - timedelta(days=5),
    arrives_on=date(2026, 3, 16),
    reference="KMS-PO1",
    url=f"{DASHBOARD}/payouts/PO1",
)
CREATED = TimelineEntry(
    at=NOW - timedelta(days=9),
    action="created",
    origin="api",
    cause="payment_created",
    reason_code="",
    text="Payment created via the API.",
    is_failure=False,
)
FAILURE = TimelineEntry(
    at=NOW - timedelta(days=3),
    action="failed",
    origin="bank",
    cause="insufficient_funds",
    reason_code="ARUDD-0",
    text="The payer had too little money.",
    is_failure=True,
)
TOTAL = CurrencyTotal(
    payments=2,
    amount=pounds(3998),
    collected=pounds(1999),
    failed=pounds(1999),
    refunded=pounds(0),
)
FRESH = Freshness(
    checked_at=NOW - timedelta(minutes=3), proved_at=NOW - timedelta(hours=2), differences=0
)


@dataclass
class Mirror:
    """What the host's mirror would hold."""

    page: PaymentPage = field(default=PaymentPage(payments=(PAYMENT,)))
    all_totals: tuple[CurrencyTotal, ...] = ()
    all_timelines: dict[str, tuple[TimelineEntry, ...]] = field(default_factory=dict)
    all_mandates: tuple[Mandate, ...] = ()
    all_subscriptions: tuple[Subscription, ...] = ()
    all_refunds: dict[str, tuple[Refund, ...]] = field(default_factory=dict)
    all_payouts: dict[str, Payout] = field(default_factory=dict)
    freshness: Freshness = FRESH

    def payments(self, query):
        return self.page

    def totals(self, query):
        return self.all_totals

    def timelines(self, payments):
        return self.all_timelines

    def mandates(self):
        return self.all_mandates

    def subscriptions(self):
        return self.all_subscriptions

    def refunds(self, payments):
        return self.all_refunds

    def payouts(self, payments):
        return self.all_payouts


@dataclass
class Context:
    mirror: Mirror
    external_user_ids: tuple[str, ...] = ("CU1",)
    now: datetime = NOW

    def __post_init__(self):
        self.query = PaymentQuery(external_user_ids=self.external_user_ids)

    def payments(self, query):
        assert query is self.query
        return self.mirror.payments(query)


def render(mirror, **context):
    tab = payments_tab()
    renderer = Renderer("en_GB", "Europe/London")
    return renderer.fragment(tab.template, tab.load(Context(mirror, **context)))


class Parts(HTMLParser):
    """Checks that tags are balanced, and keeps them and the text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, words = [], [], []
        self.handle_data = words.append
        self.feed(html)
        assert self.open == []
        self.text = " ".join(" ".join(words).split())

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


FULL = Mirror(
    page=PaymentPage(payments=(PAYMENT, FAILED), next_cursor=None),
    all_totals=(TOTAL,),
    all_timelines={"PM1": (CREATED,), "PM2": (CREATED, FAILURE)},
    all_mandates=(MANDATE,),
    all_subscriptions=(SUBSCRIPTION,),
    all_refunds={"PM1": (REFUND,)},
    all_payouts={"PO1": PAYOUT},
)


def test_how_recent_the_mirror_is_and_what_was_proved_come_first():
    shown = Parts(render(FULL)).text
    assert shown.startswith(
        "As of 3 minutes ago (18 Mar 2026, 09:27:00). "
        "Compared with GoCardless 2 hours ago (18 Mar 2026, 07:30:00): no differences. Payments"
    )


@pytest.mark.parametrize(
    ("freshness", "words"),
    [
        (
            Freshness(checked_at=NOW, proved_at=None, differences=None),
            "As of just now (18 Mar 2026, 09:30:00). Not yet compared with GoCardless.",
        ),
        (Freshness(checked_at=NOW, proved_at=NOW, differences=1), "just now (18 Mar 2026, "),
        (Freshness(checked_at=NOW, proved_at=NOW, differences=1), ": 1 difference found."),
        (Freshness(checked_at=NOW, proved_at=NOW, differences=12), ": 12 differences found."),
        (Freshness(checked_at=NOW, proved_at=NOW, differences=None), "result is not known"),
    ],
)
def test_what_was_not_proved_is_said(freshness, words):
    assert words in Parts(render(replace(FULL, freshness=freshness))).text


def test_a_mirror_that_is_old_is_pointed_out():
    def first_class(age):
        freshness = replace(FRESH, checked_at=NOW - age)
        return Parts(render(replace(FULL, freshness=freshness))).tags[0][1]["class"]

    assert first_class(timedelta(hours=23)) == "halo-muted"
    assert first_class(timedelta(hours=25)) == "halo-notice"


def test_before_the_first_fill_has_ended_payments_are_shown_as_gocardless_tells_them():
    unfilled = Freshness(checked_at=None, proved_at=None, differences=None)
    parts = Parts(render(replace(FULL, freshness=unfilled)))
    assert parts.text.startswith("Until GoCardless has been read for the first time")
    assert "2 payments shown" in parts.text
    assert "Mandates" not in parts.text


def test_totals_count_every_payment_and_not_only_those_on_the_page():
    other = CurrencyTotal(
        payments=1,
        amount=Money(amount=500, currency="EUR"),
        collected=Money(amount=500, currency="EUR"),
        failed=Money(amount=0, currency="EUR"),
        refunded=Money(amount=200, currency="EUR"),
    )
    total = replace(TOTAL, payments=9_999)
    shown = Parts(render(replace(FULL, all_totals=(other, total)))).text
    assert "€5.00 in 1 payment Collected €5.00 Failed or charged back €0.00 Refunded €2.00" in shown
    assert "£39.98 in 9999 payments Collected £19.99 Failed or charged back £19.99" in shown
    assert "2 of 10000 payments are on this page." in shown


def test_a_payment_shows_its_status_and_opens_in_gocardless():
    parts = Parts(render(FULL))
    assert "paid out Part of a payout." in parts.text
    links = [attributes for tag, attributes in parts.tags if tag == "a"]
    assert links[0] == {
        "class": "halo-muted",
        "href": f"{DASHBOARD}/payments/PM1",
        "target": "_blank",
        "rel": "noopener noreferrer",
    }
    assert all(link["rel"] == "noopener noreferrer" for link in links)


def test_the_history_of_a_payment_is_told_in_plain_words_with_its_reason():
    parts = Parts(render(FULL))
    assert "History of PM2: failed, 15 Mar 2026, 09:30:00" in parts.text
    assert "created through the API Payment created via the API." in parts.text
    assert "failed by the bank The payer had too little money. (ARUDD-0)" in parts.text
    bad = [tag for tag, attributes in parts.tags if attributes.get("class") == "halo-bad"]
    assert bad == ["dd", "div", "li"]
    assert [tag for tag, _ in parts.tags].count("details") == 2


def test_a_row_begins_with_its_day_and_says_why_the_money_is_not_there():
    shown = Parts(render(FULL)).text
    row = shown.partition("History of PM1")[2].partition("History of PM2")[0]
    assert "9 Mar 2026 PM2" in row
    assert "09:30" not in row.partition("PM2")[0][-30:]
    assert "failed The payer had too little money. Part of a payout." in row
    assert "Late failure" not in shown


def test_a_failure_after_the_money_was_in_is_told_apart():
    late = replace(FAILED, payout_id="PO1")
    paid = replace(CREATED, action="paid_out", cause="payment_paid_out")
    mirror = replace(FULL, page=PaymentPage(payments=(late,)))

    in_payout = Parts(render(mirror)).text
    assert "Late failure: the money had been collected, and was taken back." in in_payout
    assert "arrival 16 Mar 2026 before it failed" in in_payout

    told = replace(
        FULL,
        page=PaymentPage(payments=(FAILED,)),
        all_timelines={"PM2": (CREATED, paid, FAILURE)},
    )
    assert "Late failure" in Parts(render(told)).text


def test_a_payment_that_was_charged_back_says_so_beside_its_payout():
    back = replace(PAYMENT, status="charged_back", state=PaymentState.CHARGED_BACK)
    shown = Parts(render(replace(FULL, page=PaymentPage(payments=(back,))))).text
    assert "before it was charged back" in shown
    assert "Late failure" not in shown


def test_an_event_without_a_sentence_shows_its_cause():
    bare = replace(FAILURE, text="", origin="somebody", reason_code="")
    parts = Parts(render(replace(FULL, all_timelines={"PM1": (bare,)})))
    assert "failed insufficient funds" in parts.text


def test_a_payment_without_a_history_still_tells_its_mandate():
    shown = Parts(render(replace(FULL, all_timelines={}))).text
    assert "More about PM2 On the mandate MD1." in shown


def test_refunds_stand_with_their_payment():
    shown = Parts(render(FULL)).text
    assert "; 1 refund" in shown
    assert (
        "Refund of £5.00, 16 Mar 2026, 09:30:00, R-1 bounced "
        "RF1: It did not reach the payer's bank account."
    ) in shown


def test_the_payout_tells_whether_and_when_the_money_arrives():
    parts = Parts(render(FULL))
    assert "paid arrival 16 Mar 2026" in parts.text
    assert (
        "Part of the payout PO1 of £1,000.00, on your bank statement as KMS-PO1. "
        "Sent to your bank account."
    ) in parts.text
    assert {"href": f"{DASHBOARD}/payouts/PO1"}.items() <= next(
        attributes.items()
        for tag, attributes in parts.tags
        if tag == "a" and "payouts" in attributes["href"]
    )
    assert "PO1" in Parts(render(replace(FULL, all_payouts={}))).text


def test_mandates_tell_when_they_can_next_be_charged():
    shown = Parts(render(FULL)).text
    assert "MD1 active Payments can be collected. 23 Mar 2026 bacs KMS-1" in shown

    gone = replace(
        MANDATE,
        status="cancelled",
        state=MandateState.CANCELLED,
        replaced_by="MD2",
        next_charge_date=None,
        url=None,
    )
    shown = Parts(render(replace(FULL, all_mandates=(gone,)))).text
    assert "Replaced by MD2. – bacs" in shown
    assert "nothing can be collected" in Parts(render(replace(FULL, all_mandates=()))).text


def test_subscriptions_tell_how_much_and_how_often():
    shown = Parts(render(FULL)).text
    assert "SB1 £45.00 1 month active" in shown
    assert "1 Apr 2026 Gold plan" in shown
    assert "Subscriptions" not in Parts(render(replace(FULL, all_subscriptions=()))).text


def test_a_user_without_payments_may_still_have_a_mandate():
    empty = Mirror(page=PaymentPage(payments=()), all_mandates=(MANDATE,))
    shown = Parts(render(empty)).text
    assert "No GoCardless payments to show for this user." in shown
    assert "Payments can be collected." in shown


def test_a_user_without_a_link_gets_one_sentence():
    shown = Parts(render(Mirror(page=PaymentPage(payments=())), external_user_ids=())).text
    assert shown.startswith("This user is not linked to a GoCardless customer")
    assert "Mandates" not in shown


def test_fields_that_are_absent_leave_a_dash():
    bare = replace(
        PAYMENT,
        id="PM0",
        created_at=None,
        charge_date=None,
        description=None,
        reference=None,
        mandate_id=None,
        payout_id=None,
    )
    mandate = replace(MANDATE, created_at=None, next_charge_date=None, scheme="", reference="")
    payout = replace(PAYOUT, url=None, arrives_on=None, reference="")
    mirror = Mirror(
        page=PaymentPage(payments=(bare, PAYMENT)),
        all_mandates=(mandate,),
        all_subscriptions=(replace(SUBSCRIPTION, every="", name="", next_charge_date=None),),
        all_refunds={"PM1": (replace(REFUND, created_at=None, reference=""),)},
        all_payouts={"PO1": payout},
    )
    html = render(mirror)
    assert "None" not in html
    assert Parts(html).text.count("–") == 11
    assert html.count("<details>") == 1


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "\"><img src=x onerror=alert('x')>", "{{ 7 * 7 }}", "]]>&#x27;"],
)
def test_hostile_words_stay_words(hostile):
    words = {"id": hostile, "status": hostile, "reference": hostile, "url": hostile}
    payment = replace(PAYMENT, **words, description=hostile)
    entry = replace(
        FAILURE, action=hostile, origin=hostile, cause=hostile, text=hostile, reason_code=hostile
    )
    mirror = Mirror(
        page=PaymentPage(payments=(payment,)),
        all_timelines={hostile: (entry,)},
        all_mandates=(replace(MANDATE, **words, scheme=hostile, replaced_by=hostile),),
        all_subscriptions=(
            replace(SUBSCRIPTION, id=hostile, status=hostile, name=hostile, every=hostile),
        ),
        all_refunds={hostile: (replace(REFUND, id=hostile, status=hostile, reference=hostile),)},
        all_payouts={"PO1": replace(PAYOUT, **words)},
    )
    parts = Parts(render(mirror))
    assert {tag for tag, _ in parts.tags} <= set(
        "p h2 h3 ul ol li dl dt dd table caption thead tbody tr th td a span div details summary "
        "strong svg g title line rect text".split()
    )
    assert not any(name.startswith("on") for _, names in parts.tags for name in names)
    assert "49" not in parts.text


def test_the_whole_page_brings_no_script_and_no_inline_style():
    renderer = Renderer("en_GB", "Europe/London")
    user = User(
        id=1, name="Ada", given_name=None, family_name=None, email=None, customer="C", site="S"
    )
    html = renderer.page(user, "GoCardless", "GoCardless Payments", render(FULL))
    assert "<script" not in html
    assert " style=" not in html
    assert "halo-timeline" in html


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(minutes=119), "1 hour ago"),
        (timedelta(hours=47), "1 day ago"),
        (timedelta(days=1200), "1,200 days ago"),
    ],
)
def test_ages_are_told_in_whole_units(age, words):
    assert ago(age) == words
