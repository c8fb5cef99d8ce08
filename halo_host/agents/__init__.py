"""Agents: the people who sign in to the host, their roles, sessions and API tokens."""
