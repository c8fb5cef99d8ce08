"""What is tested is what is installed, and what is installed is whole."""

from __future__ import annotations

import ast
import os
from importlib.metadata import distribution
from pathlib import Path

import halo_host

PROJECT = Path(__file__).resolve().parents[1]
SOURCE = PROJECT / "halo_host"
INSTALLED = Path(halo_host.__file__).parent
# tox names the folder that it installed the host into. Without tox, any installation will do.
EXPECTED_LOCATION = os.environ.get("HALO_HOST_EXPECTED_LOCATION", str(INSTALLED.parent))
HOST = distribution("halo-host")


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _version_of_the_tree() -> str:
    for node in ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__version__")], value=ast.Constant(value=str(v))):
                return v
    raise AssertionError("halo_host/__init__.py sets no __version__")


def test_the_host_under_test_is_the_one_that_tox_installed() -> None:
    assert str(INSTALLED.parent) == EXPECTED_LOCATION
    assert halo_host.__version__ == HOST.version == _version_of_the_tree()


def test_every_file_of_the_host_is_installed_and_nothing_else() -> None:
    source, installed = _files(SOURCE), _files(INSTALLED)

    assert sorted(source) == sorted(installed)
    assert [name for name in source if source[name] != installed[name]] == []


def test_the_distribution_brings_no_other_package() -> None:
    assert HOST.files is not None
    folders = {file.parts[0] for file in HOST.files if file.parts[0] != ".."}

    assert {name for name in folders if not name.endswith(".dist-info")} == {"halo_host"}


def test_type_checkers_of_plugin_authors_see_the_types() -> None:
    assert (INSTALLED / "py.typed").is_file()


def test_the_metadata_say_what_the_host_is_and_under_which_licence() -> None:
    metadata = HOST.metadata

    assert metadata["Name"] == "halo-host"
    assert metadata["Requires-Python"] == ">=3.11"
    # Which of the two it is, the version of setuptools decides.
    assert "MIT" in [metadata.get(field) for field in ("License-Expression", "License")]
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Description-Content-Type"] == "text/markdown"
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert metadata.json["description"].strip() == readme.strip()


def test_the_command_line_is_installed() -> None:
    (command,) = HOST.entry_points.select(group="console_scripts")

    assert command.name == "halo-host"
    assert callable(command.load())
