"""What a file of rows looks like to the directory, whether it is CSV or XLSX."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row was skipped. `line` is the file's line in CSV, the row number in XLSX."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Row:
    """The texts of a row, from the first column on; it may be shorter than the headings.

    `refused` says of cells, by their position, why their content cannot be taken.
    """

    line: int
    cells: Sequence[str]
    refused: Mapping[int, str] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        return not self.refused and not any(cell.strip() for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Sheet:
    """An opened file: its headings, then its rows as a stream, read once."""

    headings: Sequence[str]
    rows: Iterator[Row | Problem]
    warnings: Sequence[str] = ()
