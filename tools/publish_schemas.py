"""Write the published contracts of schemas/ from the code: `python tools/publish_schemas.py`.

- `schemas/connection.json`: the JSON Schema of what the host keeps for every connection.
- `schemas/hooks/N.json`: the signatures of every hook of level N.
- `schemas/types.json`: the public API's types and functions, as a plugin builds and reads them.

`--check` writes nothing and says what differs. A change that could break a plugin is refused,
unless `--unreleased` says that no released host has the level yet.
"""

from __future__ import annotations

import argparse
import enum
import inspect
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
SCHEMAS = PROJECT / "schemas"

Contract = dict[str, Any]


def contracts() -> dict[str, Contract]:
    """What the code says now, by the file's path inside schemas/."""
    import halo_host
    from halo_host.connections.matching import connection_schema

    return {
        "connection.json": connection_schema(),
        f"hooks/{halo_host.HOOK_API}.json": {
            "hook_api": halo_host.HOOK_API,
            "hooks": hook_signatures(),
        },
        "types.json": {"types": public_types()},
    }


def hook_signatures() -> dict[str, Contract]:
    """Each hook: its arguments in their order, what it returns, whether one result is enough."""
    from halo_host import hookspecs

    found = {}
    for name, hook in vars(hookspecs).items():
        if name.startswith("halo_") and callable(hook):
            options = getattr(hook, f"{hookspecs.hookspec.project_name}_spec")
            found[name] = _signature(hook) | {"firstresult": bool(options["firstresult"])}
    return found


def public_types() -> dict[str, Contract]:
    """Every class that a plugin may import: how it is built, and what it answers."""
    import halo_host

    public = {name: getattr(halo_host, name) for name in halo_host.__all__}
    return {name: _described(it) for name, it in public.items() if inspect.isclass(it)}


def _described(type_: type) -> Contract:
    if issubclass(type_, enum.Enum):
        return {"values": {member.name: member.value for member in type_}}
    members: Contract = {}
    for name, member in vars(type_).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            members[name] = {"returns": _signature(member.fget)["returns"]}
        elif inspect.isfunction(member):
            members[name] = _signature(member)
    built = {} if getattr(type_, "_is_protocol", False) else _built(type_)
    return built | ({"members": members} if members else {})


def _built(type_: type) -> Contract:
    return {"built_from": _signature(type_)["arguments"]}


def _signature(function: Any) -> Contract:
    """The same text on every Python: annotations stand as they are written in the source."""
    signature = inspect.signature(function)
    return {
        "arguments": [
            {
                "name": parameter.name,
                "kind": parameter.kind.description,
                "annotation": _annotation(parameter.annotation),
                "required": parameter.default is parameter.empty,
            }
            for parameter in signature.parameters.values()
            if parameter.name != "self"
        ],
        "returns": _annotation(signature.return_annotation),
    }


def _annotation(annotation: Any) -> str | None:
    if annotation is inspect.Signature.empty:
        return None
    return str(getattr(annotation, "__forward_arg__", annotation))


# --- what a plugin would notice ------------------------------------------------------------------


def broken_promises(published: Contract, present: Contract) -> list[str]:
    """What in `present` could break a plugin that was written to `published`.

    Within a level, a type may get new optional fields, values and members, and nothing else may
    change: a hook's signature never does. A JSON Schema accepts at least what it accepted before.
    """
    level = published.get("hook_api")
    if level is not None:
        return _broken_hooks(published["hooks"], present["hooks"], level)
    if "types" in published:
        return _broken_types(published["types"], present["types"])
    return refused_values(published, present)


def _broken_hooks(published: Contract, present: Contract, level: int) -> list[str]:
    advice = f"level {level} promises it; raise HOOK_API to make a new level"
    return [
        f"{name}: its signature changed, was added or taken away, but {advice}."
        for name in sorted({*published, *present})
        if published.get(name) != present.get(name)
    ]


def _broken_types(published: Contract, present: Contract) -> list[str]:
    broken = []
    for name, promised in published.items():
        now = present.get(name)
        if now is None:
            broken.append(f"{name} is no longer in the public API.")
            continue
        for part in ("values", "members"):
            for key, value in promised.get(part, {}).items():
                if now.get(part, {}).get(key) != value:
                    broken.append(f"{name}.{key} changed or was taken away.")
        broken += _broken_building(name, promised.get("built_from", []), now.get("built_from", []))
    return broken


def _broken_building(name: str, promised: list[Contract], now: list[Contract]) -> list[str]:
    present = {argument["name"]: argument for argument in now}
    broken = [
        f"{name}({argument['name']}) changed or was taken away."
        for argument in promised
        if present.pop(argument["name"], None) != argument
    ]
    return broken + [
        f"{name}({argument['name']}) is new and has no default."
        for argument in present.values()
        if argument["required"]
    ]


_SAID_ONLY = {"$id", "$schema", "title", "description", "default"}


def refused_values(published: Contract, present: Contract, place: str = "") -> list[str]:
    """Where a JSON Schema may refuse a value that the published one accepts.

    Known to be harmless are another wording, more choices, properties and definitions, fewer
    demands. Whatever else differs is named, so that somebody looks at it.
    """
    broken = []
    for key in sorted({*published, *present} - _SAID_ONLY):
        path = f"{place}/{key}"
        before, now = published.get(key), present.get(key)
        if key in {"properties", "$defs"}:
            kept = now or {}
            for name, schema in (before or {}).items():
                if name in kept:
                    broken += refused_values(schema, kept[name], f"{path}/{name}")
                else:
                    broken.append(f"{path}/{name} was taken away.")
        elif isinstance(before, dict) and isinstance(now, dict):
            broken += refused_values(before, now, path)
        elif key == "enum" and isinstance(before, list) and isinstance(now, list):
            broken += [f"{path} refuses {it!r}." for it in before if it not in now]
        elif key == "required":
            broken += [f"{path} asks for {it}." for it in now or () if it not in (before or ())]
        elif before != now:
            broken.append(f"{path} changed from {before!r} to {now!r}.")
    return broken


# --- files ---------------------------------------------------------------------------------------


def differing(folder: Path) -> list[str]:
    """The published files that are not what the code says, by name."""
    present = contracts()
    return [name for name, contract in present.items() if _text(folder, name) != _written(contract)]


def publish(folder: Path, *, unreleased: bool) -> list[str]:
    """Write what differs; the names written.

    :raises SystemExit: a file promises plugins something that no longer holds.
    """
    present = contracts()
    changed = differing(folder)
    for name in changed:
        text = _text(folder, name)
        broken = [] if unreleased or not text else broken_promises(json.loads(text), present[name])
        if broken:
            raise SystemExit("\n".join([f"schemas/{name} is published and would break:", *broken]))
    for name in changed:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_written(present[name]), encoding="utf-8")
    return changed


def _text(folder: Path, name: str) -> str:
    file = folder / name
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _written(contract: Mapping[str, Any]) -> str:
    return json.dumps(contract, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing, say what differs")
    parser.add_argument(
        "--unreleased", action="store_true", help="no released host has this level yet"
    )
    options = parser.parse_args(arguments)
    if options.check:
        stale = differing(SCHEMAS)
        for name in stale:
            print(f"schemas/{name} is not what the code says.")
        return 1 if stale else 0
    for name in publish(SCHEMAS, unreleased=options.unreleased):
        print(f"schemas/{name} is written.")
    return 0


if __name__ == "__main__":
    # The tree beside this file is published, whatever is installed.
    sys.path.insert(0, str(PROJECT))
    sys.exit(main())
