"""Payments of all users: what failed, what came in, and each one in full."""
