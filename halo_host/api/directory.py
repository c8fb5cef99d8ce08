"""The directory: customers and their sites, custom fields."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ..agents.roles import Role
from ..directory.custom_fields import CustomField
from ..directory.customers import FIRST_SITE, Customer
from ..directory.sites import Site
from ..errors import NotFound
from .callers import the_caller, the_host
from .routes import Answer, Items, Page, Routes
from .shapes import Body, Name, Number, PageQuery, Shape, page

routes = Routes("Directory", "Customers, their sites, the users of sites, custom fields.")

Reference = Annotated[
    str | None, Field(max_length=200, description="Its id in another system; null for none.")
]


class SearchQuery(PageQuery):
    q: Annotated[str, Field(max_length=200, description="Words to search for.")] = ""


class NewCustomer(Body):
    """The first site is the invoice site."""

    name: Name
    reference: Reference = None
    sites: Annotated[list[Name], Field(min_length=1, max_length=100)] = Field(default=[FIRST_SITE])


class CustomerChange(Body):
    """What is left out stays."""

    name: Name | None = None
    reference: Reference = None


class NewSite(Body):
    name: Name
    invoice_site: bool = False


class SiteChange(Body):
    name: Name


class CustomFieldShape(Shape):
    """A custom field of a user, site or customer. Imports fill Text fields of users alone."""

    id: int
    entity: str
    name: str
    type: str
    is_mappable: bool


class CustomFieldChange(Body):
    name: Name


class NewCustomField(Body):
    name: Name
    entity: Annotated[str, Field(pattern="^(user|site|customer)$")] = "user"
    type: Annotated[
        str,
        Field(pattern="^(text|memo|selection|multiple-selection|date|time|checkbox|rich-text)$"),
    ] = "text"


@routes.get("/customers", answer=Page[Customer])
def customers(query: SearchQuery) -> Any:
    """List customers by number, or those whose name holds the words."""
    found = the_host().directory.customers(query.q, limit=query.limit + 1, after=query.place or 0)
    return page(found, query.limit, lambda it: it.id)


@routes.post("/customers", answer=Customer, role=Role.OPERATOR, status=201, work=True)
def add_customer(body: NewCustomer) -> Any:
    """Add a customer with its sites."""
    made = the_host().directory.add_customer(
        body.name, agent=the_caller().name, site_names=body.sites, reference=body.reference
    )
    return Answer(made, location=f"/api/v1/customers/{made.id}")


@routes.get("/customers/<number>", answer=Customer)
def customer(number: Number) -> Any:
    """Show a customer."""
    return the_host().directory.customer(number)


@routes.patch("/customers/<number>", answer=Customer, role=Role.OPERATOR, guarded=customer)
def edit_customer(number: Number, body: CustomerChange) -> Any:
    """Change name or reference of a customer."""
    directory = the_host().directory
    now = directory.customer(number)
    return directory.edit_customer(
        now.id,
        name=now.name if body.name is None else body.name,
        reference=body.reference if "reference" in body.model_fields_set else now.reference,
        agent=the_caller().name,
    )


@routes.get("/customers/<number>/sites", answer=Items[Site])
def sites(number: Number) -> Any:
    """List the sites of a customer."""
    return {"items": the_host().directory.sites(number)}


@routes.post("/customers/<number>/sites", answer=Site, role=Role.OPERATOR, status=201, work=True)
def add_site(number: Number, body: NewSite) -> Any:
    """Add a site to a customer."""
    made = the_host().directory.add_site(
        number, body.name, agent=the_caller().name, invoice_site=body.invoice_site
    )
    return Answer(made, location=f"/api/v1/sites/{made.id}")


@routes.get("/sites/<number>", answer=Site)
def site(number: Number) -> Any:
    """Show a site."""
    return the_host().directory.site(number)


@routes.patch("/sites/<number>", answer=Site, role=Role.OPERATOR, guarded=site)
def rename_site(number: Number, body: SiteChange) -> Any:
    """Rename a site."""
    return the_host().directory.rename_site(number, body.name, agent=the_caller().name)


@routes.post("/sites/<number>/invoice-site", answer=Site, role=Role.OPERATOR)
def set_invoice_site(number: Number) -> Any:
    """Make a site the invoice site of its customer."""
    return the_host().directory.set_invoice_site(number, agent=the_caller().name)


@routes.get("/custom-fields", answer=Items[CustomFieldShape])
def custom_fields() -> Any:
    """List all custom fields."""
    return {"items": the_host().directory.custom_fields()}


@routes.post("/custom-fields", answer=CustomFieldShape, role=Role.OPERATOR, status=201, work=True)
def add_custom_field(body: NewCustomField) -> Any:
    """Add a custom field; entity and type stay as they are for ever."""
    return the_host().directory.add_custom_field(
        body.name, agent=the_caller().name, entity=body.entity, type=body.type
    )


@routes.get("/custom-fields/<number>", answer=CustomFieldShape)
def custom_field(number: Number) -> Any:
    """Show a custom field."""
    return _custom_field(number)


@routes.patch(
    "/custom-fields/<number>", answer=CustomFieldShape, role=Role.OPERATOR, guarded=custom_field
)
def rename_custom_field(number: Number, body: CustomFieldChange) -> Any:
    """Rename a custom field. Values and mappings stay with it."""
    field = _custom_field(number)
    return the_host().directory.rename_custom_field(field.id, body.name, agent=the_caller().name)


@routes.delete(
    "/custom-fields/<number>", answer=CustomFieldShape, role=Role.OPERATOR, guarded=custom_field
)
def remove_custom_field(number: Number) -> Any:
    """Delete a custom field that no value, no mapping and no waiting import uses."""
    field = _custom_field(number)
    return the_host().directory.remove_custom_field(field.id, agent=the_caller().name)


def _custom_field(number: int) -> CustomField:
    """:raises NotFound: no field has that number, whatever the names of others."""
    found = the_host().directory.custom_field(number)
    if found.id != number:
        raise NotFound(f"There is no custom field {number}.")
    return found
