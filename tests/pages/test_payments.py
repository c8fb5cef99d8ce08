"""Payments of all users: what went wrong on top, filters, charts, files, one payment in full."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from support.acme import AGENT, Desk
from support.mirror import Mirror
from support.pages import Visitor, mistakes

from halo_host.alerts.raising import NewAlert, raise_alerts
from halo_host.host import Host
from halo_host.payments.listing import ListedPayment
from halo_host.web.payments.downloads import csv_download

MIRRORED = Path(__file__).parents[1] / "payments" / "installed"
PARTS = ("failures", "totals", "charts")


@pytest.fixture
def acme_pay(acme_pay: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mirrored Pay is installed, too."""
    monkeypatch.syspath_prepend(MIRRORED)


@pytest.fixture
def bank(desk: Desk) -> Mirror:
    """Ann of Acme Ltd pays; somebody without a user pays, too."""
    desk.host.connections.enable("mirrored-pay", {}, slug="bank", agent=AGENT)
    mirror = Mirror(desk.host, "bank")
    mirror.filled()
    ann = desk.add_user("Acme Ltd/Warehouse", given_name="Ann", family_name="Archer")
    mirror.link("CU1", ann)
    mirror.payer("CU2", "Somebody <b>Else</b>")
    mirror.payout("PO1", arrives_on=date(2026, 1, 9))
    mirror.mandate("MD1", reference="KMS-1")
    mirror.payment(
        "PM1",
        amount=123_456,
        charge_date=date(2026, 1, 5),
        description="<i>Support</i>",
        payout_id="PO1",
        mandate_id="MD1",
        raw={"id": "PM1", "metadata": {"note": "</pre><script>1</script>"}},
    )
    mirror.payment("PM2", amount=99, status="failed", charge_date=date(2026, 2, 27))
    mirror.payment("PM3", "CU2", amount=5_000, currency="EUR", charge_date=date(2026, 2, 1))
    mirror.event("PM1", "created", text="It was made.")
    mirror.failure("PM2", "insufficient_funds", datetime(2026, 2, 27, tzinfo=UTC), "R01")
    mirror.refund("RF1", "PM1", amount=456)
    return mirror


def alarm(host: Host, payment: str = "PM2", kind: str = "late_failure") -> int:
    with host.database.write() as connection:
        number = host.connections.get("bank").id
        key = f"{kind}:{payment}"
        text = f"The payment {payment} failed after it was paid out."
        raise_alerts(connection, [NewAlert(number, kind, key, text, "CU1", host.clock())])
    return host.alerts.list()[0].id


def listed(text: str) -> list[str]:
    return [it.split("</a>")[0] for it in text.split('href="/payments/bank/')[1:]]


def shown(visitor: Visitor, query: str = "") -> list[str]:
    """The ids in the list, in its order."""
    return [it.rpartition(">")[2] for it in listed(visitor.htmx(f"/payments{query}").text)]


def test_payments_are_listed_with_whose_they_are_and_why_they_failed(
    viewer: Visitor, bank: Mirror
) -> None:
    text = viewer.get("/payments").text

    assert mistakes(text) == []
    assert shown(viewer) == ["PM3", "PM2", "PM1"]
    for part in ("£1,234.56", "€50.00", "Ann Archer", "Acme Ltd", "£0.99", "held too little"):
        assert part in text
    assert "Somebody &lt;b&gt;Else&lt;/b&gt;" in text
    assert "&lt;i&gt;Support&lt;/i&gt;" in text
    assert 'data-open="https://pay.example/payments/PM1"' in text
    assert 'rel="noopener noreferrer"' in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?status=failed", ["PM2"]),
        ("?from=2026-02-01", ["PM3", "PM2"]),
        ("?to=2026-01-31", ["PM1"]),
        ("?reason=insufficient_funds", ["PM2"]),
        ("?unlinked=1", ["PM3"]),
        ("?connection=bank&sort=-amount", ["PM1", "PM3", "PM2"]),
        ("?sort=amount", ["PM2", "PM3", "PM1"]),
        ("?sort=created", ["PM1", "PM2", "PM3"]),
        ("?sort=nonsense", ["PM3", "PM2", "PM1"]),
        ("?status=cancelled", []),
    ],
)
def test_the_list_is_narrowed_down_and_sorted(
    viewer: Visitor, bank: Mirror, query: str, found: list[str]
) -> None:
    assert shown(viewer, query) == found


