"""The audit log and the runs."""

from __future__ import annotations

import csv
import io

from support.acme import AGENT, CONNECTION, Desk
from support.clock import Clock
from support.pages import Visitor, mistakes

from halo_host.agents.roles import Role
from halo_host.host import Host
from halo_host.imports.resolve import Skip
from halo_host.imports.rules import Action


def test_the_audit_log_says_who_did_what_to_whom(administrator: Visitor, desk: Desk) -> None:
    user = desk.add_user("Warehouse", given_name="Ada", phone="1")
    desk.edit(user, phone="2")

    answer = administrator.get("/activity/audit?entity=user")

    assert mistakes(answer.text) == []
    assert "User changed" in answer.text
    assert f'<a href="/users/{user}">Ada</a>' in answer.text
    assert "<del>1</del>" in answer.text
    assert "<ins>2</ins>" in answer.text
    assert "Customer added" not in answer.text


def test_a_move_names_both_sites(administrator: Visitor, desk: Desk) -> None:
    user = desk.add_user("Warehouse", given_name="Ada")
    desk.host.directory.move_user(user, desk.default_site.id, agent=AGENT)

    text = administrator.get("/activity/audit").text

    assert "<del>Acme Ltd / Warehouse</del>" in text
    assert "<ins>Unsorted / Main</ins>" in text


def test_filters_narrow_down_by_who_what_when_and_words(
    administrator: Visitor, desk: Desk, clock: Clock
) -> None:
    desk.add_user("Warehouse", given_name="Oldest")
    clock.advance(days=3)
    desk.host.directory.add_user("Warehouse", {"given_name": "Newest"}, agent="Olive Jones")
    desk.host.agents.add("Olive Jones", "olive@example.com", _operator(), agent=AGENT)

    def shown(query: str) -> tuple[bool, bool]:
        text = administrator.htmx(f"/activity/audit?{query}").text
        return "<ins>Oldest</ins>" in text, "<ins>Newest</ins>" in text

    # Whoever was signed in three days ago has to sign in anew; the session lasts half a day.
    administrator.sign_in("administrator@example.com")
    assert shown("entity=user") == (True, True)
    assert shown("agent=Olive+Jones") == (False, True)
    assert shown("q=oldest") == (True, False)
    assert shown("from=2026-03-04") == (False, True)
    assert shown("to=2026-03-02") == (True, False)
    assert shown("from=nonsense&to=9999-12-31&q=") == (True, True)


def test_the_button_for_the_file_follows_the_filters(administrator: Visitor, desk: Desk) -> None:
    assert administrator.get("/activity/audit").text.count('id="csv"') == 1

    part = administrator.htmx("/activity/audit?entity=user&q=ada").text

    assert 'id="csv" hx-swap-oob="true" href="/activity/audit.csv?entity=user&amp;q=ada"' in part


def test_everybody_who_changed_something_can_be_chosen(administrator: Visitor, desk: Desk) -> None:
    """Also who is no agent: the author of a command, a schedule."""
    text = administrator.get("/activity/audit").text

    assert f'<option value="{AGENT}">{AGENT}</option>' in text
    assert '<option value="Administrator Jones">' in text


def test_connections_and_imports_are_called_as_elsewhere(
    administrator: Visitor, desk: Desk
) -> None:
    desk.host.connections.configure(CONNECTION, name="Acme of the North", agent=AGENT)
    desk.run({"id": "CU1", "given_name": "Ann", "company": "Acme Ltd"})
    number = desk.host.imports.newest()[0].number
    desk.host.imports.undo(number, agent=AGENT)

    text = administrator.get("/activity/audit").text
    assert f'<a href="/integrations/{CONNECTION}">Acme of the North</a>' in text
    assert f">Import {number}</a>" in text
    assert "Change set" not in text
    runs = administrator.get("/activity").text
    assert 'data-label="Connection">Acme of the North<' in runs
    job = desk.host.jobs.list()[0].id
    assert "of Acme of the North</h1>" in administrator.get(f"/activity/runs/{job}").text


def _operator() -> Role:
    return Role.OPERATOR


