"""The import screen without a browser: start, look, tick, place, apply, undo, who may."""

from __future__ import annotations

import re

import pytest
from support.acme import AGENT, CONNECTION, Desk
from support.pages import Visitor, mistakes
from support.working import work

from halo_host.connections.matching import Policy
from halo_host.errors import NotFound
from halo_host.host import Host
from halo_host.imports.change_sets import ChangeSet, State

ANN = {"id": "CU1", "given_name": "Ann", "family_name": "Archer", "email": "ann@acme.example"}
BEN = {"id": "CU2", "given_name": "Ben", "family_name": "Baker", "email": "ben@acme.example"}
HISTORY = f"/integrations/{CONNECTION}/imports"


def planned(desk: Desk, *payers: dict[str, str]) -> ChangeSet:
    desk.ledger.write(*payers)
    number = desk.host.reviews.start(CONNECTION, agent=AGENT).number
    work(desk.host)
    return desk.host.imports.get(number)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))


def test_import_users_starts_an_import_and_shows_how_far_it_is(
    desk: Desk, operator: Visitor
) -> None:
    desk.ledger.write(ANN, BEN)
    assert "Import Users" in operator.get(HISTORY).text

    answer = operator.post(HISTORY)
    assert answer.status_code == 303
    address = answer.headers["Location"]
    waiting = operator.get(address)
    assert "Waiting for an integrator" in waiting.text
    assert "No integrator is running" in waiting.text
    assert mistakes(waiting.text) == []
    part = operator.htmx(f"{address}/progress?state=queued")
    assert "HX-Refresh" not in part.headers
    work(desk.host)

    assert operator.htmx(f"{address}/progress?state=queued").headers["HX-Refresh"] == "true"
    page = operator.get(address)
    assert "Ready to review" in page.text
    assert "Ann Archer" in page.text
    assert "The payer has no company name" in page.text
    assert mistakes(page.text) == []
    assert mistakes(operator.get(HISTORY).text) == []


def test_a_second_operator_is_led_to_the_import_that_is_under_way(
    desk: Desk, operator: Visitor, administrator: Visitor
) -> None:
    first = operator.post(HISTORY).headers["Location"]

    answer = administrator.post(HISTORY)

    assert answer.headers["Location"] == first
    assert "is under way" in administrator.get(first).text


def test_what_hinders_an_import_is_said_before_it_is_started(
    desk: Desk, host: Host, operator: Visitor
) -> None:
    desk.enable("second", default_site=None)

    page = operator.get("/integrations/second/imports")

    assert "Default Site" in text_of(page.text)
    assert "disabled" in page.text


def test_a_tick_answers_with_how_many_are_left(desk: Desk, operator: Visitor) -> None:
    change_set = planned(desk, ANN, BEN)
    address = f"/imports/{change_set.number}/ticks"

    answer = operator.post(
        address, {"row": "1", "version": str(change_set.version)}, HX_Request="true"
    )

    assert answer.status_code == 200
    said = text_of(answer.text)
    assert "1 of 2 rows will be applied" in said
    assert "1 left out" in said
    assert desk.host.imports.get(change_set.number).rows == {"new": {"left-out": 1, "pending": 1}}


@pytest.mark.parametrize("holds", [True, False])
def test_apply_says_what_becomes_of_what_is_left_out_and_holds_it_unless_told_otherwise(
    desk: Desk, operator: Visitor, holds: bool
) -> None:
    number = planned(desk, ANN, BEN).number
    desk.host.reviews.tick(number, False, [2], agent="Ada")
    page = operator.get(f"/imports/{number}")
    assert mistakes(page.text) == []
    assert "Hold the 1 row left out" in text_of(page.text)
    assert "one comes by schedule, every 60 minutes" in text_of(page.text)

    form = {"version": str(desk.host.imports.get(number).version)}
    operator.post(f"/imports/{number}/apply", form | ({"hold_left_out": "1"} if holds else {}))
    work(desk.host)

    held = [payer.name for payer in desk.host.imports.held(CONNECTION)]
    assert held == (["Ben Baker"] if holds else [])
    shown = text_of(operator.get(f"/imports/{number}").text)
    assert ("1 payer left out, and held until somebody releases them." in shown) is holds


