"""Importing users: history, a change set and its rows, decisions, undo."""
