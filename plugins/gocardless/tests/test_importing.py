"""The import streams every customer, and vouches for the whole list only at its end."""

from __future__ import annotations

import pytest
from halo_gocardless.account import Account
from halo_gocardless.addresses import OFFICIAL
from halo_gocardless.errors import GoCardlessError
from halo_gocardless.importing import PAYERS_LOOKED_AT, find_mappable_fields, import_users

from halo_host import EndOfList, ExternalUser, Secret, UnreadableRecord

URL = "https://api.gocardless.com/customers"
ACCOUNT = Account("live", OFFICIAL["live"], Secret("live_x"))


def page(records, after):
    return {"json": {"customers": records, "meta": {"cursors": {"before": None, "after": after}}}}


def test_every_record_is_passed_on_and_counted(requests_mock):
    requests_mock.get(URL, [page([{"id": "CU1"}, None], "x"), page([{"id": "CU2"}], None)])

    first, second, third, end = import_users(ACCOUNT)
    assert first == ExternalUser(id="CU1")
    assert isinstance(second, UnreadableRecord)
    assert third == ExternalUser(id="CU2")
    assert end == EndOfList(records=3)


def test_an_empty_account_is_a_whole_list(requests_mock):
    requests_mock.get(URL, [page([], None)])
    assert list(import_users(ACCOUNT)) == [EndOfList(records=0)]


def test_a_list_that_breaks_off_is_not_vouched_for(requests_mock):
    requests_mock.get(URL, [page([{"id": "CU1"}], "x"), {"status_code": 404, "json": {}}])
    users = import_users(ACCOUNT)

    assert next(users) == ExternalUser(id="CU1")
    with pytest.raises(GoCardlessError):
        next(users)
    assert list(users) == []


def test_the_official_list_goes_through_unchanged(requests_mock, official):
    body = official("customers")["list"]["body"]
    last = {"customers": [], "meta": {"cursors": {"before": "x", "after": None}, "limit": 50}}
    requests_mock.get(URL, [{"json": body}, {"json": last}])

    *users, end = import_users(ACCOUNT)
    assert [user.company for user in users] == ["Hamilton Trading Ltd."] * 2
    assert end == EndOfList(records=2)


@pytest.mark.parametrize("token", ["", "  ", "live_é", "live_a b", "live_a\r\nX-Header: b"])
def test_what_cannot_be_a_token_is_sent_nowhere(requests_mock, token):
    account = Account("live", OFFICIAL["live"], Secret(token))
    with pytest.raises(GoCardlessError, match="access token is empty or holds") as failure:
        list(import_users(account))
    assert not requests_mock.called
    assert "X-Header" not in str(failure.value)


def test_space_around_a_token_is_not_part_of_it(requests_mock):
    requests_mock.get(URL, [page([], None)])
    list(import_users(Account("live", OFFICIAL["live"], Secret(" live_x\n"))))
    assert requests_mock.last_request.headers["Authorization"] == "Bearer live_x"


def test_metadata_keys_are_looked_for_among_the_newest_payers(requests_mock):
    size = 500
    full = [{"id": f"CU{number}", "metadata": {"site": "Leeds"}} for number in range(size)]
    requests_mock.get(URL, [page(full, str(number)) for number in range(20)])

    (field,) = find_mappable_fields(ACCOUNT)
    assert (field.key, field.sample) == ("site", "Leeds")
    assert "5,000 of 5,000" in field.label
    assert requests_mock.call_count == PAYERS_LOOKED_AT // size
