"""What `halo-host demo` does, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from ..connections.matching import Policy
from ..errors import HostError, InvalidInput
from ..host import Host
from ..imports.imports import RunResult
from ..imports.run import Progress
from ..jobs.job import Job
from ..types import DemoConnection, DemoCustomer
from .people import DEFAULT_SITE_CUSTOMER, demo_customers

AGENT = "demo"


@dataclass(frozen=True, slots=True)
class RunningDemo:
    """A connection of the demo, while its twin runs."""

    connection: str
    hints: tuple[str, ...]


def seed_directory(host: Host) -> Sequence[DemoCustomer]:
    """Fill an empty directory with the demo's customers, sites and users."""
    customers = demo_customers()
    if host.directory.customers(limit=1):
        return customers
    for customer in customers:
        host.directory.add_customer(customer.name, site_names=customer.sites, agent=AGENT)
        for person in customer.people:
            host.directory.add_user(
                f"{customer.name}/{customer.sites[0]}",
                {
                    "given_name": person.given_name,
                    "family_name": person.family_name,
                    "email": person.email,
                },
                agent=AGENT,
            )
    host.directory.add_customer(DEFAULT_SITE_CUSTOMER, agent=AGENT)
    return customers


@contextmanager
def running_twins(host: Host, customers: Sequence[DemoCustomer]) -> Iterator[list[RunningDemo]]:
    """Start the twin of every plugin that has one, and enable a connection to each.

    :raises InvalidInput: no plugin takes part in the demo.
    """
    with ExitStack() as stack:
        running = []
        for demo in host.plugins.demos():
            twin = stack.enter_context(demo.start(customers, host.settings.data))
            _enable(host, demo.integration, twin)
            running.append(RunningDemo(demo.integration, twin.hints))
        if not running:
            raise InvalidInput(
                "No installed plugin takes part in the demo.",
                advice="Install one, for example: pip install ./plugins/NAME",
            )
        yield running


def first_import(host: Host, connection: str, progress: Progress) -> RunResult:
    return host.imports.run(connection, agent=AGENT, progress=progress)


def first_sync(host: Host, connection: str) -> Job | None:
    """Fill the connection's mirror; None where its plugin has no streams."""
    if not host.sync.mirrors(connection):
        return None
    lease = host.jobs.begin("sync", connection, agent=AGENT)
    try:
        result = host.sync.run(lease)
    except HostError as error:
        host.jobs.fail(lease, error)
        raise
    except BaseException:
        host.jobs.give_back(lease)
        raise
    host.jobs.finish(lease, result)
    return host.jobs.get(lease.job_id)


def _enable(host: Host, integration: str, twin: DemoConnection) -> None:
    default_site = host.directory.sites(DEFAULT_SITE_CUSTOMER)[0]
    if integration in {details.slug for details in host.connections.all()}:
        # Goes on with an earlier demo: the twin has a new address.
        host.connections.configure(integration, agent=AGENT, settings=twin.settings)
    else:
        host.connections.enable(
            integration,
            twin.settings,
            agent=AGENT,
            name=twin.name,
            matching={"default_site": default_site.id, "user_id_key": twin.user_id_key},
        )
    present = {field.name for field in host.directory.custom_fields()}
    mapped = {mapping.custom_field_name for mapping in host.connections.mappings(integration)}
    for key, name in twin.mappings.items():
        if name not in present:
            host.directory.add_custom_field(name, agent=AGENT)
        if name not in mapped:
            host.connections.map_field(integration, key, name, Policy.FOLLOW, agent=AGENT)
