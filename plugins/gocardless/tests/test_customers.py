"""Customers of GoCardless become external users, whatever their records hold."""

from __future__ import annotations

import json

import pytest
from halo_gocardless.customers import mappable_fields, to_external_user
from hypothesis import given
from hypothesis import strategies as st

from halo_host import ExternalUser, UnreadableRecord


def test_an_official_customer(official):
    record = official("customers")["get"]["body"]["customers"]

    assert to_external_user(record) == ExternalUser(
        id="CU123",
        given_name="Frank",
        family_name="Osborne",
        company="Hamilton Trading Ltd.",
        email="user@example.com",
        phone="+64 4 817 9999",
        address_line1="221B Baker Street",
        address_line2="Marylebone",
        address_line3="City of Westminster",
        city="London",
        region="Greater London",
        postal_code="NW1 6XE",
        country="GB",
        language="en",
    )


@pytest.mark.parametrize("absent", [{}, None, "", "  \t", [], {"a": 1}])
def test_fields_that_hold_nothing_are_absent(absent):
    record = dict.fromkeys(["given_name", "email", "company_name"], absent)
    assert to_external_user({"id": "CU1", **record}) == ExternalUser(id="CU1")


def test_numbers_where_text_belongs_become_text():
    record = {"id": 17, "postal_code": 90210, "city": 1.5, "region": True, "danish_identity": {}}
    assert to_external_user(record) == ExternalUser(
        id="17", postal_code="90210", city="1.5", region="true"
    )


def test_metadata_is_kept_as_text():
    metadata = {"site": " Leeds ", "number": 7, "yes": True, "none": None, "no": "", "odd": ["x"]}
    user = to_external_user({"id": "CU1", "metadata": metadata})
    assert user.metadata == {"site": "Leeds", "number": "7", "yes": "true"}


@pytest.mark.parametrize("metadata", [None, [], "text", 7, [["a", "b"]]])
def test_metadata_of_another_shape_is_dropped(metadata):
    assert to_external_user({"id": "CU1", "metadata": metadata}).metadata == {}


@pytest.mark.parametrize(
    "record",
    [None, [], "CU1", 7, {}, {"id": None}, {"id": ""}, {"id": {}}, {"given_name": "Private"}],
)
def test_a_record_without_an_id_is_unreadable_and_not_quoted(record):
    unreadable = to_external_user(record)
    assert isinstance(unreadable, UnreadableRecord)
    assert unreadable.id is None
    assert "Private" not in unreadable.reason


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
known_fields = st.sampled_from(["id", "given_name", "company_name", "email", "metadata", "city"])


@given(anything | st.dictionaries(known_fields, anything))
def test_no_record_breaks_the_translation(record):
    user = to_external_user(record)
    if isinstance(user, ExternalUser):
        assert user.id.strip()
        for value in (user.given_name, user.company, user.email, *user.metadata.values()):
            assert value is None or (isinstance(value, str) and value.strip())
        list(mappable_fields([user]))
        json.dumps(user.metadata)


def test_metadata_keys_are_offered_the_most_used_first():
    users = [
        ExternalUser(id="CU1", metadata={"site": "Leeds", "halo_id": "1"}),
        UnreadableRecord(reason="The customer has no id."),
        ExternalUser(id="CU2", metadata={"halo_id": "2"}),
        ExternalUser(id="CU3"),
    ]
    found = [(field.key, field.label, field.sample) for field in mappable_fields(users)]
    assert found == [
        ("halo_id", "halo_id (metadata of 2 of 3 payers)", "1"),
        ("site", "site (metadata of 1 of 3 payers)", "Leeds"),
    ]
