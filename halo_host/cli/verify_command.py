"""`halo-host verify`: compare a mirror with its provider, print every difference, repair."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from ..errors import HostError
from ..host import Host
from ..jobs.job import Why
from ..jobs.lease import Lease
from ..sync.proof import Proof
from .face import agent, printable, with_host
from .output import print_json, print_table


@click.command()
@click.argument("connection", required=False)
@click.option("--repair", is_flag=True, help="Mend what differs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_host
def command(host: Host, connection: str | None, repair: bool, as_json: bool) -> None:
    """Compare the mirror with the provider: counts, ids, statuses, details, sums by currency.

    What has changed since the last sync is taken in first. Then every record of the provider is
    read, payouts' lines too, and every difference is printed. A repair reads what differs again,
    and removes what the provider does not have; the audit log keeps it. The exit status is 1 where
    differences are left.

    \b
    Example:
      halo-host verify
      halo-host verify acme-pay --repair
    """
    slugs = [connection] if connection else list(_mirrored(host))
    proofs = [_prove(host, slug, repair) for slug in slugs]
    if as_json:
        print_json([_plain(proof) for proof in proofs])
    else:
        for proof in proofs:
            _show(proof)
        if not proofs:
            click.echo("No enabled connection has a mirror.")
    if any(proof.left for proof in proofs):
        raise click.exceptions.Exit(1)


def _mirrored(host: Host) -> Iterator[str]:
    for details in host.connections.all():
        if details.enabled and host.sync.mirrors(details.slug):
            yield details.slug


def _prove(host: Host, slug: str, repair: bool) -> Proof:
    """Under a job of its own, so that it stands in the history and nobody syncs meanwhile."""
    host.sync.refuse_unfilled(slug)
    lease: Lease = host.jobs.begin(
        "verify",
        slug,
        agent=agent(),
        why=Why.REPAIR if repair else Why.HAND,
        arguments={"repair": True} if repair else {},
    )
    try:
        proof = host.sync.verify(lease, repair=repair)
    except HostError as error:
        host.jobs.fail(lease, error)
        raise
    except BaseException:
        host.jobs.give_back(lease)
        raise
    host.jobs.finish(lease, str(proof))
    return proof


def _show(proof: Proof) -> None:
    for difference in proof.differences:
        click.echo(printable(str(difference)))
    print_table(
        ["", "in the mirror", "at the provider", "sums in the mirror", "sums at the provider"],
        (
            (
                kind.replace("_", " "),
                f"{sides['mirror']['records']:,}",
                f"{sides['provider']['records']:,}",
                "\n".join(sides["mirror"]["sums"].values()),
                "\n".join(sides["provider"]["sums"].values()),
            )
            for kind, sides in proof.counts.items()
        ),
    )
    click.echo(f"{proof.connection}: {proof}")
    if proof.left and not proof.repaired:
        click.echo(f"Mend them with: halo-host verify {proof.connection} --repair")
    for difference in proof.left if proof.repaired else ():
        click.echo(printable(f"Left: {difference}"))


def _plain(proof: Proof) -> dict[str, Any]:
    return {
        "connection": proof.connection,
        "at": proof.at,
        "differences": [
            {
                "kind": it.kind.value,
                "id": it.id,
                "what": it.what.value,
                "mirror": it.mirror,
                "provider": it.provider,
            }
            for it in proof.differences
        ],
        "left": len(proof.left),
        "repaired": proof.repaired,
        "counts": proof.counts,
    }
