"""Adding, editing and moving in the directory: what is kept, what is refused, what is noted."""

from __future__ import annotations

import pytest
from support.acme import AGENT, CONNECTION, Desk
from support.mirror import Mirror
from support.pages import Visitor, mistakes

from halo_host import audit
from halo_host.connections.matching import Policy
from halo_host.host import Host


def newest(host: Host) -> tuple[str, str]:
    entry = audit.entries(host.database, limit=1)[0]
    return entry.agent, entry.action


def test_an_operator_adds_a_customer_a_site_and_a_user(operator: Visitor, desk: Desk) -> None:
    host = desk.host
    added = operator.post(
        "/customers/new", {"name": "Brightwater", "reference": "B-7", "site": "Clinic"}
    )
    customer = host.directory.customer("B-7")
    assert added.headers["Location"] == f"/customers/{customer.id}"
    assert [it.name for it in host.directory.sites(customer.id)] == ["Clinic"]

    operator.post(
        f"/customers/{customer.id}/sites/new", {"name": "Laboratory", "invoice_site": "1"}
    )
    site = host.directory.site("Brightwater/Laboratory")
    assert site.is_invoice_site

    answer = operator.post(
        "/users/new", {"site": str(site.id), "given_name": "Ada", "email": "ada@b.example"}
    )
    user = host.directory.user("ada@b.example")
    assert answer.headers["Location"] == f"/users/{user.id}"
    assert user.site_id == site.id
    assert newest(host) == ("Operator Jones", "user.added")


def test_a_refused_form_says_why_and_keeps_what_was_typed(operator: Visitor, desk: Desk) -> None:
    answer = operator.post("/customers/new", {"name": "ACME ltd", "reference": "", "site": "Main"})
    assert answer.status_code == 422
    assert "There is a customer" in answer.text
    assert 'value="ACME ltd"' in answer.text

    missing = operator.post("/customers/new", {"name": " ", "site": "Main"})
    assert missing.status_code == 422
    assert "Name is needed." in missing.text

    for site in ("", "99", "x", "²"):
        nowhere = operator.post("/users/new", {"site": site, "given_name": "Ada"})
        assert nowhere.status_code == 422
        assert "Choose the site" in nowhere.text
        assert 'value="Ada"' in nowhere.text
    empty = operator.post("/users/new", {"site": str(desk.default_site.id)})
    assert empty.status_code == 422
    assert "needs a name" in empty.text


def test_a_user_is_edited_and_a_value_taken_away(operator: Visitor, desk: Desk) -> None:
    user = desk.add_user("Warehouse", given_name="Ada", phone="1", email="ada@acme.example")

    operator.post(f"/users/{user}/edit", {"given_name": "Adah", "email": "ada@acme.example"})

    changed = desk.host.directory.user(user)
    assert (changed.given_name, changed.phone) == ("Adah", "")
    (entry, *_) = audit.entries(desk.host.database, limit=1)
    assert entry.before == {"given_name": "Ada", "phone": "1"}
    assert entry.agent == "Operator Jones"


def test_a_user_moves_to_another_site(operator: Visitor, desk: Desk) -> None:
    user = desk.add_user("Warehouse", given_name="Ada")
    assert "Acme Ltd / Warehouse" in operator.get(f"/users/{user}/move").text

    nowhere = operator.post(f"/users/{user}/move", {"site": "", "q": "Head"})
    assert nowhere.status_code == 422
    assert "Choose the site from the list." in nowhere.text
    moved = operator.post(f"/users/{user}/move", {"site": str(desk.default_site.id)})

    assert moved.headers["Location"] == f"/users/{user}"
    assert desk.host.directory.user(user).site_id == desk.default_site.id


def test_a_customer_and_a_site_are_edited(operator: Visitor, desk: Desk) -> None:
    customer, site = desk.acme.id, desk.site("Warehouse")
    operator.post(f"/customers/{customer}/edit", {"name": "Acme plc", "reference": "A1"})
    assert desk.host.directory.customer("A1").name == "Acme plc"

    url = f"/customers/{customer}/sites/{site}"
    operator.post(f"{url}/edit", {"name": "Depot"})
    assert desk.host.directory.site("Depot").id == site
    clash = operator.post(f"{url}/edit", {"name": "Head office"})
    assert clash.status_code == 422

    operator.post(f"{url}/invoice", {"back": url})
    assert desk.host.directory.site("Depot").is_invoice_site
    assert "Make invoice site" not in operator.get(url).text


