"""`column IN (many values)` with one bound value, so that the statement is made only once.

An expanding parameter would write a placeholder for each value at each execution, which cost an
import more than the look-up itself (see benchmarks/README.md).
"""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Dialect,
    Text,
    bindparam,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Many(TypeDecorator[Any]):
    """Many texts or integers: a JSON list for SQLite, an array for PostgreSQL."""

    impl = Text
    cache_ok = True

    def __init__(self, of_integers: bool) -> None:
        super().__init__()
        self.of_integers = of_integers

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(ARRAY(BigInteger if self.of_integers else Text))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return list(value) if dialect.name == "postgresql" else orjson.dumps(list(value)).decode()


def many_texts(name: str) -> BindParameter[Any]:
    """A parameter that takes a collection of texts."""
    return bindparam(name, type_=_Many(of_integers=False))


def many_integers(name: str) -> BindParameter[Any]:
    """A parameter that takes a collection of integers."""
    return bindparam(name, type_=_Many(of_integers=True))


class _among(FunctionElement[bool]):  # noqa: N801 - reads as the SQL function that it is
    """Whether a column's value is one of those of a `many_…` parameter."""

    name = "among"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """As it is: SQLAlchemy would add `= 1` on SQLite, and then no index serves it."""
        return self


def among(column: ColumnElement[Any], values: BindParameter[Any]) -> ColumnElement[bool]:
    """`among(table.c.id, many_integers("ids"))`: whether the column's value is one of them."""
    return _among(column, values)


@compiles(_among, "sqlite")  # type: ignore[no-untyped-call,untyped-decorator,unused-ignore]
def _among_json(element: _among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    kind = "INTEGER" if isinstance(values.type, _Many) and values.type.of_integers else "TEXT"
    # Without the cast SQLite does not know the values' type, and reads the whole table instead of
    # the column's index.
    value = compiler.process(values, **options)
    listed = f"SELECT CAST(value AS {kind}) FROM json_each({value})"  # noqa: S608 - compiled parts
    return f"{compiler.process(column, **options)} IN ({listed})"


@compiles(_among, "postgresql")  # type: ignore[no-untyped-call,untyped-decorator,unused-ignore]
def _among_array(element: _among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    return f"{compiler.process(column, **options)} = ANY({compiler.process(values, **options)})"
