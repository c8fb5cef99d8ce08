"""The rules of the house that nobody should have to remember: imports run one way, the host names
no provider, plugins use the public API alone, and nothing depends on one machine."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
HOST = PROJECT / "halo_host"
PLUGINS = sorted(PROJECT.glob("plugins/*/halo_*"))

# From the ground up: a module imports from its own storey and from those below it. The rooms of one
# storey may use each other, though never in a circle. A new module or room is added here.
STOREYS = (
    {"errors", "types", "streams", "tab_types", "markers", "only_once", "plurals", "csv_texts"},
    {
        "amounts",
        "masking",
        "logs",
        "hookspecs",
        "settings",
        "processes",
        "config_schema",
        "database",
        "audit",
        "audit_search",
    },
    {"plugins"},
    {
        "agents",
        "audit_file",
        "directory",
        "connections",
        "jobs",
        "alerts",
        "imports",
        "tabs",
        "sync",
        "payments",
        "webhooks",
    },
    {"host"},
    {"cli", "web", "api", "demo", "testing", "integrator"},
)
STANDARD_LIBRARY_ONLY = ("errors", "types", "streams", "tab_types")
PUBLIC_API_HOMES = {"errors", "types", "streams", "tab_types", "markers"}
PROVIDERS = re.compile(r"gocardless|stripe", re.IGNORECASE)
# A path that begins at the root of somebody's machine, as a literal in a text.
MACHINE_PATH = re.compile(r"""(?<![\w.~}\])/:-])/(?:root|home|work|tmp|Users)/[A-Za-z.]""")
NOT_OURS = {"build", "dist", "node_modules", "vendor", "__pycache__"}


def _files(folder: Path, *suffixes: str) -> Iterator[Path]:
    """The project's own files: no caches, no environments, nothing that a build left."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") and part != ".ci" for part in parts)
        ours = not hidden and not NOT_OURS.intersection(parts) and ".egg-info" not in str(path)
        if ours and path.is_file() and (not suffixes or path.suffix in suffixes):
            yield path


def _text(path: Path) -> str:
    """The text of a file, or nothing for one that is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def _imports(path: Path, package_root: Path) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of all that a module imports, at its top or deep inside."""
    package = path.relative_to(package_root).parent.parts
    for node in ast.walk(ast.parse(_text(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*start, node.module) if node.module else start)
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}"


def _storey(room: str) -> int:
    for number, rooms in enumerate(STOREYS):
        if room in rooms:
            return number
    raise AssertionError(f"halo_host/{room} has no storey yet: say in STOREYS where it belongs.")


def _rooms_used(path: Path) -> Iterator[tuple[int, str]]:
    """What of the host a host's module imports: `database` for `halo_host.database.tables`."""
    for line, name in _imports(path, PROJECT):
        parts = name.split(".")
        if parts[0] == "halo_host" and len(parts) > 1 and _is_room(parts[1]):
            yield line, parts[1]


def _is_room(name: str) -> bool:
    """Else it is a name of the public API, as in `from halo_host import __version__`."""
    return (HOST / name).is_dir() or (HOST / f"{name}.py").is_file()


def _room(path: Path) -> str:
    return path.relative_to(HOST).parts[0].removesuffix(".py")


def _place(path: Path, line: int) -> str:
    return f"{path.relative_to(PROJECT)}:{line}"


def test_the_host_imports_from_the_ground_up() -> None:
    wrong = [
        f"{_place(path, line)} imports {used}"
        for path in _files(HOST, ".py")
        if (room := _room(path)) not in {"__init__", "__main__"}
        for line, used in _rooms_used(path)
        if _storey(used) > _storey(room)
    ]
    assert not wrong


def test_the_rooms_of_the_host_import_each_other_in_no_circle() -> None:
    uses: dict[str, set[str]] = {}
    for path in _files(HOST, ".py"):
        room = _room(path)
        uses.setdefault(room, set()).update(
            used for _, used in _rooms_used(path) if used != room and room != "__init__"
        )
    assert _circle(uses) is None


def _circle(uses: dict[str, set[str]]) -> list[str] | None:
    def walk(trail: list[str]) -> list[str] | None:
        for used in sorted(uses.get(trail[-1], ())):
            if used in trail:
                return [*trail[trail.index(used) :], used]
            if used not in done and (found := walk([*trail, used])):
                return found
        done.add(trail[-1])
        return None

    done: set[str] = set()
    for room in sorted(uses):
        if room not in done and (found := walk([room])):
            return found
    return None


def test_a_circle_would_be_found() -> None:
    found = _circle({"a": {"b"}, "b": {"c"}, "c": {"d", "b"}, "d": set()})

    assert found == ["b", "c", "b"]
    assert list(pairwise(found)) == [("b", "c"), ("c", "b")]


@pytest.mark.parametrize("module", STANDARD_LIBRARY_ONLY)
def test_what_crosses_the_plugin_boundary_needs_the_standard_library_only(module: str) -> None:
    wrong = [
        f"{_place(path, line)} imports {name}"
        for path in [HOST / f"{module}.py"]
        for line, name in _imports(path, PROJECT)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not name.startswith(tuple(f"halo_host.{each}" for each in STANDARD_LIBRARY_ONLY))
    ]
    assert not wrong


def test_the_public_api_comes_from_the_ground_floor() -> None:
    used = {room for _, room in _rooms_used(HOST / "__init__.py")}

    assert used <= PUBLIC_API_HOMES


def test_plugins_import_the_public_api_of_the_host_alone() -> None:
    import halo_host

    public = {f"halo_host.{name}" for name in halo_host.__all__} | {"halo_host"}
    assert PLUGINS
    wrong = [
        f"{_place(path, line)} imports {name}"
        for plugin in PLUGINS
        for path in _files(plugin, ".py")
        for line, name in _imports(path, plugin.parent)
        if name.split(".")[0] == "halo_host" and name not in public
    ]
    assert not wrong


def test_the_host_and_its_schemas_name_no_provider() -> None:
    wrong = [
        _place(path, number)
        for folder in (HOST, PROJECT / "schemas")
        for path in _files(folder)
        for number, line in enumerate([path.name, *_text(path).splitlines()])
        if PROVIDERS.search(line)
    ]
    assert not wrong


def test_no_file_names_a_path_of_one_machine() -> None:
    wrong = [
        f"{_place(path, number)}: {line.strip()[:80]}"
        for path in _files(PROJECT)
        for number, line in enumerate(_text(path).splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('open("/' + 'home/anna/x")', True),
        ("cd /" + "work/project", True),
        ("sqlite:////var/lib/x.db", False),
        ("https://example.com/home/page", False),
        ('"/customers/work/orders"', False),
    ],
)
def test_paths_of_a_machine_are_told_from_other_text(text: str, found: bool) -> None:
    assert bool(MACHINE_PATH.search(text)) is found


def test_every_hook_and_every_public_name_says_what_it_is_for() -> None:
    import halo_host

    undocumented = [
        _place(HOST / "hookspecs.py", node.lineno)
        for node in ast.parse(_text(HOST / "hookspecs.py")).body
        if isinstance(node, ast.FunctionDef) and not ast.get_docstring(node)
    ]
    for name in halo_host.__all__:
        value = getattr(halo_host, name)
        # A dataclass without a docstring gets its signature as one.
        if isinstance(value, type) and (value.__doc__ or "").startswith((f"{name}(", "None")):
            undocumented.append(f"halo_host.{name}")
    assert not undocumented
