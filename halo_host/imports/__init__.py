"""From payers to users: match, change set, apply, undo."""