def test_the_list_is_narrowed_down_to_a_customer(viewer: Visitor, desk: Desk, bank: Mirror) -> None:
    assert shown(viewer, f"?customer={desk.acme.id}") == ["PM2", "PM1"]
    text = viewer.get(f"/payments?customer={desk.acme.id}").text
    assert 'value="Acme Ltd"' in text
    assert mistakes(text) == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?from=soon", "“soon” is no day"),
        ("?from=2026-02-02&to=2026-02-01", "No day lies between"),
        ("?customer=4711", "4711"),
        ("?connection=nowhere", "no connection nowhere"),
        ("?after=nonsense", "next page does not belong"),
    ],
)
def test_a_filter_that_makes_no_sense_is_told_in_the_lists_place(
    viewer: Visitor, bank: Mirror, query: str, words: str
) -> None:
    answer = viewer.get(f"/payments{query}")

    assert answer.status_code == 200
    assert words in answer.text
    assert "Show all payments" in answer.text


def test_a_hundred_payments_go_on_from_page_to_page(viewer: Visitor, bank: Mirror) -> None:
    for number in range(60):
        bank.payment(f"PX{number}")

    first = viewer.get("/payments").text
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]

    assert len(listed(viewer.htmx("/payments").text)) == 50
    rest = viewer.htmx(following.replace("&amp;", "&")).text
    assert len(listed(rest)) == 13
    assert 'rel="next"' not in rest


def test_failures_of_the_last_days_stand_on_top(viewer: Visitor, bank: Mirror) -> None:
    bank.payment("PM4", amount=77, status="failed")
    bank.failure("PM4", "bank_account_closed", datetime(2026, 2, 20, tzinfo=UTC))
    page = viewer.get("/payments").text
    assert page.index('hx-get="/payments/failures"') < page.index('id="rows"')

    part = viewer.htmx("/payments/failures").text
    assert "Failed in the last 7 days" in part
    assert "£0.99" in part
    assert "held too little money" in part
    assert "£0.77" not in part


def test_without_failures_all_is_quiet(viewer: Visitor, desk: Desk) -> None:
    assert "All quiet" in viewer.htmx("/payments/failures").text


def test_charts_are_drawn_by_the_server(viewer: Visitor, bank: Mirror) -> None:
    part = viewer.htmx("/payments/charts").text

    assert "Feb 2026 €50.00" in part
    assert "And £1,234.56 in other currencies." in part
    assert "Insufficient funds" in part
    assert "4 days" in part
    assert "<svg" in part
    assert "style=" not in part
    assert "<script" not in part


def test_reasons_count_the_failures_of_every_currency(viewer: Visitor, bank: Mirror) -> None:
    bank.payment("PM5", "CU2", amount=700, currency="EUR", status="failed")
    bank.failure("PM5", "insufficient_funds", datetime(2026, 2, 27, tzinfo=UTC))
    for number in range(9):
        bank.payment(f"PR{number}", amount=100, status="failed")
        bank.failure(f"PR{number}", f"reason_{number}", datetime(2026, 2, 20, tzinfo=UTC))

    part = viewer.htmx("/payments/charts").text

    assert "2 · €7.00" in part
    assert "and £0.99" in part
    assert "And 2 payments for other reasons." in part


def test_sums_are_of_all_that_the_filter_finds(viewer: Visitor, bank: Mirror) -> None:
    assert "£1,235.55</strong> in 2 payments" in viewer.htmx("/payments/totals").text
    assert "£0.99</strong> in 1 payment:" in viewer.htmx("/payments/totals?status=failed").text


@pytest.mark.parametrize("part", PARTS)
def test_parts_are_pages_of_their_own_too(viewer: Visitor, bank: Mirror, part: str) -> None:
    answer = viewer.get(f"/payments/{part}")

    assert answer.status_code == 200
    assert mistakes(answer.text) == []


@pytest.mark.parametrize("part", PARTS)
def test_without_payments_every_part_says_so(viewer: Visitor, desk: Desk, part: str) -> None:
    assert viewer.htmx(f"/payments/{part}").status_code == 200
    assert "No payments yet" in viewer.get("/payments").text


def test_all_that_the_filter_finds_is_downloaded(viewer: Visitor, bank: Mirror) -> None:
    answer = viewer.get("/payments.csv?sort=-amount")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [it["payment"] for it in rows] == ["PM1", "PM3", "PM2"]
    assert rows[0]["amount"] == "1234.56"
    assert viewer.get("/payments.csv?from=soon").status_code == 422


def test_rows_of_several_providers_each_say_whose_they_are(viewer: Visitor, bank: Mirror) -> None:
    row = 'data-open="https://pay.example/payments/PM1" data-provider="Mirrored Pay"'

    assert row in viewer.htmx("/payments").text