def test_all_rows_that_a_search_finds_are_left_out(desk: Desk, operator: Visitor) -> None:
    change_set = planned(desk, ANN, BEN)

    answer = operator.post(
        f"/imports/{change_set.number}/ticks",
        {
            "q": "ben",
            "wanted": "0",
            "version": str(change_set.version),
            "back": f"/imports/{change_set.number}?q=ben",
        },
    )

    assert answer.headers["Location"] == f"/imports/{change_set.number}?q=ben"
    page = desk.host.imports.get(change_set.number)
    assert page.rows == {"new": {"left-out": 1, "pending": 1}}


@pytest.mark.parametrize("what", ["ticks", "apply", "discard", "rows/1", "conflicts"])
def test_a_page_that_is_old_changes_nothing_and_says_so(
    desk: Desk, operator: Visitor, what: str
) -> None:
    change_set = planned(desk, ANN, BEN)
    desk.host.reviews.tick(change_set.number, False, [2], agent="Ada")
    before = desk.host.imports.get(change_set.number)

    answer = operator.post(
        f"/imports/{change_set.number}/{what}",
        {"version": str(change_set.version), "row": "1", "choice": "skip"},
    )

    assert answer.status_code == 303
    shown = operator.get(answer.headers["Location"])
    assert "has changed since you loaded this page; nothing was done" in shown.text
    assert desk.host.imports.get(change_set.number) == before


def test_apply_goes_on_in_the_background_and_undo_takes_it_back(
    desk: Desk, operator: Visitor
) -> None:
    change_set = planned(desk, ANN, BEN)
    address = f"/imports/{change_set.number}"

    operator.post(f"{address}/apply", {"version": str(change_set.version)})
    assert "0 of 2 rows applied" in operator.get(address).text
    work(desk.host)
    assert desk.names() == ["Ann Archer", "Ben Baker"]

    desk.edit(desk.user_of("CU2"), phone="1")
    assert mistakes(operator.get(f"{address}/undo").text) == []
    preview = text_of(operator.htmx(f"{address}/undo").text)
    assert "1 new users are deleted" in preview or "1 new user is deleted" in preview
    assert "Changed since: phone." in preview
    version = desk.host.imports.get(change_set.number).version
    operator.post(f"{address}/undo", {"version": str(version)})
    work(desk.host)

    assert desk.names() == ["Ben Baker"]
    assert "Partly undone" in operator.get(address).text
    held = operator.get(f"{HISTORY}/held")
    assert "CU1" in held.text
    assert mistakes(held.text) == []
    operator.post(f"{HISTORY}/held", {"payer": "CU1"})
    assert desk.host.imports.held(CONNECTION) == []


def test_a_row_is_placed_by_hand(desk: Desk, operator: Visitor) -> None:
    change_set = planned(desk, ANN)
    address = f"/imports/{change_set.number}/rows/1"
    assert mistakes(operator.get(address).text) == []

    refused = operator.post(address, {"version": str(change_set.version), "choice": "new"})
    assert refused.status_code == 422
    assert "Choose the site" in refused.text
    site = str(desk.site("Acme Ltd/Warehouse"))
    operator.post(address, {"version": str(change_set.version), "choice": "new", "site": site})

    page = operator.get(f"/imports/{change_set.number}")
    assert "Acme Ltd / Warehouse" in page.text
    assert "Decided by hand" in page.text