def test_custom_fields_of_a_user_are_looked_at_and_edited(operator: Visitor, desk: Desk) -> None:
    directory = desk.host.directory
    user = desk.add_user("Warehouse", given_name="Ada")
    assert "no custom fields yet" in operator.get(f"/users/{user}/custom-fields").text
    text = directory.add_custom_field("Manager", agent=AGENT)
    date = directory.add_custom_field("Ends", type="date", agent=AGENT)
    yes = directory.add_custom_field("Remote", type="checkbox", agent=AGENT)
    url = f"/users/{user}/custom-fields"

    wrong = operator.post(
        f"{url}/edit", {f"custom-{text.id}": "Olive", f"custom-{date.id}": "soon"}
    )
    assert wrong.status_code == 422
    assert 'value="Olive"' in wrong.text
    sent = {f"custom-{text.id}": "Olive", f"custom-{date.id}": "2027-01-31"}
    operator.post(f"{url}/edit", sent | {f"custom-{yes.id}": "yes"})

    assert directory.values(user) == {"Manager": "Olive", "Ends": "2027-01-31", "Remote": "yes"}
    shown = operator.get(url).text
    assert "Olive" in shown
    assert ">Yes<" in shown


def test_an_administrator_adds_custom_fields(administrator: Visitor, desk: Desk) -> None:
    url = "/configuration/custom-fields"
    sent = {"entity": "user", "name": "Manager", "type": "text"}
    assert administrator.post(f"{url}/new", sent).headers["Location"] == url
    administrator.post(f"{url}/new", {"entity": "site", "name": "Alarm", "type": "memo"})

    text = administrator.get(url).text
    assert "Manager" in text
    assert "Can be mapped" in text
    only_sites = administrator.htmx(f"{url}?entity=site").text
    assert "Alarm" in only_sites
    assert "Manager" not in only_sites
    again = administrator.post(f"{url}/new", sent)
    assert again.status_code == 422
    assert "already" in again.text
    odd = administrator.post(f"{url}/new", {"entity": "ticket", "name": "X", "type": "text"})
    assert odd.status_code == 422


def test_viewers_read_the_custom_fields_and_change_none(
    viewer: Visitor, desk: Desk, administrator: Visitor
) -> None:
    field = desk.host.directory.add_custom_field("Manager", agent=AGENT).id
    url = "/configuration/custom-fields"

    text = viewer.get(url).text
    assert "Manager" in text
    assert "/new" not in text
    assert "Rename" not in text
    assert f'href="{url}"' in viewer.get("/configuration").text
    assert "/configuration/agents" not in viewer.get("/configuration").text
    assert "/configuration/agents" in administrator.get("/configuration").text
    for path in ("new", f"{field}/edit", f"{field}/delete"):
        assert viewer.post(f"{url}/{path}", {"name": "X"}).status_code == 403


def test_a_custom_field_says_what_fills_it_is_renamed_and_deleted(
    operator: Visitor, desk: Desk
) -> None:
    directory, connections = desk.host.directory, desk.host.connections
    field = directory.add_custom_field("Brnch", agent=AGENT).id
    directory.add_custom_field("Manager", agent=AGENT)
    connections.map_field(CONNECTION, "office", str(field), Policy.KEEP, agent=AGENT)
    url = "/configuration/custom-fields"
    page = operator.get(url).text
    assert mistakes(page) == []
    assert page.count("Can be mapped") == 1
    assert "<code>office</code>" in page

    clash = operator.post(f"{url}/{field}/edit", {"name": "Manager"})
    assert clash.status_code == 422
    assert "There is a custom field “Manager” already" in clash.text
    operator.post(f"{url}/{field}/edit", {"name": "Branch", "seen-name": "Brnch"})
    assert connections.mappings(CONNECTION)[0].custom_field_name == "Branch"
    assert newest(desk.host) == ("Operator Jones", "custom-field.renamed")

    operator.post(f"{url}/{field}/delete")
    refused = operator.get(url).text
    assert "office of Acme Pay fills it" in refused
    assert "Integrations &gt; Acme Pay &gt; Field mappings" in refused
    connections.unmap_field(CONNECTION, "Branch", agent=AGENT)
    operator.post(f"{url}/{field}/delete")
    assert "Branch was deleted." in operator.get(url).text
    assert newest(desk.host) == ("Operator Jones", "custom-field.deleted")
    for change in (
        lambda: operator.get(f"{url}/{field}/edit"),
        lambda: operator.post(f"{url}/{field}/edit", {"name": "Office"}),
        lambda: operator.post(f"{url}/{field}/delete"),
    ):  # in a window that was opened before
        gone = change()
        assert (gone.status_code, gone.headers["Location"]) == (303, url)
        assert f"There is no custom field “{field}”." in operator.get(url).text


