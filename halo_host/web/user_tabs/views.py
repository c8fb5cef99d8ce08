"""A tab of a plugin on a user's page.

The page stands at once and holds the place of the tab. The tab is then asked for by a second
request, and comes, or an error in its place, within five seconds, whatever its plugin does.
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request
from markupsafe import Markup

from ...agents.roles import Role
from ...errors import ConnectionBusy, HostError, NotFound
from ...payments.filters import PaymentFilter
from ...types import PaymentQuery
from ..directory.ribbon import UNNAMED, Ribbon, user_ribbon
from ..payments.asked import ORDERS, day, filter_text, order, words
from ..payments.downloads import csv_download
from ..payments.provider import only_provider, providers
from ..shell.commands import told
from ..shell.pages import back_to, page, requires, say, the_agent, the_host, wants_fragment
from ..shell.paging import Pager, here

views = Blueprint("user_tabs", __name__, template_folder="templates")
SIZE = 50  # payments of a page
_TAB = "/users/<int:number>/tabs/<connection>/<slug>"


@views.get(_TAB)
@requires(Role.VIEWER)
def tab(number: int, connection: str, slug: str) -> Response:
    return (
        _opened(number, connection, slug) if wants_fragment() else _around(number, connection, slug)
    )


def _around(number: int, connection: str, slug: str) -> Response:
    """The page with everything but the tab itself."""
    host = the_host()
    user = host.directory.user(number)
    host.connections.get(connection)
    ribbon = user_ribbon(user, f"{connection}/{slug}")
    _refuse_unknown(ribbon, connection, slug)
    return page(
        "user_tabs/tab.html",
        title=user.name,
        area="users",
        crumbs=ribbon.crumbs,
        ribbon=ribbon,
        is_open=False,
    )


def _refuse_unknown(ribbon: Ribbon, connection: str, slug: str) -> None:
    """:raises NotFound: the connection has said which tabs it has, and this is none of them."""
    known = {tab.slug for tab in ribbon.tabs}
    if not known & {f"{connection}/{slug}", f"{connection}/{UNNAMED}"}:
        raise NotFound(f"The connection {connection} has no tab {slug[:60]} for this user.")


def _opened(number: int, connection: str, slug: str) -> Response:
    """The tab alone."""
    host = the_host()
    error: HostError | None = None
    opened = None
    try:
        found = host.tabs.open(number, connection, None if slug == UNNAMED else slug, _query())
        error, opened = found.error, found
    except NotFound:
        raise
    except HostError as refused:  # a day that is none, the mark of another list's page
        error = refused
    details = host.connections.get(connection)
    linking = opened is not None and opened.takes_query and not opened.is_linked
    can_link = linking and the_agent().role.allows(Role.OPERATOR)
    return page(
        "user_tabs/tab.html",
        title="",
        area="users",
        fragment="opened",
        is_open=True,
        opened=opened,
        error=error,
        content=Markup(opened.html) if opened else "",  # noqa: S704  # cleaned by the room
        connection=details,
        provider=only_provider(providers(host, [details])),
        base=f"/users/{number}/tabs/{connection}/{slug}",
        statuses=host.payments.statuses(connection=connection),
        query_text=filter_text(),
        pager=_pager(opened.next_cursor if opened else None),
        is_filtered=bool(
            {"status", "from", "to"} & {name for name, it in request.args.items() if it}
        ),
        is_unlinked=linking,
        can_link=can_link,
        may_refresh=the_agent().role.allows(Role.OPERATOR),
        suggested=host.payer_links.suggested(connection, number) if can_link else None,
    )


def _query() -> PaymentQuery:
    return PaymentQuery(
        statuses=words("status"),
        charged_from=day("from"),
        charged_to=day("to"),
        sort=ORDERS[order()],
        cursor=request.args.get("after") or None,
        limit=SIZE,
    )


def _pager(next_cursor: str | None) -> Pager:
    return Pager(
        first=here(after=None) if request.args.get("after") else None,
        next=here(after=next_cursor) if next_cursor else None,
    )


@views.get(f"{_TAB}/payments.csv")
@requires(Role.VIEWER)
def download(number: int, connection: str, slug: str) -> Response:
    """All payments that the filter of the tab finds, of all its pages."""
    query = _query()
    found = the_host().payments.stream(
        PaymentFilter(
            connection=connection,
            user=str(number),
            statuses=query.statuses,
            charged_from=query.charged_from,
            charged_to=query.charged_to,
        ),
        sort=query.sort,
    )
    today = the_host().clock().date()
    return csv_download(found, f"{connection}-payments-of-user-{number}-{today}")


@views.post(f"{_TAB}/refresh")
@requires(Role.OPERATOR)
def refresh(number: int, connection: str, slug: str) -> Response:
    """Read now what changed for this user's payers."""
    host = the_host()
    name = host.connections.get(connection).name
    try:
        if host.tabs.refresh(number, connection, agent=the_agent().name):
            say(f"Read from {name} just now.")
        else:
            say(f"{name} is slow. It is still being read: look again in a minute.", "info")
    except ConnectionBusy:
        say("A sync of this connection is at work: what it reads appears here.", "info")
    except NotFound:
        raise
    except HostError as error:
        say(told(error), "danger")
    return back_to(_url(number, connection, slug))


@views.get(f"{_TAB}/payers")
@requires(Role.OPERATOR)
def payers(number: int, connection: str, slug: str) -> str:
    """The choices of the picker: payers whom no user has."""
    found = the_host().payer_links.linkable(connection, request.args.get("q", "")[:200], limit=12)
    choices = [
        (it.external_id, it.name or it.email or it.external_id, f"{it.email} {it.external_id}")
        for it in found
    ]
    return str(
        current_app.jinja_env.globals["ui"].choices(  # type: ignore[attr-defined]
            choices, nothing="No payer without a user is called so."
        )
    )


@views.post(f"{_TAB}/link")
@requires(Role.OPERATOR)
def link(number: int, connection: str, slug: str) -> Response:
    """Link a payer to this user."""
    host = the_host()
    payer = request.form.get("payer", "").strip()
    if not payer:
        say("Choose a payer from the list first.", "warning")
        return back_to(_url(number, connection, slug))
    try:
        host.payer_links.link(connection, payer, number, agent=the_agent().name)
        say("Linked. What is known of the payer's payments is shown.")
    except HostError as error:
        say(told(error), "danger")
    return back_to(_url(number, connection, slug))


def _url(number: int, connection: str, slug: str) -> str:
    return f"/users/{number}/tabs/{connection}/{slug}"
