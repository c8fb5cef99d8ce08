"""The customers, sites and users that the demo's directory begins with. All are invented."""

from __future__ import annotations

from ..types import DemoCustomer, DemoPerson

DEFAULT_SITE_CUSTOMER = "Payers without a customer"

_NAMES = {
    "Acorn Nurseries Ltd": ("Main", "Garden centre"),
    "Bramley & Sons Solicitors": ("High Street",),
    "Calder Valley Dental": ("Hebden", "Todmorden"),
    "Dovetail Joinery": ("Workshop",),
    "Eastgate Veterinary Centre": ("Main",),
    "Fenwick Accountancy LLP": ("Main", "Archive"),
    "Greenfield Primary School": ("School",),
    "Harbour Lights Hotel": ("Reception", "Kitchen", "Spa"),
    "Inkwell Print & Design": ("Studio",),
    "Juniper Estates": ("Lettings", "Sales"),
    "Kestrel Logistics GmbH": ("Depot",),
    "Lakeside Physiotherapy": ("Clinic",),
    "Moorland Brewery Co.": ("Brewhouse", "Taproom"),
    "Northern Lights Opticians": ("Main",),
    "Oakham Care Homes": ("The Elms", "The Beeches"),
    "Pennine Cycles": ("Shop",),
    "Quayside Café": ("Main",),
    "Riverside Architects": ("Main",),
    "St. Bede's Parish Office": ("Office",),
    "Thornton Motor Works": ("Garage", "Bodyshop"),
    "Umber Gallery": ("Main",),
    "Vale Opticians": ("Main",),
    "Whitworth Engineering PLC": ("Plant", "Head office"),
    "Yarrow Organic Farm": ("Farm",),
}
_PEOPLE = (
    ("Amelia", "Ashworth"),
    ("Benedikt", "Brückner"),
    ("Chloé", "Carpentier"),
    ("Dafydd", "Davies"),
    ("Esther", "Eze"),
    ("Farah", "Farooqi"),
    ("Gareth", "Greenwood"),
    ("Hanna", "Horáková"),
    ("Isaac", "Ingham"),
    ("Jasmine", "Jagger"),
    ("Kofi", "Kumi"),
    ("Lucía", "López"),
)


def demo_customers() -> tuple[DemoCustomer, ...]:
    """The same at every start: two users for each customer, with addresses of their own."""
    customers = []
    for number, (name, sites) in enumerate(_NAMES.items()):
        domain = "".join(it for it in name.casefold() if it.isascii() and it.isalnum())
        people = []
        for offset in (0, 5):
            given, family = _PEOPLE[(number + offset) % len(_PEOPLE)]
            mailbox = f"{given[0]}.{family[:2]}".casefold().encode("ascii", "ignore").decode()
            email = f"{mailbox}{number}@{domain}.example"
            people.append(DemoPerson(given_name=given, family_name=family, email=email))
        customers.append(DemoCustomer(name=name, sites=sites, people=tuple(people)))
    return tuple(customers)
