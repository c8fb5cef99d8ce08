"""The ribbon of the activity: runs for everybody, the audit log for administrators."""

from __future__ import annotations

from collections.abc import Sequence

from ...agents.roles import Role
from ..directory.ribbon import RibbonTab
from ..shell.pages import the_agent


def activity_tabs() -> Sequence[RibbonTab]:
    runs = RibbonTab(slug="runs", title="Runs", url="/activity", icon="refresh")
    audit = RibbonTab(slug="audit", title="Audit log", url="/activity/audit", icon="history")
    return [runs, audit] if the_agent().role.allows(Role.ADMINISTRATOR) else [runs]
