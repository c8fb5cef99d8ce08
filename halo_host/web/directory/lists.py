"""Lists of the directory: what the address asks for, and the way through their pages."""

from __future__ import annotations

from typing import Any, TypeVar, get_args

from flask import request

from ...directory.list_page import ListPage
from ..shell.paging import Pager, numbered

PAGE_SIZE = 50
T = TypeVar("T")


def wanted_order(orders: Any, usual: str) -> Any:
    """`?sort=`, where it is one of the `Literal` of orders."""
    asked = request.args.get("sort", usual)
    return asked if asked in get_args(orders) else usual


def pager_of(found: ListPage[T]) -> Pager:
    return numbered(found.number, found.size, found.total)
