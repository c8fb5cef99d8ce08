"""The directory as faces use it: each method is one transaction over the functions of this room.

Rows are named as operators name them: by number, reference or name (see the `find` functions).
Methods that change something take the `agent` who does it and leave audit rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from ..database.database import Database
from . import (
    custom_fields,
    customer_list,
    customers,
    field_uses,
    names,
    sites,
    user_changes,
    user_links,
    user_list,
    users,
)
from .author import Author
from .custom_fields import CustomField
from .customer_list import CustomerSort, ListedCustomer, ListedSite
from .customers import FIRST_SITE, Customer
from .export import ExportReport, export
from .field_uses import FilledBy
from .list_page import ListPage
from .load import load
from .names import Names
from .report import LoadReport
from .sites import Site
from .spreadsheet import Format
from .user_links import UserLink
from .user_list import UserSort
from .users import DirectoryUser

Named = int | str


class Directory:
    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def _author(self, agent: str) -> Author:
        return Author(agent, self._clock())

    # --- customers and sites -------------------------------------------------------------------

    def customers(
        self, text: str = "", *, limit: int | None = None, after: int = 0
    ) -> list[Customer]:
        with self._database.read() as connection:
            return customers.search(connection, text, limit=limit, after=after)

    def customer_page(
        self, text: str = "", *, sort: CustomerSort = "name", number: int = 1, size: int = 50
    ) -> ListPage[ListedCustomer]:
        """See `customer_list.customer_page`."""
        with self._database.read() as connection:
            return customer_list.customer_page(
                connection, text, sort=sort, number=number, size=size
            )

    def found_customers(self, text: str, *, limit: int) -> Sequence[Customer]:
        """The first by name of those that a search finds, without their count."""
        with self._database.read() as connection:
            return customer_list.found_customers(connection, text, limit=limit)

    def customer(self, customer: Named) -> Customer:
        with self._database.read() as connection:
            return customers.find(connection, str(customer))

    def add_customer(
        self,
        name: str,
        *,
        agent: str,
        site_names: Sequence[str] = (FIRST_SITE,),
        reference: str | None = None,
    ) -> Customer:
        with self._database.write() as connection:
            return customers.add(
                connection,
                name,
                site_names=site_names,
                reference=reference,
                author=self._author(agent),
            )

    def edit_customer(
        self, customer: Named, *, name: str, reference: str | None, agent: str
    ) -> Customer:
        """See `customers.edit`; None or "" takes the reference away."""
        with self._database.write() as connection:
            return customers.edit(
                connection,
                customers.find(connection, str(customer)),
                name=name,
                reference=reference,
                author=self._author(agent),
            )

    def sites_with_users(self, customer: Named) -> Sequence[ListedSite]:
        """The sites of a customer, each with how many users it has."""
        with self._database.read() as connection:
            owner = customers.find(connection, str(customer))
            return customer_list.sites_with_users(connection, owner.id)

    def found_sites(self, text: str, *, limit: int) -> Sequence[Site]:
        """The first sites by customer and name that a search finds."""
        with self._database.read() as connection:
            return sites.search(connection, text, limit=limit)

    def rename_site(self, site: Named, name: str, *, agent: str) -> Site:
        with self._database.write() as connection:
            chosen = sites.find(connection, str(site))
            return sites.rename(connection, chosen, name, author=self._author(agent))

    def sites(self, customer: Named | None = None) -> list[Site]:
        with self._database.read() as connection:
            if customer is None:
                return sites.listed(connection)
            return sites.listed(connection, customers.find(connection, str(customer)).id)

    def site(self, site: Named) -> Site:
        with self._database.read() as connection:
            return sites.find(connection, str(site))

    def add_site(
        self, customer: Named, name: str, *, agent: str, invoice_site: bool = False
    ) -> Site:
        with self._database.write() as connection:
            owner = customers.find(connection, str(customer))
            return sites.add(
                connection, owner.id, name, invoice_site=invoice_site, author=self._author(agent)
            )

    def set_invoice_site(self, site: Named, *, agent: str) -> Site:
        with self._database.write() as connection:
            chosen = sites.find(connection, str(site))
            return sites.set_invoice_site(connection, chosen.id, author=self._author(agent))

    # --- users ---------------------------------------------------------------------------------

    def users(
        self,
        text: str = "",
        *,
        customer: Named | None = None,
        limit: int = 50,
        after: int = 0,
    ) -> list[DirectoryUser]:
        with self._database.read() as connection:
            owner = None if customer is None else customers.find(connection, str(customer)).id
            return users.search(connection, text, customer_id=owner, limit=limit, after=after)

    def user_page(
        self,
        text: str = "",
        *,
        customer: int | None = None,
        site: int | None = None,
        sort: UserSort = "name",
        number: int = 1,
        size: int = 50,
    ) -> ListPage[DirectoryUser]:
        """See `user_list.user_page`; `customer` and `site` are numbers."""
        with self._database.read() as connection:
            return user_list.user_page(
                connection,
                text,
                customer_id=customer,
                site_id=site,
                sort=sort,
                number=number,
                size=size,
            )

    def found_users(self, text: str, *, limit: int) -> Sequence[DirectoryUser]:
        """The first by name of those that a search finds, without their count."""
        with self._database.read() as connection:
            return user_list.found_users(connection, text, limit=limit)

    def user(self, user: Named) -> DirectoryUser:
        with self._database.read() as connection:
            return users.find(connection, str(user))

    def add_user(
        self,
        site: Named,
        fields: Mapping[str, str],
        *,
        agent: str,
        reference: str | None = None,
    ) -> DirectoryUser:
        with self._database.write() as connection:
            home = sites.find(connection, str(site))
            return user_changes.add(
                connection, home, fields, reference=reference, author=self._author(agent)
            )

    def edit_user(
        self,
        user: Named,
        fields: Mapping[str, str],
        *,
        agent: str,
        reference: str | None = None,
    ) -> DirectoryUser:
        """Set core fields, and the reference if it is not None; "" takes a value away."""
        with self._database.write() as connection:
            return user_changes.change(
                connection,
                users.find(connection, str(user)),
                fields=fields,
                reference=reference,
                author=self._author(agent),
            )[0]

    def move_user(self, user: Named, site: Named, *, agent: str) -> DirectoryUser:
        with self._database.write() as connection:
            return user_changes.change(
                connection,
                users.find(connection, str(user)),
                site=sites.find(connection, str(site)),
                author=self._author(agent),
            )[0]

    def set_value(self, user: Named, field: Named, value: str, *, agent: str) -> None:
        """Set a user's value of a custom field; "" takes it away."""
        with self._database.write() as connection:
            chosen = custom_fields.of_users(connection, field)
            user_changes.change(
                connection,
                users.find(connection, str(user)),
                custom={chosen: value},
                author=self._author(agent),
            )

    def set_values(self, user: Named, values: Mapping[int, str], *, agent: str) -> None:
        """Set values of custom fields, by the field's number, in one change; "" takes one away.

        :raises InvalidInput: one does not fit its field; then none is set.
        """
        with self._database.write() as connection:
            chosen = {custom_fields.of_users(connection, it): value for it, value in values.items()}
            user_changes.change(
                connection,
                users.find(connection, str(user)),
                custom=chosen,
                author=self._author(agent),
            )

    def values(self, user: Named) -> dict[str, str]:
        """A user's values of custom fields, by the field's name; empty ones are left out."""
        with self._database.read() as connection:
            user_id = users.find(connection, str(user)).id
            values = custom_fields.values_of(connection, [user_id])[user_id]
            names = {field.id: field.name for field in custom_fields.listed(connection)}
            return {names[number]: values[number] for number in sorted(values)}

    def links(self, user: Named | DirectoryUser) -> list[UserLink]:
        with self._database.read() as connection:
            if not isinstance(user, DirectoryUser):
                user = users.find(connection, str(user))
            return user_links.links_of(connection, user.id)

    def names_of(
        self,
        *,
        users: Collection[int] = (),
        customers: Collection[int] = (),
        sites: Collection[int] = (),
    ) -> Names:
        """What these are called, as far as they are there."""
        with self._database.read() as connection:
            return Names(
                users=names.user_names(connection, users),
                customers=names.customer_names(connection, customers),
                sites=names.site_names(connection, sites),
            )

    # --- custom fields -------------------------------------------------------------------------

    def custom_fields(self) -> list[CustomField]:
        with self._database.read() as connection:
            return custom_fields.listed(connection)

    def custom_field_names(self) -> Mapping[str, str]:
        """See `custom_fields.names_in_rows`."""
        with self._database.read() as connection:
            return custom_fields.names_in_rows(connection)

    def add_custom_field(
        self,
        name: str,
        *,
        agent: str,
        entity: str = "user",
        type: str = "text",  # noqa: A002
    ) -> CustomField:
        with self._database.write() as connection:
            return custom_fields.add(
                connection, name, entity=entity, type=type, author=self._author(agent)
            )

    def custom_field(self, field: Named) -> CustomField:
        """See `custom_fields.find`."""
        with self._database.read() as connection:
            return custom_fields.find(connection, field)

    def rename_custom_field(self, field: Named, name: str, *, agent: str) -> CustomField:
        """See `custom_fields.rename`."""
        with self._database.write() as connection:
            chosen = custom_fields.find(connection, field)
            return custom_fields.rename(connection, chosen, name, author=self._author(agent))

    def remove_custom_field(self, field: Named, *, agent: str) -> CustomField:
        """The field as it was; see `custom_fields.remove`."""
        with self._database.write() as connection:
            chosen = custom_fields.find(connection, field)
            custom_fields.remove(connection, chosen, author=self._author(agent))
            return chosen

    def filled_by(self) -> Mapping[int, Sequence[FilledBy]]:
        """The mappings of each custom field that has any, by its number."""
        with self._database.read() as connection:
            return field_uses.filled_by(connection)

    # --- files ---------------------------------------------------------------------------------

    def load(
        self,
        path: Path,
        *,
        agent: str,
        encoding: str | None = None,
        create_fields: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> LoadReport:
        """See `load.load`."""
        return load(
            self._database,
            Path(path),
            agent=agent,
            clock=self._clock,
            encoding=encoding,
            create_fields=create_fields,
            progress=progress,
        )

    def export(self, target: Path | BinaryIO, format: Format) -> ExportReport:  # noqa: A002
        """See `export.export`."""
        return export(self._database, target, format)
