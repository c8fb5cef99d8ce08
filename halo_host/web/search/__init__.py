"""The search field on top of every page."""
