"""Whom an address names. The rooms also take references and names; a page's address is a number."""

from __future__ import annotations

from ...directory.customers import Customer
from ...directory.sites import Site
from ...directory.users import DirectoryUser
from ...errors import NotFound
from ..shell.pages import the_host


def the_customer(number: int) -> Customer:
    """:raises NotFound: no customer has that number."""
    found = the_host().directory.customer(number)
    if found.id != number:
        raise NotFound(f"There is no customer {number}.")
    return found


def the_site(customer: int, number: int) -> Site:
    """:raises NotFound: the customer has no site of that number."""
    found = the_host().directory.site(number)
    if (found.id, found.customer_id) != (number, customer):
        raise NotFound(f"The customer {customer} has no site {number}.")
    return found


def the_user(number: int) -> DirectoryUser:
    """:raises NotFound: no user has that number."""
    found = the_host().directory.user(number)
    if found.id != number:
        raise NotFound(f"There is no user {number}.")
    return found
