"""The demo: a small directory, the twin of a provider, a first import."""