def test_the_log_as_a_file_holds_what_the_filter_finds(administrator: Visitor, desk: Desk) -> None:
    for number in range(3):
        desk.add_user("Warehouse", given_name=f"Robot {number}")
    desk.host.directory.add_customer("Other", agent="=cmd()")

    answer = administrator.get("/activity/audit.csv?entity=user")
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert [row["action"] for row in rows] == ["user.added"] * 3
    assert '"given_name": "Robot 2"' in rows[0]["after"]
    assert rows[0]["at"] == "2026-03-02T09:00:00Z"
    everything = administrator.get("/activity/audit.csv").text
    assert ",'=cmd()," in everything


def test_the_file_is_written_as_it_is_read(administrator: Visitor, host: Host) -> None:
    for number in range(40):
        host.directory.add_customer(f"Customer {number}", agent=AGENT)

    text = administrator.get("/activity/audit.csv?entity=customer").text

    assert len(text.strip().split("\r\n")) == 41


def test_the_log_goes_on_page_by_page(administrator: Visitor, host: Host) -> None:
    for number in range(60):
        host.directory.add_customer(f"Customer {number}", agent=AGENT)

    first = administrator.get("/activity/audit?entity=customer").text
    assert "Customer 59" in first
    assert "Customer 9<" not in first
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    assert "Customer 9<" in administrator.get(following.replace("&amp;", "&")).text


def test_the_log_is_for_administrators_and_runs_for_everybody(
    viewer: Visitor, operator: Visitor
) -> None:
    for visitor in (viewer, operator):
        assert visitor.get("/activity/audit").status_code == 403
        assert visitor.get("/activity/audit.csv").status_code == 403
        text = visitor.get("/activity").text
        assert "/activity/audit" not in text


def test_runs_are_listed_and_each_tells_how_it_went(viewer: Visitor, desk: Desk) -> None:
    desk.run({"id": "P1", "given_name": "Bea", "company": "Acme Ltd"})
    (job,) = desk.host.jobs.list()

    listed = viewer.get("/activity")
    assert mistakes(listed.text) == []
    assert "Import of users" in listed.text
    assert f'href="/activity/runs/{job.id}"' in listed.text
    assert 'hx-trigger="every' not in listed.text

    run = viewer.get(f"/activity/runs/{job.id}")
    assert mistakes(run.text) == []
    assert "Done" in run.text
    assert viewer.get("/activity/runs/99").status_code == 404
    assert "No run is of that kind" in viewer.get("/activity?state=failed").text
    assert viewer.get("/activity?connection=nobody&kind=x&state=y").status_code == 200


def test_an_operator_cancels_a_run_and_repeats_it(operator: Visitor, desk: Desk) -> None:
    jobs = desk.host.jobs
    queued = jobs.enqueue("import", CONNECTION, why="hand", agent=AGENT)
    waiting = operator.get("/activity").text
    assert 'hx-trigger="every' in waiting

    operator.post(f"/activity/runs/{queued.id}/cancel")
    assert jobs.get(queued.id).state == "cancelled"
    again = operator.post(f"/activity/runs/{queued.id}/cancel")
    assert again.status_code == 422
    repeated = operator.post(f"/activity/runs/{queued.id}/retry")
    number = int(repeated.headers["Location"].rsplit("/", 1)[1])
    assert jobs.get(number).state == "queued"
    assert jobs.get(number).agent == "Operator Jones"


TWICE = {"given_name": "Ann", "email": "ann@acme.example"}


def test_who_was_skipped_is_no_user_none(administrator: Visitor, desk: Desk) -> None:
    change_set = desk.run({"id": "CU1", **TWICE}, {"id": "CU2", **TWICE})
    (row, *_) = desk.rows(change_set, Action.CONFLICT)

    desk.host.imports.resolve(change_set.number, row.position, Skip(), agent=AGENT)

    page = administrator.get("/activity/audit").text
    assert "Skipped by an import" in page
    assert "A payer without a user" in page
    assert "User None" not in page


def test_a_row_that_was_placed_is_named_and_is_no_change_itself(
    administrator: Visitor, desk: Desk
) -> None:
    desk.ledger.write({"id": "CU1", **TWICE}, {"id": "CU2", **TWICE})
    waiting = desk.host.imports.run(CONNECTION, agent=AGENT, kept=True).change_set
    (row, *_) = desk.rows(waiting, Action.CONFLICT)

    desk.host.imports.resolve(waiting.number, row.position, Skip(), agent=AGENT)

    page = administrator.get("/activity/audit").text
    assert "Row of an import placed" in page
    assert f"Import {waiting.number}, row {row.position}<" in page
    assert f"<del>{row.position}</del>" not in page
