"""Where the host keeps its data and how it behaves: the environment, read once.

`HALO_HOST_DATA` is the folder of the embedded database and the key file, `HALO_HOST_DATABASE` the
database's address when it is another. Every variable is described in docs/configuration.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from .errors import InvalidInput


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The settings of one host. Secrets among them stay out of `repr`."""

    data: Path
    database_url: str
    strict: bool = False
    locale: str = "en_GB"
    timezone: str = "UTC"

    @property
    def key_file(self) -> Path:
        return self.data / "secret.key"


def settings_from(
    environment: Mapping[str, str], *, data: Path | None = None, database: str | None = None
) -> Settings:
    """Read the environment; `data` and `database` win over it. Makes no folder."""
    folder = (data or _data_folder(environment)).expanduser().absolute()
    return Settings(
        data=folder,
        database_url=database or environment.get("HALO_HOST_DATABASE") or embedded_database(folder),
        strict=_switch(environment, "HALO_HOST_STRICT"),
        locale=environment.get("HALO_HOST_LOCALE") or "en_GB",
        timezone=environment.get("HALO_HOST_TIMEZONE") or "UTC",
    )


def embedded_database(folder: Path) -> str:
    """The address of the SQLite database in a data folder, whatever characters its name has."""
    return f"sqlite:///{quote(str(folder / 'halo-host.db'))}"


def make_folder(settings: Settings) -> None:
    """Make the data folder, readable by its owner alone.

    :raises InvalidInput: it cannot be made.
    """
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(
            f"The data folder {settings.data} cannot be made: {error.strerror}.",
            advice="Name another with --data or HALO_HOST_DATA.",
        ) from None


def _data_folder(environment: Mapping[str, str]) -> Path:
    named = environment.get("HALO_HOST_DATA")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_data_dir("halo-host", appauthor=False))


def _switch(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name, "").strip().lower()
    if value in {"", "0", "false", "no", "off"}:
        return False
    if value in {"1", "true", "yes", "on"}:
        return True
    raise InvalidInput(f"{name} is neither on nor off.", advice=f"Set {name}=1 or {name}=0.")