@pytest.mark.parametrize("what", ["customer", "site", "user"])
def test_a_name_that_is_too_long_is_refused_and_a_longer_one_that_is_there_may_stay(
    operator: Visitor, desk: Desk, what: str
) -> None:
    directory, long = desk.host.directory, "Llanfair " * 50
    customer = directory.add_customer(long, site_names=(long,), agent=AGENT)
    site = directory.sites(customer.id)[0]
    user = directory.add_user(site.id, {"given_name": long, "phone": "1"}, agent=AGENT)
    url, name, more = {
        "customer": (f"/customers/{customer.id}", "name", "reference"),
        "site": (f"/customers/{customer.id}/sites/{site.id}", "name", "invoice_site"),
        "user": (f"/users/{user.id}", "given_name", "phone"),
    }[what]

    longer = operator.post(f"{url}/edit", {name: long + "again"})
    assert longer.status_code == 422
    assert "has 455 characters; at most 200 fit." in longer.text
    kept = operator.post(f"{url}/edit", {name: long, more: "7"})
    assert kept.status_code == 303
    assert operator.post(f"{url}/edit", {name: "Short", more: "7"}).status_code == 303
    new = operator.post("/customers/new", {"name": long, "site": "Main"})
    assert new.status_code == 422


@pytest.mark.parametrize(
    ("path", "asked", "found"),
    [
        ("/pickers/customers", "acm", "Acme Ltd"),
        ("/pickers/sites", "acme ware", "Acme Ltd / Warehouse"),
        ("/pickers/users", "ada", "Ada Palmer"),
    ],
)
def test_pickers_find_while_one_types(
    viewer: Visitor, desk: Desk, path: str, asked: str, found: str
) -> None:
    desk.add_user("Warehouse", given_name="Ada", family_name="Palmer")

    assert f'data-text="{found}"' in viewer.htmx(f"{path}?q={asked}").text
    assert "Nothing found." in viewer.htmx(f"{path}?q=zzzz").text


def test_hostile_texts_are_shown_as_text(operator: Visitor, desk: Desk) -> None:
    attack = "<script>alert(1)</script>{{7*7}}"
    user = desk.add_user("Warehouse", given_name=attack, company=attack, city=attack)
    desk.host.directory.add_customer(attack, site_names=(attack,), agent=AGENT)
    customer = desk.host.directory.found_customers("script", limit=1)[0].id
    for path in (
        "/users",
        "/customers",
        f"/users/{user}",
        f"/users/{user}/edit",
        f"/users/{user}/activity",
        f"/customers/{customer}",
        "/search?q=script",
        "/pickers/users?q=script",
        "/pickers/sites?q=script",
    ):
        text = operator.get(path).text
        assert "<script>alert" not in text, path
        assert f">{7 * 7}<" not in text.split("<main")[-1], path


def test_a_payer_linked_to_the_wrong_user_is_unlinked(
    operator: Visitor, viewer: Visitor, desk: Desk
) -> None:
    Mirror(desk.host, CONNECTION).payer("CU1", "Ann Archer", "ann@acme.example")
    ann = desk.add_user("Acme Ltd/Warehouse", given_name="Ann")
    desk.host.payer_links.link(CONNECTION, "CU1", ann, agent=AGENT)
    assert "Unlink" not in viewer.get(f"/users/{ann}").text
    assert "Unlink" in operator.get(f"/users/{ann}").text

    named = {"connection": CONNECTION, "payer": "CU1"}
    answer = operator.post(f"/users/{ann}/unlink", named)

    assert answer.headers["Location"] == f"/users/{ann}"
    shown = operator.get(f"/users/{ann}").text
    assert "The payer is no longer linked" in shown
    assert "Linked to nobody" in shown
    assert newest(desk.host) == ("Operator Jones", "user.unlinked")
    operator.post(f"/users/{ann}/unlink", named)
    assert "is not linked" in operator.get(f"/users/{ann}").text
