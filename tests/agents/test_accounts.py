"""Adding and changing agents: what is refused, what the audit log keeps."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import MetaData, Table, inspect, select
from support.agents import BY, PASSWORD, add_agent, signed_in
from support.clock import Clock

from halo_host.agents.roles import Role
from halo_host.audit import AuditEntry, entries
from halo_host.errors import InvalidInput, NotFound
from halo_host.host import Host


def audit(host: Host, action: str) -> list[AuditEntry]:
    return [it for it in entries(host.database) if it.action == action]


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.VIEWER, {Role.VIEWER}),
        (Role.OPERATOR, {Role.VIEWER, Role.OPERATOR}),
        (Role.ADMINISTRATOR, {Role.VIEWER, Role.OPERATOR, Role.ADMINISTRATOR}),
    ],
)
def test_each_role_may_do_what_the_one_below_may(role: Role, allowed: set[Role]) -> None:
    assert {needed for needed in Role if role.allows(needed)} == allowed
    assert {role.no_more_than(most) for most in Role} == allowed


def test_an_agent_is_found_by_address_and_by_number(host: Host, clock: Clock) -> None:
    olive = add_agent(host)

    assert olive.created_at == clock()
    assert (olive.role, olive.has_password, olive.disabled) == (Role.OPERATOR, True, False)
    assert host.agents.find(" OLIVE@Example.com ") == olive
    assert host.agents.find(str(olive.id)) == olive
    assert host.agents.get(olive.id) == olive
    for unknown in ("9", "bob@example.com", "", "99999999999999999999", "a\0b", "\ud800"):
        with pytest.raises(NotFound, match="There is no agent"):
            host.agents.find(unknown)


def test_agents_are_listed_by_name_and_the_disabled_can_be_left_out(host: Host) -> None:
    zoe, ann = add_agent(host, "Zoë Z"), add_agent(host, "ann a")
    add_agent(host, "Bob B")
    host.agents.disable(zoe.id, agent=BY)

    assert [it.name for it in host.agents.all()] == ["ann a", "Bob B", "Zoë Z"]
    assert [it.name for it in host.agents.all(disabled=False)] == [ann.name, "Bob B"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x07b", "\u202eevil"])
def test_a_name_that_cannot_be_shown_is_refused(host: Host, name: str) -> None:
    with pytest.raises(InvalidInput, match="a name of 1 to 100"):
        host.agents.add(name, "a@example.com", Role.VIEWER, agent=BY)


@pytest.mark.parametrize("name", ["Nobody", "root (command line)", "INTEGRATOR", "Provider."])
def test_a_name_by_which_the_audit_log_means_the_host_is_refused(host: Host, name: str) -> None:
    with pytest.raises(InvalidInput, match="No agent can be called"):
        host.agents.add(name, "a@example.com", Role.VIEWER, agent=BY)


@pytest.mark.parametrize("email", ["", "olive", "a@b@c", "a b@c", "@c", "a@", "x" * 250 + "@b.co"])
def test_what_is_no_e_mail_address_is_refused(host: Host, email: str) -> None:
    with pytest.raises(InvalidInput, match="no e-mail address"):
        host.agents.add("Ann", email, Role.VIEWER, agent=BY)
    assert host.agents.all() == []


def test_no_two_agents_share_an_address_or_a_name(host: Host) -> None:
    add_agent(host)
    bob = add_agent(host, "Bob")

    with pytest.raises(InvalidInput, match="Olive Operator has that e-mail address already"):
        host.agents.add("Other", "OLIVE@example.com", Role.VIEWER, agent=BY)
    with pytest.raises(InvalidInput, match="Olive Operator has that name already"):
        host.agents.change(bob.id, name="olive  operator", agent=BY)
    assert host.agents.change(bob.id, name="BOB", agent=BY).name == "BOB"  # one's own name


def test_every_change_is_in_the_audit_log_without_secrets(host: Host) -> None:
    olive = add_agent(host)
    add_agent(host, "Ada", Role.ADMINISTRATOR)
    host.agents.change(olive.id, name="Olivia", email="olivia@example.com", agent="Ada")
    host.agents.change(olive.id, name="Olivia", agent="Ada")  # nothing is different
    host.agents.set_role(olive.id, Role.VIEWER, agent="Ada")
    host.agents.set_password(olive.id, "another good password of mine", agent="Ada")
    host.agents.disable(olive.id, agent="Ada")
    host.agents.enable(olive.id, agent="Ada")

    said = [
        (it.agent, it.action, it.before, it.after)
        for it in reversed(entries(host.database, entity="agent", entity_id=str(olive.id)))
    ]
    assert said[0][:2] == (BY, "agent.added")
    assert said[0][3] == {
        "name": "Olive Operator",
        "email": "olive@example.com",
        "role": "operator",
        "provider": "",
        "disabled": False,
        "password": "***",
    }
    assert said[1:] == [
        (
            "Ada",
            "agent.changed",
            {"name": "Olive Operator", "email": "olive@example.com"},
            {"name": "Olivia", "email": "olivia@example.com"},
        ),
        ("Ada", "agent.changed", {"role": "operator"}, {"role": "viewer"}),
        ("Ada", "agent.password_set", {"password": "***"}, {"password": "***"}),
        ("Ada", "agent.disabled", {"disabled": False}, {"disabled": True}),
        ("Ada", "agent.enabled", {"disabled": True}, {"disabled": False}),
    ]


def test_no_password_and_no_token_is_anywhere_in_the_database(host: Host) -> None:
    olive = add_agent(host)
    session = signed_in(host)
    token = host.agents.tokens.add(olive.id, "script", Role.VIEWER, agent=BY)
    link = host.agents.begin_password_link(olive.id, agent=BY)

    stored = ""
    with host.database.read() as connection:
        for name in inspect(connection).get_table_names():
            stored += str(
                connection.execute(select(Table(name, MetaData(), autoload_with=connection))).all()
            )
    assert "olive@example.com" in stored
    for secret in (PASSWORD, session.token, token.secret, link):
        assert secret
        assert secret not in stored
    for shown in (repr(session), repr(token)):
        assert session.token not in shown
        assert session.csrf_token not in shown
        assert token.secret not in shown


def test_the_only_administrator_stays_one(host: Host) -> None:
    ada = add_agent(host, "Ada", Role.ADMINISTRATOR)
    eve = add_agent(host, "Eve", Role.ADMINISTRATOR)
    host.agents.disable(eve.id, agent=BY)

    with pytest.raises(InvalidInput, match="Ada is the only administrator"):
        host.agents.set_role(ada.id, Role.OPERATOR, agent=BY)
    with pytest.raises(InvalidInput, match="Ada is the only administrator"):
        host.agents.disable(ada.id, agent=BY)
    host.agents.enable(eve.id, agent=BY)
    assert host.agents.disable(ada.id, agent=BY).disabled


def test_two_administrators_who_demote_each_other_at_once_leave_one(host: Host) -> None:
    pair = [add_agent(host, name, Role.ADMINISTRATOR) for name in ("Ada", "Eve")]

    def demote(number: int) -> str:
        try:
            host.agents.set_role(number, Role.VIEWER, agent=BY)
        except InvalidInput as error:
            return error.message
        return ""

    with ThreadPoolExecutor(2) as threads:
        said = list(threads.map(demote, [it.id for it in pair]))
    assert sorted(map(bool, said)) == [False, True]
    assert [it.role for it in host.agents.all()].count(Role.ADMINISTRATOR) == 1


def test_agents_that_are_added_at_once_get_numbers_of_their_own(host: Host) -> None:
    def add(number: int) -> str:
        try:
            return str(add_agent(host, f"a{number % 4} b", Role.VIEWER, password=None).id)
        except InvalidInput as error:
            return error.message

    with ThreadPoolExecutor(4) as threads:
        said = list(threads.map(add, range(8)))
    assert sorted(it for it in said if it.isdecimal()) == ["1", "2", "3", "4"]
    assert sum("already" in it for it in said) == 4


def test_an_agent_that_is_not_there_cannot_be_changed(host: Host) -> None:
    for change in (
        lambda: host.agents.change(7, name="X", agent=BY),
        lambda: host.agents.set_role(7, Role.VIEWER, agent=BY),
        lambda: host.agents.set_password(7, PASSWORD, agent=BY),
        lambda: host.agents.disable(7, agent=BY),
        lambda: host.agents.enable(7, agent=BY),
        lambda: host.agents.end_sessions(7, agent=BY),
        lambda: host.agents.begin_password_link(7, agent=BY),
        lambda: host.agents.tokens.add(7, "x", Role.VIEWER, agent=BY),
    ):
        with pytest.raises(NotFound, match="no agent 7"):
            change()


def test_what_is_done_already_is_done_again_without_a_trace(host: Host) -> None:
    olive = add_agent(host)
    host.agents.enable(olive.id, agent=BY)
    host.agents.set_role(olive.id, olive.role, agent=BY)
    host.agents.disable(olive.id, agent=BY)
    host.agents.disable(olive.id, agent=BY)

    assert len(audit(host, "agent.disabled")) == 1
    assert audit(host, "agent.enabled") == audit(host, "agent.changed") == []
