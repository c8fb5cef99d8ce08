"""The areas of the pages. A new one adds its blueprint here."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint


def blueprints() -> Iterator[Blueprint]:
    from .home.views import views as home
    from .sign_in.links import views as sign_in  # with the views of sign_in.views

    yield home
    yield sign_in
