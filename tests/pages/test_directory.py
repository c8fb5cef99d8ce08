"""Customers, sites and users as pages show them."""

from __future__ import annotations

import pytest
from support.acme import AGENT, CONNECTION, Desk
from support.pages import Visitor, mistakes

from halo_host.alerts.raising import NewAlert, raise_alerts
from halo_host.host import Host


@pytest.fixture
def ada(desk: Desk) -> int:
    return desk.add_user(
        "Warehouse", given_name="Ada", family_name="Palmer", email="ada@acme.example", phone="12345"
    )


def rows(text: str) -> list[str]:
    """The names in a list, in its order."""
    return [
        part.split(">", 1)[1].split("</a>")[0]
        for part in text.split('class="person-name"')[1:]
        if "</a>" in part
    ]


def alarm(host: Host, payer: str, text: str = "A payment of £12.00 went back.") -> None:
    with host.database.write() as connection:
        number = host.connections.get(CONNECTION).id
        key = f"chargeback:{payer}"
        new = NewAlert(number, "chargeback", key, text, payer, host.clock())
        raise_alerts(connection, [new])


# --- lists ------------------------------------------------------------------------------------


def test_users_are_listed_by_name_with_where_they_belong(
    viewer: Visitor, desk: Desk, ada: int
) -> None:
    desk.add_user("Head office", given_name="Zoe", family_name="Adams")
    desk.add_user("Head office", company="Middle Ltd")

    text = viewer.get("/users").text

    assert rows(text) == ["Ada Palmer", "Middle Ltd", "Zoe Adams"]
    assert "ada@acme.example" in text
    assert f'href="/customers/{desk.acme.id}"' in text
    assert rows(viewer.get("/users?sort=-name").text) == ["Zoe Adams", "Middle Ltd", "Ada Palmer"]


@pytest.mark.parametrize("asked", ["pal", "PALMER ada", "ada@acme", "12345"])
def test_a_search_narrows_the_list_down_as_one_types(
    viewer: Visitor, desk: Desk, ada: int, asked: str
) -> None:
    desk.add_user("Head office", given_name="Zoe")

    answer = viewer.htmx(f"/users?q={asked}")

    assert rows(answer.text) == ["Ada Palmer"]
    assert "<html" not in answer.text


def test_a_long_list_has_pages_and_keeps_search_and_order(viewer: Visitor, desk: Desk) -> None:
    for number in range(120):
        desk.add_user("Head office", given_name=f"Robot {number:03}")

    first = viewer.get("/users?q=robot&sort=-name").text
    assert "1–50 of 120" in first
    assert 'href="/users?q=robot&amp;sort=-name&amp;page=2"' in first
    last = viewer.get("/users?q=robot&sort=-name&page=99").text
    assert "101–120 of 120" in last
    assert rows(last)[-1] == "Robot 000"


def test_customers_are_listed_with_how_much_they_have(
    viewer: Visitor, desk: Desk, ada: int
) -> None:
    text = viewer.get("/customers?q=acme").text

    assert rows(text) == ["Acme Ltd"]
    assert 'data-label="Sites" class="text-end">2<' in text
    assert 'data-label="Users" class="text-end">1<' in text
    assert rows(viewer.get("/customers?sort=-name").text) == ["Unsorted", "Acme Ltd"]


def test_nonsense_in_the_address_shows_the_usual_list(viewer: Visitor, ada: int) -> None:
    for query in ("?sort=nothing", "?page=-3", "?page=x", "?q=%00%25_%5C", "?sort=name&sort=x"):
        assert viewer.get(f"/users{query}").status_code == 200
        assert viewer.get(f"/customers{query}").status_code == 200


# --- one of them ------------------------------------------------------------------------------


def test_a_customer_leads_to_sites_and_those_to_users(
    viewer: Visitor, desk: Desk, ada: int
) -> None:
    base = f"/customers/{desk.acme.id}"
    customer = viewer.get(base).text
    assert rows(customer) == ["Head office", "Warehouse"]
    assert customer.count("Invoice site</span>") == 1
    warehouse = f"{base}/sites/{desk.site('Warehouse')}"
    assert warehouse in customer

    site = viewer.get(warehouse).text
    assert rows(site) == ["Ada Palmer"]
    assert rows(viewer.get(f"{base}/users").text) == ["Ada Palmer"]

    user = viewer.get(f"/users/{ada}").text
    for address in ("/customers", base, warehouse):
        assert f'<li class="breadcrumb-item"><a href="{address}">' in user
    assert "ada@acme.example" in user


