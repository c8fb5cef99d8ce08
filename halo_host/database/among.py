"""`column IN (many values)` with one bound value, so that the statement is made only once.

An expanding parameter would write a placeholder for each value at each execution, which cost an
import more than the look-up itself (see benchmarks/README.md).
"""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import ARRAY, BigInteger, BindParameter, ColumnElement, Dialect, Text, bindparam
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


class _listed(FunctionElement[Any]):  # noqa: N801 - reads as the SQL function that it is
    """The values of a `many_…` parameter as a subquery."""

    name = "listed"
    inherit_cache = True


def among(column: ColumnElement[Any], values: BindParameter[Any]) -> ColumnElement[bool]:
    """`among(table.c.id, many_integers("ids"))`: whether the column's value is one of them."""
    return column.bool_op("IN")(_listed(values))


@compiles(_listed, "sqlite")  # type: ignore[no-untyped-call,untyped-decorator,unused-ignore]
def _listed_json(element: _listed, compiler: SQLCompiler, **options: Any) -> str:
    (values,) = element.clauses
    kind = "INTEGER" if isinstance(values.type, _Many) and values.type.of_integers else "TEXT"
    # Without the cast SQLite does not know the values' type, and reads the whole table instead of
    # the column's index.
    value = compiler.process(values, **options)
    return f"(SELECT CAST(value AS {kind}) FROM json_each({value}))"  # noqa: S608 - compiled parts


@compiles(_listed, "postgresql")  # type: ignore[no-untyped-call,untyped-decorator,unused-ignore]
def _listed_array(element: _listed, compiler: SQLCompiler, **options: Any) -> str:
    (values,) = element.clauses
    return f"(SELECT unnest({compiler.process(values, **options)}))"
