"""What providers are called, so that a page can say where a row opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...connections.connections import ConnectionDetails
from ...host import Host


def providers(host: Host, connections: Iterable[ConnectionDetails]) -> Mapping[str, str]:
    """The title of each connection's integration by its slug; "" where its plugin is gone."""
    titles = {it.slug: it.title for it in host.plugins.integrations}
    return {it.slug: titles.get(it.integration, "") for it in connections}


def only_provider(named: Mapping[str, str]) -> str:
    """The one that all of them have; "" where there are several."""
    (*found,) = set(named.values())
    return found[0] if len(found) == 1 else ""
