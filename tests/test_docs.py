"""What the documents say is so: commands, links, variables, hooks and examples."""

from __future__ import annotations

import inspect
import logging
import re
import shlex
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

import halo_host
from halo_host import Connection, EndOfList, ExternalUser, Secret, hookspecs
from halo_host.cli import main
from halo_host.connections.matching import Policy
from halo_host.imports.rules import CONFLICTS, Rule
from halo_host.plugins import Plugins

PROJECT = Path(__file__).resolve().parents[1]
DOCS = PROJECT / "docs"
PAGES = sorted(
    [
        *PROJECT.glob("*.md"),
        *DOCS.rglob("*.md"),
        *PROJECT.glob("plugins/*/*.md"),
        *PROJECT.glob("releases/*.md"),
        *PROJECT.glob("benchmarks/*.md"),
    ]
)
HOOKS = [name for name in vars(hookspecs) if name.startswith("halo_")]
VARIABLE = re.compile(r"HALO_[A-Z0-9]+(?:_[A-Z0-9]+)*_?")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _place(path: Path, text: str) -> str:
    return f"{path.relative_to(PROJECT)}: {text}"


# --- commands ------------------------------------------------------------------------------------


def _code(text: str) -> Iterator[str]:
    """The lines of code blocks, fenced or indented, and what stands between backticks."""
    fenced = False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield line
        else:
            yield from re.findall(r"`([^`]+)`", line)


def _commands(path: Path) -> Iterator[list[str]]:
    """The words of every halo-host command of a page, up to a pipe or a redirection."""
    for code in _code(_text(path)):
        for found in re.findall(r"(?<![\w/-])halo-host(?= )([^`]*)", code):
            words = shlex.split(re.split(r"(?: [>|]|&&|;|\\$)", found)[0], comments=True)
            if words:
                yield words


def _unknown(words: list[str]) -> str | None:
    """What of the command does not exist, or None."""
    command: click.Command = main
    context = click.Context(main)
    known = _options(command, context)
    while words:
        word, *words = words
        if word.startswith("-") and len(word) > 1 and not word[1].isdigit():
            name = word.split("=")[0]
            if name not in known:
                return name
            if known[name]:
                words = words[1:]
        elif isinstance(command, click.Group):
            if word == "…":
                return None
            if (below := command.get_command(context, word)) is None:
                return word
            command, context = below, click.Context(below, parent=context)
            known |= _options(command, context)
    return None


def _options(command: click.Command, context: click.Context) -> dict[str, bool]:
    """The command's options, and whether each takes a value."""
    return {
        name: not (option.is_flag or option.is_eager)
        for option in command.get_params(context)
        if isinstance(option, click.Option)
        for name in (*option.opts, *option.secondary_opts)
    } | {"--help": False, "-h": False}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_command_of_a_page_exists(page: Path) -> None:
    wrong = [
        _place(page, f"halo-host {shlex.join(words)} ({unknown})")
        for words in _commands(page)
        if (unknown := _unknown(words)) is not None
    ]
    assert not wrong, "\n".join(wrong)


def test_a_command_that_does_not_exist_would_be_found() -> None:
    assert _unknown(shlex.split("import show 3 --action new")) is None
    assert _unknown(shlex.split("--data FOLDER import run acme --dry-run")) is None
    assert _unknown(shlex.split("import shew 3")) == "shew"
    assert _unknown(shlex.split("import show 3 --colour red")) == "--colour"


def test_the_documents_show_commands_of_every_group() -> None:
    used = {words[0] for page in PAGES for words in _commands(page)}

    assert set(main.list_commands(click.Context(main))) <= used


def test_the_readme_begins_with_the_two_commands() -> None:
    blocks = re.findall(r"^    (.+)$", _text(PROJECT / "README.md"), re.MULTILINE)

    assert blocks[:2] == [
        "pip install . ./plugins/gocardless && halo-host demo",
        "pip install tox && tox",
    ]


# --- links ---------------------------------------------------------------------------------------


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _text(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def _broken_links(page: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)\)", _text(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            yield _place(page, target)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_link_and_picture_of_a_page_leads_somewhere(page: Path) -> None:
    assert not list(_broken_links(page))


def test_every_page_and_every_decision_stands_in_the_index() -> None:
    index = _text(DOCS / "index.md")
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} - {"index.md"}

    assert not {page for page in pages if f"]({page})" not in index}


