"""Whether there is a database of the host where the settings say: asked by whatever only reads."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from ..errors import DatabaseError
from ..settings import Settings, embedded_database
from .database import Database
from .store import HOST
from .upgrade import Age, age

_BEGIN = (
    "A new installation begins with `halo-host connections enable`, `halo-host customers add` or "
    "`halo-host directory import`; `halo-host demo` fills a folder to try it all."
)


def refuse_unless_begun(settings: Settings) -> None:
    """Call before the database is opened by a command that must not make one. Nothing is made.

    :raises DatabaseError: there is no database, or it is empty; the advice says what was meant.
    """
    is_embedded = settings.database_url == embedded_database(settings.data)
    file = HOST.file(settings.database_url)
    if file is not None and not file.exists():
        where = f"the data folder {settings.data}" if is_embedded else str(file)
        raise DatabaseError(f"There is no database in {where}.", advice=_advice(settings, file))
    with closing(Database(settings.database_url)) as database:
        if age(database) is Age.EMPTY:
            raise DatabaseError(
                f"The database {database.label} is empty.", advice=_advice(settings, file)
            )


def _advice(settings: Settings, file: Path | None) -> str:
    if settings.database_url != embedded_database(settings.data):
        return f"Check --database and HALO_HOST_DATABASE_URL. {_BEGIN}"
    demo = settings.data / "demo"
    if file is not None and (demo / file.name).exists():
        return f"That of the demo is in {demo}: name this folder with --data or HALO_HOST_DATA."
    return f"Check --data and HALO_HOST_DATA. {_BEGIN}"
