"""Which ids a list has named: a million of them in eight megabytes."""

from __future__ import annotations

from array import array
from bisect import bisect_left

from ..database.columns import clean_text
from ..streams import Batch
from .raw import digest_of


class Present:
    """Which ids a list has named, in eight bytes each."""

    def __init__(self) -> None:
        self.unknown = 0
        self._digests = array("q")
        self._sorted = True

    def see(self, batch: Batch) -> None:
        for record in batch.records:
            identity = getattr(record, "id", None)
            if identity is None:
                self.unknown += 1
            else:
                self._digests.append(digest_of(clean_text(identity).encode()))
        self._sorted = False

    def __len__(self) -> int:
        return len(self._digests)

    def __contains__(self, identity: str) -> bool:
        if not self._sorted:
            self._digests = array("q", sorted(self._digests))
            self._sorted = True
        digest = digest_of(identity.encode())
        place = bisect_left(self._digests, digest)
        return place < len(self._digests) and self._digests[place] == digest
