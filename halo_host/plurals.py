"""Counts of things in messages."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """ "1 payment", "1,204 payments"; `plural` where it is more than an added s."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
