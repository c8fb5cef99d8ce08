"""What pages call roles and ways to sign in."""

from __future__ import annotations

from collections.abc import Mapping

from ...agents.roles import Role

ROLE_HELP: Mapping[Role, str] = {
    Role.VIEWER: "Viewer – reads",
    Role.OPERATOR: "Operator – also imports and maps",
    Role.ADMINISTRATOR: "Administrator – everything",
}
METHODS: Mapping[str, str] = {
    "password": "Password",
    "provider": "Single sign-on",
    "link": "One-time link",
}


def role_choices(most: Role = Role.ADMINISTRATOR) -> list[tuple[str, str]]:
    """For a select; roles above `most` are left out."""
    return [(role.value, text) for role, text in ROLE_HELP.items() if most.allows(role)]


def browser_in_short(text: str) -> str:
    """ "Firefox on Windows" of a User-Agent, or its beginning: enough to know a session again."""
    browsers = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome",
                "Safari/": "Safari"}  # fmt: skip
    systems = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows",
               "Mac OS": "macOS", "Linux": "Linux"}  # fmt: skip
    browser = next((name for mark, name in browsers.items() if mark in text), "")
    system = next((name for mark, name in systems.items() if mark in text), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or text[:40] or "Unknown browser"
