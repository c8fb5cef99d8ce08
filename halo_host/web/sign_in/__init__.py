"""Signing in and out, and the links that work once."""
