"""Configuration > Integrations: the tiles, and the module page of each connection."""
