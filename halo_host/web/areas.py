"""The areas of the pages. A new one adds its blueprint here."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint


def blueprints() -> Iterator[Blueprint]:
    from .activity.views import views as activity
    from .agents.views import views as agents
    from .directory.views import views as directory
    from .home.views import views as home
    from .imports.views import views as imports
    from .integrations.views import views as integrations
    from .payments.one import views as payments  # with the views of payments.views
    from .search.views import views as search
    from .sign_in.provider import views as sign_in  # with those of sign_in.links and .views
    from .user_tabs.views import views as user_tabs

    yield activity
    yield agents
    yield directory
    yield home
    yield imports
    yield integrations
    yield payments
    yield search
    yield sign_in
    yield user_tabs
