"""A desk with something on every page, and the addresses of all its pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flask import Flask

from halo_host.agents.roles import Role
from halo_host.alerts.raising import NewAlert, raise_alerts
from halo_host.connections.matching import Policy
from halo_host.imports.rules import Action

from .acme import AGENT, CONNECTION, Desk
from .agents import add_agent
from .mirror import Mirror
from .served import served_by
from .serving import SECRET, signed
from .working import work

MIRRORED = Path(__file__).parents[1] / "payments" / "installed"  # the plugin of the connection bank
BANK = "bank"
# What is answered in place of a page: a file, a picture, or a part of a page that others hold.
NO_PAGES = (
    "/activity/audit.csv",
    "/api/v1/",
    "/configuration/integrations/<integration>/icon",
    "/healthz",
    "/imports/<int:number>/progress",
    "/integrations/<connection>/mappings/provider-fields",
    "/integrations/<connection>/mappings/user-fields",
    "/metrics",
    "/payments.csv",
    "/payments/charts",
    "/payments/failures",
    "/payments/totals",
    "/pickers/",
    "/readyz",
    "/sign-in/provider",
    "/static/",
    "/users/<int:number>/tabs/<connection>/<slug>/payers",
    "/users/<int:number>/tabs/<connection>/<slug>/payments.csv",
)


@dataclass(frozen=True, slots=True)
class Words:
    """What the providers say: of a payer, of a payment, and in sentences."""

    given_name: str = "Faye"
    family_name: str = "Marsh"
    company: str = "Northgate Logistics"
    city: str = "Leeds"
    phone: str = "+44 20 7946 0001"
    office: str = "York"
    description: str = "Managed IT, March"
    reference: str = "NGL-03"
    payment: str = "PM1"
    id_tail: str = ""
    sentence: str = "The account holder did not agree to this."


PLAIN = Words()


class WholeDesk:
    """Adds to a desk, and knows the numbers of what it added."""

    def __init__(self, desk: Desk, words: Words = PLAIN) -> None:
        self.desk = desk
        self.host = desk.host
        self.words = words
        self._configure()
        self._import()
        self._mirror()
        self._deliver()
        self._alert()

    def payer(self, number: int, **fields: str) -> Mapping[str, object]:
        words = self.words
        return {
            "id": f"CU{number:04}{words.id_tail}",
            "given_name": words.given_name,
            "family_name": words.family_name if number == 1 else f"{words.family_name} {number}",
            "company": words.company,
            "email": f"payer{number}@example.com",
            "phone": words.phone,
            "city": words.city,
            "address_line1": words.sentence,
            "metadata": {"office": words.office},
            **fields,
        }

    def addresses(self, app: Flask) -> Iterator[str]:
        """Of every route that shows a page; where it has arguments, of what is on this desk.

        :raises KeyError: a route has arguments that are unknown here.
        """
        for each in served_by(app):
            is_page = each.method == "GET" and not each.rule.startswith(NO_PAGES)
            if is_page and not each.arguments:
                yield each.rule
            elif is_page:
                yield from self._examples()[each.rule]
        yield from self._more()

    def _examples(self) -> Mapping[str, Sequence[str]]:
        user, bare = f"/users/{self.user}", f"/users/{self.bare_user}"
        customer = f"/customers/{self.desk.acme.id}"
        site = f"{customer}/sites/{self.desk.site('Warehouse')}"
        agent = f"/configuration/agents/{self.agent}"
        acme, bank = f"/integrations/{CONNECTION}", f"/integrations/{BANK}"
        new, conflict = (self._row(it) for it in (Action.NEW, Action.CONFLICT))
        both = {
            f"/integrations/<connection>{rest}": [f"{acme}{rest}", f"{bank}{rest}"]
            for rest in ("/details", "/sites", "/mappings", "/imports", "/integrator", "/health")
        }
        one = {
            f"/integrations/<connection>{rest}": [f"{acme}{rest}"]
            for rest in ("/details/edit", "/sites/edit", "/mappings/add", "/imports/held")
        }
        return {
            **both,
            **one,
            "/activity/runs/<int:number>": [f"/activity/runs/{self.run}"],
            "/configuration/agents/<int:number>": [agent],
            "/configuration/agents/<int:number>/edit": [f"{agent}/edit"],
            "/configuration/custom-fields/<int:number>/edit": [
                f"/configuration/custom-fields/{self.custom_field}/edit"
            ],
            "/configuration/integrations/<integration>": ["/configuration/integrations/acme-pay"],
            "/customers/<int:customer>/sites/<int:number>": [site],
            "/customers/<int:customer>/sites/<int:number>/edit": [f"{site}/edit"],
            "/customers/<int:customer>/sites/new": [f"{customer}/sites/new"],
            "/customers/<int:number>": [customer],
            "/customers/<int:number>/activity": [f"{customer}/activity"],
            "/customers/<int:number>/edit": [f"{customer}/edit"],
            "/customers/<int:number>/users": [f"{customer}/users"],
            "/imports/<int:number>": [f"/imports/{self.applied}", f"/imports/{self.waiting}"],
            "/imports/<int:number>/rows/<int:position>": [new, conflict],
            "/imports/<int:number>/undo": [f"/imports/{self.applied}/undo"],
            "/integrations/<connection>": [acme],
            "/integrations/<connection>/health/deliveries": [f"{acme}/health/deliveries"],
            "/integrations/<connection>/health/deliveries/<int:number>": [
                f"{acme}/health/deliveries/1"
            ],
            "/integrations/<connection>/integrator/runs/<int:number>": [
                f"{bank}/integrator/runs/{self.bank_run}"
            ],
            "/integrations/<connection>/integrator/schedule": [f"{bank}/integrator/schedule"],
            "/payments/<connection>/<payment>": [f"/payments/{BANK}/{self.words.payment}"],
            "/users/<int:number>": [user, bare],
            "/users/<int:number>/activity": [f"{user}/activity"],
            "/users/<int:number>/custom-fields": [f"{user}/custom-fields"],
            "/users/<int:number>/custom-fields/edit": [f"{user}/custom-fields/edit"],
            "/users/<int:number>/edit": [f"{user}/edit"],
            "/users/<int:number>/move": [f"{user}/move"],
            "/users/<int:number>/tabs/<connection>/<slug>": [
                f"{user}/tabs/{CONNECTION}/payments",
                f"{user}/tabs/{CONNECTION}/broken",
                f"{user}/tabs/{BANK}/mirror",
                f"{bare}/tabs/{BANK}/mirror",
            ],
        }

    def _more(self) -> Sequence[str]:
        """Other faces of pages: lists that are filtered, nothing found, refusals."""
        return (
            "/nothing-here",
            "/search?q=a",
            "/search?q=nobody-is-called-so",
            "/users?q=nobody-is-called-so",
            "/payments?status=failed",
            f"/imports/{self.waiting}?action=conflict",
            f"/imports/{self.waiting}?action=update",
            f"/imports/{self.failed}",
            f"/integrations/{CONNECTION}/details?new=1",
            "/integrations/nothing/details",
            f"/payments/{BANK}/nothing",
            f"/users/{self.user}/tabs/{CONNECTION}/nothing",
        )

    def _row(self, action: Action) -> str:
        rows = self.host.imports.rows(self.waiting, action=action)
        return f"/imports/{self.waiting}/rows/{rows[0].position}"

    def _configure(self) -> None:
        directory, connections = self.host.directory, self.host.connections
        self.custom_field = directory.add_custom_field("Branch", agent=AGENT).id
        directory.add_custom_field("Contract ends", type="date", agent=AGENT)
        connections.configure(CONNECTION, settings={"webhook_secret": SECRET}, agent=AGENT)
        connections.map_field(CONNECTION, "office", "Branch", Policy.FOLLOW, agent=AGENT)
        self.agent = add_agent(self.host, "Piet Viewer", Role.VIEWER).id
        self.bare_user = self.desk.add_user(
            "Warehouse", given_name="Ada", family_name="Palmer", email="payer7@example.com"
        )
        self.desk.add_user("Unsorted/Main", given_name="Ada", email="payer7@example.com")

    def _import(self) -> None:
        """One is applied, one has failed, and one with every kind of row waits."""
        first = [self.payer(number) for number in range(1, 5)]
        self.applied = self.desk.run(*first).number
        self.user = self.desk.user_of(f"CU0001{self.words.id_tail}")
        self.desk.ledger.write({"fail": self.words.sentence})
        self.failed = self.host.reviews.start(CONNECTION, agent=AGENT).number
        work(self.host)
        self.desk.ledger.write(
            self.payer(1, city="Hull"),
            *first[1:3],
            *(self.payer(number) for number in range(5, 9)),
            {"unreadable": self.words.sentence},
        )
        self.waiting = self.host.reviews.start(CONNECTION, agent=AGENT).number
        work(self.host)
        self.run = self.host.jobs.list(limit=1)[0].id

    def _mirror(self) -> None:
        words = self.words
        self.host.connections.enable("mirrored-pay", {}, slug=BANK, name="Bank", agent=AGENT)
        mirror = Mirror(self.host, BANK)
        mirror.filled()
        mirror.payer("CU1", words.given_name, "payer1@example.com")
        mirror.payer("CU2", words.family_name)
        mirror.link("CU1", self.user)
        mirror.payout("PO1", arrives_on=date(2026, 2, 9), reference=words.reference)
        mirror.mandate("MD1", reference=words.reference)
        more: dict[str, Any] = {"description": words.description, "reference": words.reference}
        mirror.payment(words.payment, charge_date=date(2026, 2, 5), payout_id="PO1", **more)
        mirror.payment("PM2", amount=2_468, status="failed", charge_date=date(2026, 2, 27), **more)
        mirror.payment("PM3", "CU2", amount=990, currency="EUR", status=words.reference, **more)
        mirror.event(words.payment, "created", text=words.sentence)
        mirror.event(
            "PM2",
            "failed",
            cause="insufficient_funds",
            text=words.sentence,
            is_failure=True,
            at=datetime(2026, 2, 27, tzinfo=UTC),
        )
        mirror.refund("RF1", words.payment, reference=words.reference)
        self.host.schedules.sync_now(BANK, agent=AGENT)
        work(self.host)
        self.bank_run = self.host.jobs.list(BANK, limit=1)[0].id

    def _deliver(self) -> None:
        body = b'{"id": "D1", "events": []}'
        self.host.webhooks.receive(CONNECTION, signed(body), lambda limit: body[:limit])

    def _alert(self) -> None:
        bank = self.host.connections.get(BANK).id
        with self.host.database.write() as connection:
            raise_alerts(
                connection,
                [
                    NewAlert(
                        bank,
                        "chargeback",
                        f"chargeback:{self.words.payment}",
                        f"A payment went back: {self.words.sentence}",
                        "CU1",
                        self.host.clock(),
                    )
                ],
            )


def hostile() -> Words:
    """A script, or what would become one, in every text of a provider."""
    script = "<script>window.taken = 1</script>"
    picture = '"><img src=x onerror=window.taken=1>'
    return replace(
        PLAIN,
        given_name=script,
        family_name=f"O'Hara{picture}",
        company=f"{script} Ltd",
        city=f"{{{{ 7*7 }}}}{script}",
        phone=picture,
        office=f"{script}{picture}",
        description=f"</td></tr></table>{script}",
        reference=f"'{picture}",
        payment=f"PM{picture}",
        id_tail=picture,
        sentence=f"No.{script}`code{picture}`",
    )
