"""What pages call the core fields of a user, and the entities of custom fields."""

from __future__ import annotations

from collections.abc import Mapping

LONGEST_NAME = 200  # characters, as in the API; what files and providers bring may be longer
CORE_LABELS: Mapping[str, str] = {
    "given_name": "Given name",
    "family_name": "Family name",
    "company": "Company",
    "email": "E-mail",
    "phone": "Phone",
    "address_line1": "Address line 1",
    "address_line2": "Address line 2",
    "address_line3": "Address line 3",
    "city": "City",
    "region": "Region",
    "postal_code": "Postal code",
    "country": "Country",
    "language": "Language",
}
# In the order of an envelope.
ADDRESS = (
    "address_line1",
    "address_line2",
    "address_line3",
    "city",
    "region",
    "postal_code",
    "country",
)
ENTITY_LABELS: Mapping[str, str] = {"user": "User", "site": "Site", "customer": "Customer"}
