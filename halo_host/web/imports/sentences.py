"""Names from elsewhere within sentences of the host.

A provider's text is stored and shown as it is. Within a sentence though, a character that turns the
direction of writing would turn the host's own words after the name as well. Where a name stands
alone in its element, the browser ends that by itself.
"""

from __future__ import annotations

# Unicode's embeddings, overrides and isolates (UAX #9, 2.1 to 2.5), which last until they are
# ended. Marks such as U+200F reach no further than to their neighbours, and names need them.
_TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def undirected(text: str) -> str:
    """The sentence without what turns its direction: in messages, and the filter `undirected`."""
    return text if text.isascii() else text.translate(_TURNING)
