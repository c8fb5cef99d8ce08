"""Secret settings by reference, on the command line alone.

`{"$env": "HALO_SECRET_NAME"}` takes the value from the environment, `{"$file": "NAME"}` from a file
of that name in the folder HALO_HOST_SECRETS_DIR. Only `writeOnly` settings may be references:
anything else would be readable afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InvalidInput

_ENVIRONMENT_PREFIX = "HALO_SECRET_"


def resolved(
    settings: Mapping[str, Any], secret_names: set[str], environment: Mapping[str, str]
) -> dict[str, Any]:
    """The settings with every reference replaced by its value.

    :raises InvalidInput: a reference is in a setting that is no secret, or leads nowhere.
    """
    return {
        name: _value(name, value, name in secret_names, environment)
        for name, value in settings.items()
    }


def _value(name: str, value: Any, is_secret: bool, environment: Mapping[str, str]) -> Any:
    if not isinstance(value, dict) or not value.keys() & {"$env", "$file"}:
        return value
    if not is_secret:
        raise InvalidInput(
            f"{name} is no secret, so it cannot be taken from the environment or a file.",
            advice="Give its value itself.",
        )
    match value:
        case {"$env": str(variable), **rest} if not rest:
            return _from_environment(name, variable, environment)
        case {"$file": str(file), **rest} if not rest:
            return _from_file(name, file, environment)
    raise InvalidInput(
        f"The reference in {name} is not understood.",
        advice='Write {"$env": "HALO_SECRET_NAME"} or {"$file": "NAME"}.',
    )


def _from_environment(name: str, variable: str, environment: Mapping[str, str]) -> str:
    if not variable.startswith(_ENVIRONMENT_PREFIX):
        raise InvalidInput(
            f"{name} may be taken only from variables whose name begins with {_ENVIRONMENT_PREFIX}."
        )
    value = environment.get(variable, "").strip()
    if not value:
        raise InvalidInput(f"The variable {variable[:80]} for {name} is not set, or empty.")
    return value


def _from_file(name: str, file: str, environment: Mapping[str, str]) -> str:
    folder = environment.get("HALO_HOST_SECRETS_DIR")
    if not folder:
        raise InvalidInput(
            f"{name} is to be read from a file, but HALO_HOST_SECRETS_DIR is not set.",
            advice="Set it to the folder that holds the secret's file.",
        )
    root = Path(folder).resolve()
    if Path(file).name != file or file in {"", ".", ".."}:
        raise InvalidInput(f"The file for {name} must be a plain name inside {root}.")
    try:
        path = (root / file).resolve()
        if not path.is_relative_to(root):
            raise InvalidInput(f"The file for {name} leads out of {root}.")
        value = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise InvalidInput(f"The file {file[:80]} for {name} cannot be read in {root}.") from None
    if not value:
        raise InvalidInput(f"The file {file[:80]} for {name} is empty.")
    return value
