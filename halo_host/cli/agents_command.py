"""`halo-host agents`: the people who sign in, their sessions and API tokens."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TextIO

import click

from ..agents.agent import Agent
from ..agents.roles import Role
from ..errors import InvalidInput
from ..host import Host
from ..plurals import counted
from .agent_tokens import JSON, ROLE, tokens
from .face import agent, printable, with_host, with_new_host
from .output import print_json, print_table
from .times import minute

_PASSWORD_FILE = click.option(
    "--password-file",
    "file",
    type=click.File("r", encoding="utf-8"),
    help="Read the password from the first line of a file; - is standard input.",
)


@click.group()
def command() -> None:
    """Look after the people who sign in: agents, their roles, sessions and API tokens.

    AGENT is an e-mail address or a number. A viewer reads, an operator also imports and maps, an
    administrator also enables, configures, sees the audit log and manages agents.

    \b
    Example:
      halo-host agents add "Olive Smith" olive@example.com --role operator
      halo-host agents list
    """


@command.command()
@click.argument("name")
@click.argument("email")
@click.option(
    "--role",
    type=ROLE,
    help="What the agent may do; the first agent is an administrator, others are viewers.",
)
@_PASSWORD_FILE
@click.option("--link", is_flag=True, help="Let the agent choose the password by a one-time link.")
@click.option("--no-password", is_flag=True, help="For an agent who signs in at the provider.")
@with_new_host
def add(
    host: Host,
    name: str,
    email: str,
    role: str | None,
    file: TextIO | None,
    link: bool,
    no_password: bool,
) -> None:
    """Add the agent NAME, who signs in with the address EMAIL. The password is asked for."""
    if sum((file is not None, link, no_password)) > 1:
        raise click.UsageError("Give one of --password-file, --link and --no-password.")
    if "@" in name and "@" not in email:
        name, email = email, name
    usual = Role.VIEWER if host.agents.all() else Role.ADMINISTRATOR
    password = None if link or no_password else _password(file)
    added = host.agents.add(
        name, email, Role(role) if role else usual, agent=agent(), password=password
    )
    click.echo(printable(f"Agent {added.id} is added: {_named(added)}, {added.role.value}."))
    if role is None:
        click.echo(f"Another role: halo-host agents role {added.id} ROLE", err=True)
    if link:
        _print_link(host, added)


@command.command("list")
@JSON
@with_host
def list_(host: Host, as_json: bool) -> None:
    """List all agents."""
    found = host.agents.all()
    if as_json:
        print_json([asdict(it) | {"disabled": it.disabled} for it in found])
        return
    print_table(
        ("Number", "Name", "E-mail", "Role", "Signs in with", "Last sign-in (UTC)", "State"),
        (
            (
                it.id,
                it.name,
                it.email,
                it.role.value,
                _ways_in(it),
                minute(it.last_sign_in_at) if it.last_sign_in_at else "never",
                "disabled" if it.disabled else "enabled",
            )
            for it in found
        ),
        empty="There is no agent yet: halo-host agents add NAME EMAIL",
    )


@command.command()
@click.argument("who", metavar="AGENT")
@click.argument("role", type=ROLE)
@with_host
def role(host: Host, who: str, role: str) -> None:
    """Give AGENT another ROLE. It counts at once."""
    changed = host.agents.set_role(host.agents.find(who).id, Role(role), agent=agent())
    click.echo(printable(f"{_named(changed)} is {changed.role.value}."))


@command.command()
@click.argument("who", metavar="AGENT")
@click.option("--name", help="Another name.")
@click.option("--email", help="Another e-mail address.")
@with_host
def change(host: Host, who: str, name: str | None, email: str | None) -> None:
    """Change the name or the e-mail address of AGENT."""
    if name is None and email is None:
        raise click.UsageError("Give --name, --email or both.")
    found = host.agents.find(who)
    changed = host.agents.change(found.id, agent=agent(), name=name, email=email)
    click.echo(printable(f"Agent {changed.id} is {_named(changed)}."))


@command.command()
@click.argument("who", metavar="AGENT")
@_PASSWORD_FILE
@click.option("--link", is_flag=True, help="Let the agent choose the password by a one-time link.")
@with_host
def password(host: Host, who: str, file: TextIO | None, link: bool) -> None:
    """Set the password of AGENT, which is asked for.

    All sessions of the agent end, and so does a wait after too many wrong passwords. With --link
    the agent chooses the password, and sessions end then.
    """
    found = host.agents.find(who)
    if link:
        if file is not None:
            raise click.UsageError("Give one of --password-file and --link.")
        _print_link(host, found)
        return
    host.agents.set_password(found.id, _password(file), agent=agent())
    click.echo(printable(f"The password of {_named(found)} is set; all sessions are ended."))


@command.command()
@click.argument("who", metavar="AGENT")
@with_host
def disable(host: Host, who: str) -> None:
    """Let AGENT in no more. Sessions end at once, API tokens are refused; the history stays."""
    found = host.agents.disable(host.agents.find(who).id, agent=agent())
    click.echo(printable(f"{_named(found)} is disabled."))


@command.command()
@click.argument("who", metavar="AGENT")
@with_host
def enable(host: Host, who: str) -> None:
    """Let a disabled AGENT in again, with the password and the API tokens from before."""
    found = host.agents.enable(host.agents.find(who).id, agent=agent())
    click.echo(printable(f"{_named(found)} is enabled."))


@command.command()
@click.argument("who", metavar="AGENT")
@with_host
def unlink(host: Host, who: str) -> None:
    """Forget who AGENT is at the provider of sign-ins (OpenID Connect), and end the sessions.

    The next sign-in there links anew, by a verified e-mail address.
    """
    found = host.agents.unlink_provider(host.agents.find(who).id, agent=agent())
    click.echo(printable(f"{_named(found)} is linked to no provider."))


@command.command()
@click.argument("who", metavar="AGENT", required=False)
@JSON
@with_host
def sessions(host: Host, who: str | None, as_json: bool) -> None:
    """Show the open sessions of AGENT, or of all."""
    found = host.agents.sessions(None if who is None else host.agents.find(who).id)
    if as_json:
        print_json(found)
        return
    names = {it.id: it.name for it in host.agents.all()}
    print_table(
        ("Session", "Agent", "By", "From", "Browser", "Began (UTC)", "Last used (UTC)"),
        (
            (
                it.id,
                names.get(it.agent_id, it.agent_id),
                it.method,
                it.address,
                it.browser,
                minute(it.started_at),
                minute(it.seen_at),
            )
            for it in found
        ),
        empty="No session is open.",
    )


@command.command("end-sessions")
@click.argument("who", metavar="AGENT", required=False)
@click.option("--all", "everybody", is_flag=True, help="Those of all agents.")
@with_host
def end_sessions(host: Host, who: str | None, everybody: bool) -> None:
    """End all sessions of AGENT, or with --all of everybody. They must sign in again."""
    if (who is None) is not everybody:
        raise click.UsageError("Name an agent, or give --all.")
    number = None if who is None else host.agents.find(who).id
    ended = host.agents.end_sessions(number, agent=agent())
    click.echo(f"{counted(ended, 'session')} ended.")


command.add_command(tokens)


def _password(file: TextIO | None) -> str:
    """From the file, or asked for twice.

    :raises InvalidInput: there is nobody to ask, or the file is no text.
    """
    if file is not None:
        try:
            return file.readline().rstrip("\r\n")
        except UnicodeDecodeError:
            raise InvalidInput("The password file is not text in UTF-8.") from None
    try:
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise InvalidInput(
            "There is nobody to ask for the password.",
            advice="Give it with --password-file FILE, or use --link.",
        ) from None
    return asked


def _print_link(host: Host, owner: Agent) -> None:
    """The address goes to standard output alone, the rest beside it."""
    token = host.agents.begin_password_link(owner.id, agent=agent())
    click.echo(host.agents.password_link_address(token))
    click.echo(
        printable(
            f"Give this link to {owner.name}: it sets a password, works once and for a day. "
            "It opens when `halo-host serve` runs."
        ),
        err=True,
    )


def _named(agent: Agent) -> str:
    return f"{agent.name} <{agent.email}>"


def _ways_in(agent: Agent) -> str:
    ways = ["password"] * agent.has_password + ["provider"] * bool(agent.provider)
    return ", ".join(ways) or "nothing yet"
