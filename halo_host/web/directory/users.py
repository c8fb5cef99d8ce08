"""Users: the list, and of one of them the details and what was done with them."""

from __future__ import annotations

from flask import Response, request

from ...agents.roles import Role
from ...database.tables import CORE_FIELDS
from ...directory.user_list import UserSort
from ...errors import HostError
from ..activity.entries import entries_of
from ..shell.commands import told
from ..shell.pages import back_to, page, requires, say, the_agent, the_host
from ..shell.paging import page_number
from .blueprint import views
from .lists import PAGE_SIZE, pager_of, wanted_order
from .named import the_user
from .ribbon import user_ribbon
from .words import ADDRESS, CORE_LABELS

_SHOWN = [name for name in CORE_FIELDS if name not in ADDRESS]


@views.get("/users")
@requires(Role.VIEWER)
def users() -> Response:
    host, sort = the_host(), wanted_order(UserSort, "name")
    found = host.directory.user_page(
        request.args.get("q", ""), sort=sort, number=page_number(), size=PAGE_SIZE
    )
    return page(
        "directory/users.html",
        title="Users",
        area="users",
        fragment="rows",
        found=found,
        sort=sort,
        pager=pager_of(found),
        marks=host.alerts.marks(),
    )


@views.get("/users/<int:number>")
@requires(Role.VIEWER)
def user(number: int) -> Response:
    host, shown = the_host(), the_user(number)
    ribbon = user_ribbon(shown, "details")
    return page(
        "directory/user_details.html",
        title=shown.name,
        area="users",
        crumbs=ribbon.crumbs,
        ribbon=ribbon,
        edit=f"/users/{number}/edit",
        fields=[(CORE_LABELS[name], getattr(shown, name)) for name in _SHOWN],
        address=[line for line in (getattr(shown, name) for name in ADDRESS) if line],
        links=host.directory.links(shown),
    )


@views.post("/users/<int:number>/unlink")
@requires(Role.OPERATOR)
def unlink_payer(number: int) -> Response:
    """A payer that was linked to the wrong user."""
    host, user = the_host(), the_user(number)
    try:
        host.payer_links.unlink(
            request.form.get("connection", ""),
            request.form.get("payer", ""),
            user.id,
            agent=the_agent().name,
        )
        say(f"The payer is no longer linked to {user.name}.")
    except HostError as error:
        say(told(error), "danger")
    return back_to(f"/users/{number}")


@views.get("/users/<int:number>/activity")
@requires(Role.VIEWER)
def activity_of_user(number: int) -> Response:
    shown = the_user(number)
    ribbon = user_ribbon(shown, "activity")
    entries, pager = entries_of("user", number)
    return page(
        "directory/user_activity.html",
        title=shown.name,
        area="users",
        crumbs=ribbon.crumbs,
        ribbon=ribbon,
        entries=entries,
        pager=pager,
    )
