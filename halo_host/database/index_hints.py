"""`select(…).with_hint(table, "INDEXED BY ix_name", "sqlite")`: name the index a query goes by.

SQLite's planner has no figures of our tables to choose by. A query whose named index is gone fails,
which a test notices; PostgreSQL chooses for itself. SQLAlchemy leaves hints out on SQLite unless
the dialect's compiler says how to write them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler


class _Compiler(SQLiteCompiler):
    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        return text


def take_index_hints(engine: Engine) -> None:
    """Let the statements of an SQLite engine name their indexes."""
    engine.dialect.statement_compiler = _Compiler