def test_a_user_has_a_ribbon_with_the_tabs_of_plugins(viewer: Visitor, ada: int) -> None:
    text = viewer.get(f"/users/{ada}").text

    assert f'href="/users/{ada}/tabs/{CONNECTION}/' in text
    for each in ("Details", "Custom Fields", "Activity"):
        assert f"<span>{each}</span>" in text
    assert 'aria-current="page"' in text


def test_who_is_not_there_is_not_found(viewer: Visitor, desk: Desk) -> None:
    desk.host.directory.add_customer("By reference", reference="4711", agent=AGENT)
    other = desk.default_site.id
    for path in (
        "/users/99",
        "/users/99/activity",
        "/users/99/custom-fields",
        "/customers/4711",
        f"/customers/{desk.acme.id}/sites/{other}",
        "/customers/99999999999999999999",
    ):
        assert viewer.get(path).status_code == 404, path


def test_every_page_of_the_directory_is_sound_html(
    administrator: Visitor, desk: Desk, ada: int
) -> None:
    desk.run({"id": "P1", "given_name": "Bea", "family_name": "Marsh", "company": "Acme Ltd"})
    alarm(desk.host, "P1")
    desk.host.directory.add_custom_field("Manager", agent=AGENT)
    customer, site = desk.acme.id, desk.site("Warehouse")
    bea = desk.user_of("P1")
    paths = [
        f"/customers/{customer}{rest}"
        for rest in ("", "/users", "/activity", "/edit", "/sites/new")
    ]
    paths += [f"/customers/{customer}/sites/{site}", f"/customers/{customer}/sites/{site}/edit"]
    paths += [
        f"/users/{bea}{rest}"
        for rest in ("", "/edit", "/move", "/activity", "/custom-fields", "/custom-fields/edit")
    ]
    paths += ["/users", "/customers", f"/users/new?site={site}", "/search?q=acme"]

    found = {path: mistakes(viewer_text(administrator, path)) for path in paths}

    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def viewer_text(visitor: Visitor, path: str) -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200, path
    return answer.text


def test_a_user_shows_what_was_done_with_them(viewer: Visitor, desk: Desk, ada: int) -> None:
    desk.edit(ada, phone="67890")

    text = viewer.get(f"/users/{ada}/activity").text

    assert "User added" in text
    assert "<del>12345</del>" in text
    assert "<ins>67890</ins>" in text
    assert AGENT in text


# --- alerts -----------------------------------------------------------------------------------


def test_money_that_went_back_is_loud_until_somebody_acknowledges_it(
    operator: Visitor, desk: Desk
) -> None:
    desk.run({"id": "P1", "given_name": "Bea", "family_name": "Marsh", "company": "Acme Ltd"})
    bea = desk.user_of("P1")
    customer = desk.host.directory.user(bea).customer_id
    alarm(desk.host, "P1")

    pages = [f"/users/{bea}", f"/customers/{customer}"]
    for path in pages:
        text = operator.get(path).text
        assert "A payment of £12.00 went back." in text
        assert "Acknowledge</button>" in text
    for path in ("/users", "/customers"):
        assert "Money went back" in operator.get(path).text

    (alert,) = desk.host.alerts.of_user(bea)
    answer = operator.post(f"/alerts/{alert.id}/acknowledge", {"back": pages[0]})

    assert answer.headers["Location"] == pages[0]
    assert desk.host.alerts.get(alert.id).acknowledged_by == "Operator Jones"
    for path in (*pages, "/users", "/customers"):
        assert "went back" not in operator.get(path).text
    again = operator.post(f"/alerts/{alert.id}/acknowledge", {"back": pages[0]})
    assert again.status_code == 422


def test_an_alert_leads_to_no_other_host(operator: Visitor, desk: Desk) -> None:
    desk.run({"id": "P1", "given_name": "Bea", "family_name": "Marsh", "company": "Acme Ltd"})
    alarm(desk.host, "P1")
    (alert,) = desk.host.alerts.list()

    answer = operator.post(f"/alerts/{alert.id}/acknowledge", {"back": "https://evil.example/"})

    assert answer.headers["Location"].startswith("/")
    assert "evil" not in answer.headers["Location"]


def test_a_viewer_sees_no_buttons_that_change_something(
    viewer: Visitor, desk: Desk, ada: int
) -> None:
    desk.run({"id": "P1", "given_name": "Bea", "family_name": "Marsh", "company": "Acme Ltd"})
    alarm(desk.host, "P1")
    for path in (
        "/users",
        "/customers",
        f"/users/{desk.user_of('P1')}",
        f"/customers/{desk.acme.id}",
        f"/customers/{desk.acme.id}/sites/{desk.site('Warehouse')}",
    ):
        text = viewer.get(path).text.split("<main")[1]
        assert "/edit" not in text, path
        assert "/new" not in text, path
        assert 'method="post"' not in text, path
