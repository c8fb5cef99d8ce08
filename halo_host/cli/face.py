"""What every command shares: the host it works on, who is at the keyboard, how errors end."""

from __future__ import annotations

import functools
import getpass
import logging
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec

import click

from ..errors import HostError
from ..host import Host
from ..settings import Settings, settings_from
from .parameters import Number

P = ParamSpec("P")
# Numbers of things and of rows, as databases can hold them.
NUMBER = Number(0, 2**31 - 1)
LIMIT = Number(1, 1_000_000)


class Failure(click.ClickException):
    """A `HostError` on the command line: message and advice on standard error, exit status 1."""

    def __init__(self, error: HostError) -> None:
        super().__init__(error.message)
        self.advice = error.advice

    def show(self, file: Any = None) -> None:
        click.echo(f"Error: {printable(self.message)}", err=True)
        if self.advice:
            click.echo(printable(self.advice), err=True)


def settings_of(context: click.Context) -> Settings:
    options = context.find_root().obj
    return settings_from(os.environ, data=options["data"], database=options["database"])


def agent() -> str:
    """Who is at the keyboard, as audit rows name it."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):
        return "command line"


def with_host(command: Callable[Concatenate[Host, P], None]) -> Callable[P, None]:
    """Give a command the host as its first argument, and its errors an operator's form.

    There must be a database already: a mistyped folder is an error, and makes none.
    """
    return _with_host(command, begin=False)


def with_new_host(command: Callable[Concatenate[Host, P], None]) -> Callable[P, None]:
    """The same for a command that an installation may begin with: it makes the database."""
    return _with_host(command, begin=True)


def _with_host(command: Callable[Concatenate[Host, P], None], *, begin: bool) -> Callable[P, None]:
    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        _refuse_broken_text(kwargs)
        logging.basicConfig(format="%(message)s", level=logging.WARNING)
        try:
            with Host(settings_of(click.get_current_context()), begin=begin) as host:
                command(host, *args, **kwargs)
        except HostError as error:
            raise Failure(error) from None
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(1)
        except OSError as error:
            what = error.filename or "The output"
            raise click.ClickException(
                f"{what} cannot be read or written: {error.strerror}."
            ) from None

    return run


def _refuse_broken_text(arguments: Mapping[str, object]) -> None:
    """A byte that is no text in the terminal's encoding reaches Python as half a character."""
    for name, value in arguments.items():
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and any("\ud800" <= it <= "\udfff" for it in text):
                raise click.UsageError(f"The {name} is not valid text in this terminal's encoding.")


def printable(text: str) -> str:
    """Text of others, made safe for a terminal: control characters become visible."""
    return "".join(
        character if character.isprintable() or character == "\n" else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )
