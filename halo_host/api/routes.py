"""How a view of the API is declared: address, role, shapes. Serving and describing both read it.

routes = Routes("Alerts", "What somebody should know.")

@routes.post("/alerts/<number>/acknowledge", role=Role.OPERATOR, answer=Alert)
def acknowledge(number: Number) -> Alert:
    \"\"\"Say that an alert was seen.\"\"\"

Parameters of a view: those in the address by their name, `query` and `body` as pydantic models.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar, get_type_hints

from flask import Response
from pydantic import BaseModel, TypeAdapter

from ..agents.roles import Role

View = Callable[..., Any]
V = TypeVar("V", bound=View)
T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page of a list. `next` is the `cursor` of the page after it, null on the last one."""

    items: list[T]
    next: str | None


class Items(BaseModel, Generic[T]):
    """A whole list."""

    items: list[T]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a view returns where the value alone is not enough."""

    value: Any
    location: str = ""


@dataclass(frozen=True)
class Route:
    """`work` takes an Idempotency-Key; `guarded` takes If-Match, compared with what `guarded`, the
    view that reads the same thing, answers now. `provider`: it asks the provider. `sends` and
    `takes` are the types of files instead of JSON: the view yields texts, or gets `file` as bytes.
    """

    method: str
    path: str
    view: View
    role: Role
    answer: Any
    status: int
    subject: str
    work: bool = False
    guarded: View | None = None
    provider: bool = False
    sends: str = ""
    takes: str = ""

    @property
    def name(self) -> str:
        return f"{self.view.__module__.rpartition('.')[2]}_{self.view.__name__}"

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return get_type_hints(self.view, include_extras=True)

    @cached_property
    def query(self) -> type[BaseModel] | None:
        return self._hints.get("query")

    @cached_property
    def body(self) -> TypeAdapter[Any] | None:
        return TypeAdapter(self._hints["body"]) if "body" in self._hints else None

    @cached_property
    def takes_nothing(self) -> bool:
        """Whether the body may be left out."""
        parameter = inspect.signature(self.view).parameters.get("body")
        return parameter is None or parameter.default is not parameter.empty

    @cached_property
    def address(self) -> dict[str, TypeAdapter[Any]]:
        """What stands in the address, by name."""
        names = [part[1:-1] for part in self.path.split("/") if part.startswith("<")]
        return {name: TypeAdapter(self._hints[name]) for name in names}

    @cached_property
    def output(self) -> TypeAdapter[Any] | None:
        return None if self.answer is None else TypeAdapter(self.answer)

    @cached_property
    def said(self) -> tuple[str, str]:
        """Summary and description, from the view's docstring."""
        summary, _, rest = inspect.cleandoc(self.view.__doc__ or "").partition("\n")
        return summary.rstrip("."), rest.strip()


@dataclass
class Routes:
    """The views of one subject."""

    subject: str
    about: str
    all: list[Route] = field(default_factory=list)

    def get(
        self, path: str, *, answer: Any, role: Role = Role.VIEWER, provider: bool = False
    ) -> Callable[[V], V]:
        return self._add("GET", path, answer, role, 200, provider=provider)

    def post(
        self,
        path: str,
        *,
        answer: Any,
        role: Role,
        status: int = 200,
        work: bool = False,
        provider: bool = False,
    ) -> Callable[[V], V]:
        return self._add("POST", path, answer, role, status, work=work, provider=provider)

    def download(self, path: str, *, sends: str, role: Role = Role.VIEWER) -> Callable[[V], V]:
        """A view that yields the texts of a file, however long it is."""
        return self._add("GET", path, None, role, 200, sends=sends)

    def upload(self, path: str, *, takes: str, answer: Any, role: Role) -> Callable[[V], V]:
        """A view that gets a file, with an Idempotency-Key as every work."""
        return self._add("POST", path, answer, role, 200, work=True, takes=takes)

    def patch(self, path: str, *, answer: Any, role: Role, guarded: View) -> Callable[[V], V]:
        return self._add("PATCH", path, answer, role, 200, guarded=guarded)

    def put(self, path: str, *, answer: Any, role: Role, guarded: View) -> Callable[[V], V]:
        return self._add("PUT", path, answer, role, 200, guarded=guarded)

    def delete(self, path: str, *, answer: Any, role: Role, guarded: View) -> Callable[[V], V]:
        return self._add("DELETE", path, answer, role, 200, guarded=guarded)

    def _add(
        self, method: str, path: str, answer: Any, role: Role, status: int, **more: Any
    ) -> Callable[[V], V]:
        def remember(view: V) -> V:
            route = Route(method, path, view, role, answer, status, self.subject, **more)
            self.all.append(route)
            view.halo_route = route  # type: ignore[attr-defined]
            return view

        return remember


Served = Callable[..., Response]
