"""What the rows of a file have said so far, which later rows must not contradict."""

from __future__ import annotations

from .report import Tally
from .rows import UserKey


class FileMemory:
    """One for each load, kept from batch to batch: some numbers for every row."""

    def __init__(self) -> None:
        self.customers = Tally()
        self.sites = Tally()
        self.users = Tally()
        # By customer, the line that was placed in it first.
        self.customer_lines: dict[int, int] = {}
        # By key of a customer's name, the first line that gave it without a reference.
        self.name_lines: dict[str, int] = {}
        # By user, its line and what that line knew it by.
        self.user_lines: dict[int, tuple[int, UserKey]] = {}
        # By customer, the site marked as its invoice site, and the line.
        self.invoice_sites: dict[int, tuple[int, int]] = {}
