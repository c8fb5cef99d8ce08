"""Tabs of plugins on a user's page."""
