"""Putting the rows of a file in their place: which customer, site and user each one is.

A row is looked up whole before anything of it is written, so that a row with a problem leaves no
trace. docs/directory.md has the rules in an operator's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from ..database.columns import name_key
from ..errors import InvalidInput
from . import customers, sites, user_changes, users
from .author import Author
from .customers import Customer
from .file_memory import FileMemory
from .namesakes import Namesake, Namesakes
from .rows import DirectoryRow
from .sites import Site
from .texts import quoted
from .users import DirectoryUser


class _HasNumber(Protocol):
    @property
    def id(self) -> int: ...


_Numbered = TypeVar("_Numbered", bound=_HasNumber)


class Placing:
    """Places rows in one transaction."""

    def __init__(self, connection: Connection, memory: FileMemory, author: Author) -> None:
        self._connection = connection
        self._memory = memory
        self._author = author
        self._namesakes = Namesakes(connection)

    def place(self, row: DirectoryRow) -> None:
        """Find or add what the row names, and write what it says.

        :raises InvalidInput: the row cannot be placed; nothing of it was written.
        """
        customer = self._find_customer(row)
        site = self._find_site(row, customer)
        self._check_invoice_site(row, customer, site)
        user = self._find_user(row, customer, site) if row.has_user else None
        customer = self._write_customer(row, customer)
        site = self._write_site(row, customer, site)
        if row.has_user:
            self._write_user(row, user, site)

    # --- looking up ----------------------------------------------------------------------------

    def _find_customer(self, row: DirectoryRow) -> Customer | None:
        if row.customer_ref:
            return self._customer_of_reference(row)
        self._memory.name_lines.setdefault(name_key(row.customer), row.line)
        named = customers.by_name(self._connection, row.customer)
        chosen = [customer for customer in named if customer.reference is None] or named
        if not chosen:
            return None
        if len(chosen) > 1:
            references = ", ".join(quoted(customer.reference or "") for customer in chosen)
            raise InvalidInput(
                f"{len(chosen)} customers are called {quoted(row.customer)}; "
                f"say in customer_ref which one is meant: {references}."
            )
        if chosen[0].name != row.customer:
            raise InvalidInput(
                f"Duplicate customer: {quoted(row.customer)} is {quoted(chosen[0].name)} in "
                "another spelling. Write it in the same way, or, if they are two customers, give "
                "this one its own customer_ref."
            )
        return chosen[0]

    def _customer_of_reference(self, row: DirectoryRow) -> Customer | None:
        lines = self._memory.customer_lines
        known = customers.by_reference(self._connection, row.customer_ref)
        if known is None:
            # One that had no reference yet gets this one, unless the file has told them apart.
            for customer in customers.by_name(self._connection, row.customer):
                unclaimed = customer.reference is None and customer.id not in lines
                if unclaimed and customer.name == row.customer:
                    return customer
            self._check_names(row, None)
            return None
        if known.name != row.customer:
            self._check_names(row, known)
        if known.id in lines and known.name != row.customer:
            raise InvalidInput(
                f"customer_ref {quoted(row.customer_ref)} is {quoted(known.name)} in line "
                f"{lines[known.id]} and {quoted(row.customer)} here; a reference belongs to one "
                "customer."
            )
        return known

    def _check_names(self, row: DirectoryRow, known: Customer | None) -> None:
        """A new customer, or a new name for a known one, must not change what an earlier row of
        the file means by a name: that row would come out differently the next time."""
        same = customers.by_name(self._connection, row.customer)
        line = self._memory.name_lines.get(name_key(row.customer))
        if line and same and all(customer.reference is not None for customer in same):
            raise InvalidInput(
                f"With another customer {quoted(row.customer)}, line {line} could mean either. "
                "Give that line its customer_ref."
            )
        if known is not None and (line := self._memory.name_lines.get(name_key(known.name))):
            raise InvalidInput(
                f"customer_ref {quoted(row.customer_ref)} is {quoted(known.name)}, the name that "
                f"line {line} has. Give that line its customer_ref, or leave the name as it is."
            )

    def _find_site(self, row: DirectoryRow, customer: Customer | None) -> Site | None:
        """The site the row names, or the invoice site if it names none; None: it is new."""
        if customer is None:
            return None
        if not row.site:
            return sites.invoice_site(self._connection, customer.id)
        return sites.by_name(self._connection, customer.id, row.site)

    def _check_invoice_site(
        self, row: DirectoryRow, customer: Customer | None, site: Site | None
    ) -> None:
        if not row.invoice_site or customer is None:
            return
        marked, line = self._memory.invoice_sites.get(customer.id, (None, 0))
        if marked is not None and (site is None or site.id != marked):
            raise InvalidInput(
                f"Line {line} marks another site as the invoice site of "
                f"{quoted(customer.name)}; a customer has exactly one."
            )

    def _find_user(
        self, row: DirectoryRow, customer: Customer | None, site: Site | None
    ) -> DirectoryUser | None:
        if row.user_ref:
            user = users.by_reference(self._connection, row.user_ref)
            if user is None and customer is not None and row.email:
                user = self._without_reference(row, customer, site)
        elif customer is None:
            user = None
        elif row.email:
            user = self._of_email(row, customer, site)
        else:
            user = self._of_names(row, customer, site)
        if user is not None and user.id in self._memory.user_lines:
            line, _ = self._memory.user_lines[user.id]
            raise InvalidInput(
                f"This is the same user as line {line}. If they are two people, give each its "
                "own user_ref."
            )
        return user

    def _without_reference(
        self, row: DirectoryRow, customer: Customer, site: Site | None
    ) -> DirectoryUser | None:
        """A user of this e-mail whom nobody gave a reference yet, and the file has not met."""
        found = users.by_email(self._connection, customer.id, row.email)
        met = self._memory.user_lines
        plain = [user for user in found if user.reference is None and user.id not in met]
        return _only(
            _nearest(plain, row, site),
            f"users without a reference have this e-mail in {quoted(customer.name)}",
        )

    def _of_email(
        self, row: DirectoryRow, customer: Customer, site: Site | None
    ) -> DirectoryUser | None:
        found = users.by_email(self._connection, customer.id, row.email)
        plain = [user for user in found if user.reference is None]
        return _only(
            _nearest(plain or self._unclaimed(found, row), row, site),
            f"users have this e-mail in {quoted(customer.name)}",
        )

    def _of_names(
        self, row: DirectoryRow, customer: Customer, site: Site | None
    ) -> DirectoryUser | None:
        found = self._namesakes.of(customer.id, row.names)
        plain = [one for one in found if not one.has_email and not one.has_reference]
        # Without any name, only a user who has none of these either can be meant.
        others = self._unclaimed(found, row) if any(row.names) else []
        unnumbered = [one for one in others if not one.has_reference]
        pools = []
        for pool in (plain, unnumbered, others):
            pools.append([one for one in pool if _is_at(one, site)])
            if not row.site:
                # The user may have stayed behind when another site became the invoice site.
                pools.append(pool)
        likeliest = next(filter(None, pools), [])
        only = _only(likeliest, f"users have these names in {quoted(customer.name)}")
        return None if only is None else users.get(self._connection, only.id)

    def _unclaimed(self, found: Iterable[_Numbered], row: DirectoryRow) -> list[_Numbered]:
        """Without those whom an earlier row knew by something stronger: they are other people."""
        lines = self._memory.user_lines
        return [user for user in found if user.id not in lines or lines[user.id][1] <= row.key]

    # --- writing -------------------------------------------------------------------------------

    def _write_customer(self, row: DirectoryRow, customer: Customer | None) -> Customer:
        changed = False
        if customer is None:
            written = customers.add(
                self._connection,
                row.customer,
                site_names=[row.site or customers.FIRST_SITE],
                reference=row.customer_ref or None,
                author=self._author,
            )
        elif row.customer_ref:
            written, changed = customers.change(
                self._connection,
                customer,
                name=row.customer,
                reference=row.customer_ref,
                author=self._author,
            )
        else:
            written = customer
        self._memory.customers.count(written.id, added=customer is None, changed=changed)
        self._memory.customer_lines.setdefault(written.id, row.line)
        return written

    def _write_site(self, row: DirectoryRow, customer: Customer, site: Site | None) -> Site:
        is_new = site is None
        if site is None:
            # A customer that was added just now has this site already.
            site = sites.by_name(self._connection, customer.id, row.site or customers.FIRST_SITE)
        if site is None:
            site = sites.add(self._connection, customer.id, row.site, author=self._author)
        moves = row.invoice_site and not site.is_invoice_site
        if moves:
            site = sites.set_invoice_site(self._connection, site.id, author=self._author)
        if row.invoice_site:
            self._memory.invoice_sites[customer.id] = (site.id, row.line)
        self._memory.sites.count(site.id, added=is_new, changed=moves)
        return site

    def _write_user(self, row: DirectoryRow, user: DirectoryUser | None, site: Site) -> None:
        if user is None:
            written = user_changes.add(
                self._connection,
                site,
                row.fields,
                reference=row.user_ref or None,
                custom=row.custom,
                author=self._author,
            )
            changed = False
        else:
            # An empty site leaves a user where it is, unless the row names another customer.
            stays = not row.site and user.customer_id == site.customer_id
            written, changed = user_changes.change(
                self._connection,
                user,
                fields=row.fields,
                reference=row.user_ref or None,
                site=None if stays else site,
                custom=row.custom,
                author=self._author,
            )
        if user is None or changed:
            self._namesakes.written(user, written)
        self._memory.users.count(written.id, added=user is None, changed=changed)
        self._memory.user_lines[written.id] = (row.line, row.key)


def _is_at(namesake: Namesake, site: Site | None) -> bool:
    return site is not None and namesake.site_id == site.id


def _nearest(
    found: Sequence[DirectoryUser], row: DirectoryRow, site: Site | None
) -> Sequence[DirectoryUser]:
    """Of several, those at the row's site and of its names, as far as there are any."""
    if len(found) > 1 and site is not None:
        found = [user for user in found if user.site_id == site.id] or found
    if len(found) > 1:
        names = [(user.given_name, user.family_name, user.company) for user in found]
        found = [user for user, said in zip(found, names) if said == row.names] or found
    return found


def _only(found: Sequence[_Numbered], what: str) -> _Numbered | None:
    if len(found) > 1:
        raise InvalidInput(
            f"{len(found)} {what}; the row may mean any. Give each its own user_ref."
        )
    return found[0] if found else None
