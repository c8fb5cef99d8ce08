"""The neutral mirror of what providers hold: read for tabs, lists and sums."""
