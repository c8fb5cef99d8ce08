"""`halo-host plugins`"""

from __future__ import annotations

from dataclasses import asdict

import click

from ..host import Host
from .face import with_host
from .output import print_json, print_table


@click.command("plugins")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_host
def command(host: Host, as_json: bool) -> None:
    """Show every plugin found: version, state, reason, hooks.

    A plugin with an error is left out and harms nothing else. Set HALO_HOST_STRICT=1 to see the
    whole error instead.
    """
    reports = list(host.plugins.reports.values())
    if as_json:
        print_json([asdict(report) for report in reports])
        return
    if not reports:
        click.echo("No plugin is installed. Install one with pip, then run this again.")
        return
    print_table(
        ("Plugin", "Distribution", "Version", "State", "Integrations", "Hooks"),
        (
            (
                report.name,
                report.distribution,
                report.version,
                "ready" if report.ready else "not used",
                ", ".join(report.integrations),
                len(report.hooks),
            )
            for report in reports
        ),
    )
    for report in reports:
        if report.ready:
            click.echo(f"\n{report.name}: {', '.join(report.hooks)}")
        else:
            click.echo(f"\n{report.label} is not used: {report.reason}.\n{report.advice}")
