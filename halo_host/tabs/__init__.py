"""The tabs that plugins add to the user page: loaded when opened, rendered by the host."""