# --- environment variables -----------------------------------------------------------------------


def _variables(*paths: Path) -> set[str]:
    """The variables that files name; those that an operator names count as one."""
    found = {name for path in paths for name in VARIABLE.findall(_text(path))}
    chosen = {name for name in found if name.startswith("HALO_SECRET_")}
    whole = {name for name in found - chosen if not name.endswith("_")}
    return whole | {"HALO_SECRET_" for _ in chosen}


def test_configuration_describes_every_variable_and_no_other() -> None:
    packages = [PROJECT / "halo_host", *PROJECT.glob("plugins/*/halo_*[a-z]")]
    code = [
        file
        for package in packages
        for file in package.rglob("*")
        if file.suffix in {".py", ".json"}
    ]
    named = _variables(*code, PROJECT / "tox.ini", PROJECT / "toxfile.py")

    assert named == _variables(DOCS / "configuration.md")


# --- hooks and words -----------------------------------------------------------------------------


def _signature(name: str) -> str:
    return f"{name}{inspect.signature(getattr(hookspecs, name))}".replace("'", "")


@pytest.mark.parametrize("name", HOOKS)
def test_the_plugin_page_has_the_signature_of_every_hook(name: str) -> None:
    assert f"`{_signature(name)}`" in _text(DOCS / "plugins.md").replace("\\|", "|")


def test_the_pages_for_operators_explain_every_policy_rule_and_conflict() -> None:
    operating, matching = _text(DOCS / "operating.md"), _text(DOCS / "matching.md")

    assert not [policy for policy in Policy if f"| `{policy.value}`" not in operating]
    assert not [kind for kind in CONFLICTS if f"| `{kind.value}` |" not in operating]
    assert not [rule for rule in Rule if f"`{rule.value}`" not in matching]


# --- examples ------------------------------------------------------------------------------------


class AcmeClient:
    """The provider's client that the examples leave to the reader."""

    def __init__(self, key: str) -> None:
        assert key == "a-key"

    def account(self) -> dict[str, str]:
        return {"name": "Acme Account"}

    def payers(self) -> list[dict[str, str]]:
        return [{"id": "P1", "email": "ann@acme.example"}, {"id": "P2"}]

    def payments(self, payers: tuple[str, ...], after: str | None) -> tuple[list[Any], None]:
        return [], None


def _module(*sources: str) -> ModuleType:
    """The sources as one module, with the names that they leave to the reader."""
    module = ModuleType("acme_pay")
    vars(module).update({name: getattr(halo_host, name) for name in halo_host.__all__})
    vars(module).update(
        AcmeClient=AcmeClient, logging=logging, contextmanager=contextmanager, to_payment=None
    )
    for source in sources:
        exec(compile(source, "example", "exec"), vars(module))  # noqa: S102 - our own examples
    return module


def _examples() -> list[str]:
    found = []
    for name in HOOKS:
        documentation = inspect.getdoc(getattr(hookspecs, name)) or ""
        _, example = documentation.split("Example::\n")
        assert f"def {name}(" in example
        found.append(textwrap.dedent(example))
    return found


def test_the_examples_of_all_hooks_together_are_a_plugin_that_works() -> None:
    plugins = Plugins(strict=True)
    plugins.add("acme", _module(*_examples()))
    connection = Connection(
        id=1,
        slug="acme-pay",
        integration="acme-pay",
        name="Acme",
        settings={"api_key": Secret("a-key")},
    )

    report = plugins.reports["acme"]
    assert report.ready
    assert report.hooks == tuple(sorted(HOOKS))
    assert plugins.ask("halo_check_connection", connection).account == "Acme Account"
    assert list(plugins.stream("halo_import_users", connection) or ()) == [
        ExternalUser(id="P1", email="ann@acme.example"),
        ExternalUser(id="P2"),
        EndOfList(records=2),
    ]
    fields = list(plugins.stream("halo_mappable_fields", connection) or [])
    assert [field.key for field in fields] == ["office"]
    (demo,) = plugins.demos()
    assert demo.integration == "acme-pay"


def test_the_plugin_of_the_plugin_page_is_ready() -> None:
    source, *_ = re.findall(r"```python\n(.*?)```", _text(DOCS / "plugins.md"), re.DOTALL)
    plugins = Plugins(strict=True)

    plugins.add("acme", _module(source))

    assert plugins.reports["acme"].integrations == ("acme-pay",)