def test_the_button_for_the_file_follows_the_filters(viewer: Visitor, bank: Mirror) -> None:
    assert viewer.get("/payments").text.count('id="csv"') == 1

    part = viewer.htmx("/payments?status=failed&sort=amount").text

    assert 'id="csv" hx-swap-oob="true" href="/payments.csv?status=failed&amp;sort=amount"' in part
    rows = list(csv.DictReader(io.StringIO(viewer.get("/payments.csv?status=failed").text)))
    assert [it["payment"] for it in rows] == ["PM2"]


def test_all_that_failed_lately_are_those_of_the_card(viewer: Visitor, bank: Mirror) -> None:
    """Whatever has become of them: the list of a status would leave some out."""
    for number, status in enumerate(("charged_back", "failed", "paid_out") * 2):
        bank.payment(f"PF{number}", status=status)
        bank.failure(f"PF{number}", "bank_account_closed", datetime(2026, 2, 28, tzinfo=UTC))
    bank.payment("PM4", status="failed")
    bank.failure("PM4", "bank_account_closed", datetime(2026, 1, 20, tzinfo=UTC))

    card = viewer.htmx("/payments/failures").text
    assert ">7 payments<" in card
    assert '<a href="/payments?failed=7">All 7 that failed in the last 7 days</a>' in card
    assert sorted(shown(viewer, "?failed=7")) == ["PF0", "PF1", "PF2", "PF3", "PF4", "PF5", "PM2"]
    assert "in 7 payments" in viewer.htmx("/payments/totals?failed=7").text
    assert sorted(shown(viewer, "?failed=365&reason=insufficient_funds")) == ["PM2"]
    assert "PM4" in shown(viewer, "?failed=365")
    assert "is no number of days" in viewer.get("/payments?failed=soon").text


def test_a_file_begins_before_all_payments_are_read(host: Host, bank: Mirror) -> None:
    read = []

    def many() -> Iterator[ListedPayment]:
        (listed, *_) = host.payments.list().payments
        for number in range(100_000):
            read.append(number)
            yield listed

    parts = iter(csv_download(many(), "all").response)

    assert str(next(parts)).startswith("connection,payment,")
    assert 0 < len(read) < 1_000


# --- loud until acknowledged ------------------------------------------------------------------


def test_late_failures_and_chargebacks_are_loud_until_acknowledged(
    viewer: Visitor, operator: Visitor, host: Host, bank: Mirror
) -> None:
    alarm(host, kind="chargeback")
    number = alarm(host)
    said = "The payment PM2 failed after it was paid out."
    places = ("/payments", "/payments/bank/PM2", "/users/1/tabs/bank/mirror")

    for place in places:
        text = viewer.get(place).text
        assert said in text, place
        assert 'role="alert"' in text
        assert "/acknowledge" not in text
    assert "Late failure" in viewer.get("/payments").text
    assert "Chargeback" in viewer.get("/payments").text
    assert 'href="/payments/bank/PM2"' in viewer.get("/payments").text
    assert said not in viewer.get("/payments/bank/PM1").text

    assert f"/alerts/{number}/acknowledge" in operator.get("/payments").text
    operator.post(f"/alerts/{number}/acknowledge", {"back": "/payments"})
    assert "Late failure" not in viewer.get("/payments").text
    assert "Chargeback" in viewer.get("/payments").text


def test_many_alerts_leave_room_for_the_page(viewer: Visitor, host: Host, bank: Mirror) -> None:
    for number in range(5):
        alarm(host, f"PM{number}")

    text = viewer.get("/payments").text

    assert "2 more that nobody has acknowledged" in text
    assert mistakes(text) == []


# --- one payment ------------------------------------------------------------------------------


def test_a_payment_shows_everything_around_it(
    viewer: Visitor, operator: Visitor, bank: Mirror
) -> None:
    text = viewer.get("/payments/bank/PM1").text

    assert mistakes(text) == []
    for part in (
        "£1,234.56",
        "It went out to your bank.",
        "It was made.",
        "KMS-1",
        "£4.56",
        "Ann Archer",
        "9 Jan 2026",
        "https://pay.example/payments/PM1",
        "https://pay.example/mandates/MD1",
    ):
        assert part in text
    assert "As the provider sent it" not in text
    raw = operator.get("/payments/bank/PM1").text
    assert "&lt;/pre&gt;&lt;script&gt;1" in raw
    assert "<script>1" not in raw


def test_a_failure_says_why(viewer: Visitor, bank: Mirror) -> None:
    text = viewer.get("/payments/bank/PM2").text

    assert "held too little money" in text
    assert "(R01)" in text
    assert 'class="halo-bad"' in text


def test_a_payment_that_is_not_there_is_not_found(viewer: Visitor, bank: Mirror) -> None:
    for path in ("/payments/bank/PM9", "/payments/nowhere/PM1", "/payments/bank/..%2f..%2fetc"):
        assert viewer.get(path).status_code == 404