def test_a_conflict_is_resolved_from_its_candidates(desk: Desk, operator: Visitor) -> None:
    desk.add_user("Acme Ltd/Warehouse", given_name="Anna", email="ann@acme.example")
    change_set = planned(desk, ANN)
    page = operator.get(f"/imports/{change_set.number}/rows/1")
    assert "Link to Anna" in page.text
    assert mistakes(page.text) == []
    listed = operator.get(f"/imports/{change_set.number}?action=conflict")
    assert mistakes(listed.text) == []

    answer = operator.post(
        f"/imports/{change_set.number}/conflicts",
        {"version": str(change_set.version), "choice": "candidate"},
    )

    assert answer.status_code == 303
    assert desk.host.imports.get(change_set.number).rows == {"link": {"pending": 1}}


def test_an_import_that_is_applied_says_what_waits_for_a_decision(
    desk: Desk, operator: Visitor
) -> None:
    desk.add_user("Acme Ltd/Warehouse", email="ann@acme.example")
    change_set = desk.run(ANN)

    page = operator.get(f"/imports/{change_set.number}")

    assert "1 conflict waits for a decision" in text_of(page.text)


def test_an_import_that_was_stopped_can_go_on(desk: Desk, operator: Visitor) -> None:
    change_set = planned(desk, ANN)
    address = f"/imports/{change_set.number}"
    operator.post(f"{address}/apply", {"version": str(change_set.version)})

    operator.post(f"{address}/stop")
    page = operator.get(address)
    assert "Nobody works on this" in page.text
    operator.post(f"{address}/go-on")
    work(desk.host)

    assert desk.host.imports.get(change_set.number).state is State.APPLIED


def test_a_viewer_reads_and_changes_nothing(desk: Desk, viewer: Visitor) -> None:
    change_set = planned(desk, ANN)
    address = f"/imports/{change_set.number}"
    version = {"version": str(change_set.version)}

    for path in (HISTORY, f"{HISTORY}/held", address, f"{address}/rows/1", f"{address}/undo"):
        answer = viewer.get(path)
        assert answer.status_code == 200, path
        assert mistakes(answer.text) == []
        assert f'method="post" action="{address}' not in answer.text
    for path in (
        HISTORY,
        f"{HISTORY}/held",
        *(f"{address}/{it}" for it in ("ticks", "apply", "discard", "stop", "go-on", "conflicts")),
        f"{address}/rows/1",
        f"{address}/undo",
    ):
        assert viewer.post(path, version).status_code == 403, path
    assert desk.host.imports.get(change_set.number) == change_set


def test_what_a_provider_says_is_shown_as_text(desk: Desk, operator: Visitor) -> None:
    evil = "<script>alert(1)</script>"
    change_set = planned(desk, {"id": "CU<b>", "given_name": evil, "company": evil, "city": evil})

    for path in (f"/imports/{change_set.number}", f"/imports/{change_set.number}/rows/1"):
        page = operator.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
        assert mistakes(page) == []


def test_what_is_not_there_is_not_found(desk: Desk, operator: Visitor) -> None:
    change_set = planned(desk, ANN)
    assert operator.get("/imports/99").status_code == 404
    assert operator.get(f"/imports/{change_set.number}/rows/99").status_code == 404
    assert operator.get("/integrations/nothing/imports").status_code == 404
    with pytest.raises(NotFound):
        desk.host.imports.get(99)


def test_a_row_names_a_field_that_was_deleted_since(operator: Visitor, desk: Desk) -> None:
    field = desk.host.directory.add_custom_field("Branch", agent=AGENT).id
    desk.host.connections.map_field(CONNECTION, "office", "Branch", Policy.FOLLOW, agent=AGENT)
    number = desk.run(ANN | {"metadata": {"office": "Leeds"}}).number
    desk.host.connections.unmap_field(CONNECTION, "Branch", agent=AGENT)
    desk.host.directory.set_value(desk.user_of("CU1"), field, "", agent=AGENT)
    desk.host.directory.remove_custom_field(field, agent=AGENT)

    page = operator.get(f"/imports/{number}/rows/1").text

    assert "Branch (deleted field)" in page
    assert f"custom:{field}" not in page
