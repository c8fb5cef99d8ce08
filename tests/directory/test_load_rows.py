"""Which customer, site and user a row is, and what it changes; a second load changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from halo_host import audit
from halo_host.database.database import Database
from halo_host.directory.directory import Directory
from halo_host.directory.report import Counts, LoadReport

AGENT = "tester"
Load = Callable[..., LoadReport]

NOTHING = Counts(added=0, changed=0, unchanged=0)


def table(*rows: str) -> str:
    """A CSV file without all the quoting: cells are separated by `|` and trimmed."""
    lines = [",".join(cell.strip() for cell in row.split("|")) for row in rows]
    return "\n".join(lines) + "\n"


def people(directory: Directory) -> list[tuple[str, str, str]]:
    return [(user.customer, user.site, user.name) for user in directory.users(limit=1_000)]


def messages(report: LoadReport) -> dict[int, str]:
    return {problem.line: problem.message for problem in report.problems}


def test_a_file_makes_customers_sites_and_users(load: Load, directory: Directory) -> None:
    report = load(
        table(
            "Customer | Site  | Invoice Site | GIVEN_NAME | Family name | E-mail ",
        ).replace("E-mail", "email")
        + table(
            "Acme Ltd | HQ    |              | Ann        | Archer      | ann@acme.example",
            "Acme Ltd | Depot | yes          | Bob        | Baker       | ",
            "Beta     |       |              | Cy         |             | cy@beta.example",
            "Gamma    | North |              |            |             | ",
        )
    )

    assert report.problems == ()
    assert report.customers == Counts(added=3, changed=0, unchanged=0)
    assert report.sites == Counts(added=4, changed=0, unchanged=0)
    assert report.users == Counts(added=3, changed=0, unchanged=0)
    assert people(directory) == [
        ("Acme Ltd", "HQ", "Ann Archer"),
        ("Acme Ltd", "Depot", "Bob Baker"),
        ("Beta", "Main", "Cy"),
    ]
    invoice_sites = [site.label for site in directory.sites() if site.is_invoice_site]
    assert invoice_sites == ["Acme Ltd/Depot", "Beta/Main", "Gamma/North"]


FILE_OF_ALL_KINDS = table(
    "customer | customer_ref | site  | invoice_site | user_ref | given_name | company | email   ",
    "Acme     |              |       |              |          | Ann        |         |         ",
    "Acme     |              | HQ    | yes          |          | Ann        |         | a@x.test",
    "Acme     |              | Depot | no           | U1       | Ann        |         | a@x.test",
    "Acme     | A2           | HQ    |              |          | Ann        |         | a@x.test",
    "Beta     | B1           |       |              | U2       |            |         |         ",
    "Beta     | B1           |       |              |          |            | Beta    |         ",
    "Beta     | B1           |       |              | U3       | Bea        |         | b@x.test",
    "Beta     | B1           |       |              |          | Bee        |         | B@X.test",
    "Gamma    |              | North |              |          |            |         |         ",
)


def test_loading_a_file_again_changes_nothing(
    load: Load, directory: Directory, database: Database
) -> None:
    first = load(FILE_OF_ALL_KINDS)
    assert first.problems == ()
    assert (first.customers.added, first.sites.added, first.users.added) == (4, 6, 8)
    before = audit.entries(database, limit=1_000)

    again = load(FILE_OF_ALL_KINDS)

    assert again.problems == ()
    assert (again.customers.unchanged, again.users.unchanged) == (4, 8)
    assert (again.customers.added, again.sites.added, again.users.added) == (0, 0, 0)
    assert (again.customers.changed, again.sites.changed, again.users.changed) == (0, 0, 0)
    assert audit.entries(database, limit=1_000) == before


def test_filled_cells_overwrite_and_empty_cells_leave_alone(
    load: Load, directory: Directory, database: Database
) -> None:
    load(table("customer | email | phone | city", "Acme | a@x.example | 1 | Leeds"))

    report = load(table("customer | email | phone | city", "Acme | A@x.example | 2 | "))

    assert report.users == Counts(added=0, changed=1, unchanged=0)
    user = directory.user("a@x.example")
    assert (user.email, user.phone, user.city) == ("A@x.example", "2", "Leeds")
    changed = audit.entries(database, limit=1)[0]
    assert (changed.agent, changed.before) == (AGENT, {"email": "a@x.example", "phone": "1"})


def test_another_site_moves_the_user_and_an_empty_one_leaves_it(
    load: Load, directory: Directory
) -> None:
    load(table("customer | site | email", "Acme | HQ | a@x.example", "Acme | Depot | "))

    load(table("customer | site | email", "Acme | Depot | a@x.example"))
    assert directory.user("a@x.example").site == "Depot"
    report = load(table("customer | email", "Acme | a@x.example"))

    assert report.users.unchanged == 1
    assert directory.user("a@x.example").site == "Depot"


def test_a_known_reference_finds_the_user_in_any_customer_and_moves_it(
    load: Load, directory: Directory
) -> None:
    load(table("customer | user_ref | given_name", "Acme | U1 | Ann"))

    load(table("customer | user_ref", "Beta | U1"))

    assert people(directory) == [("Beta", "Main", "Ann")]


# --- customers ---------------------------------------------------------------------------------


def test_a_customer_spelled_in_another_way_is_a_duplicate(load: Load, directory: Directory) -> None:
    report = load(table("customer", "Acme Ltd", "ACME LTD.", "Beta"))

    assert [customer.name for customer in directory.customers()] == ["Acme Ltd", "Beta"]
    message = messages(report)[3]
    assert message.startswith("Duplicate customer: “ACME LTD.” is “Acme Ltd” in another spelling.")
    assert "customer_ref" in message


def test_a_reference_tells_two_customers_of_one_name_apart(
    load: Load, directory: Directory
) -> None:
    content = table("customer | customer_ref", "Acme Ltd | ", "ACME LTD. | A2", "Acme Ltd |")

    assert load(content).problems == ()
    assert load(content).customers == Counts(added=0, changed=0, unchanged=2)
    assert [(one.name, one.reference) for one in directory.customers()] == [
        ("Acme Ltd", None),
        ("ACME LTD.", "A2"),
    ]


def test_of_several_customers_without_a_plain_one_none_is_guessed(
    load: Load, directory: Directory
) -> None:
    load(table("customer | customer_ref", "Acme | A1", "Acme | A2"))

    report = load(table("customer | given_name", "Acme | Ann"))

    assert "2 customers are called “Acme”; say in customer_ref" in messages(report)[2]
    assert "“A1”, “A2”" in messages(report)[2]
    assert people(directory) == []


def test_a_customer_gets_the_reference_that_it_lacked(load: Load, directory: Directory) -> None:
    load(table("customer", "Acme"))

    report = load(table("customer | customer_ref", "Acme | A1"))

    assert report.customers == Counts(added=0, changed=1, unchanged=0)
    assert [customer.reference for customer in directory.customers()] == ["A1"]


def test_a_customer_known_by_its_reference_takes_a_new_name_once_a_file(
    load: Load, directory: Directory
) -> None:
    load(table("customer | customer_ref", "Acme | A1"))

    report = load(table("customer | customer_ref", "Apex | A1", "Zenith | A1"))

    assert [customer.name for customer in directory.customers()] == ["Apex"]
    assert "“A1” is “Apex” in line 2 and “Zenith” here" in messages(report)[3]


def test_a_new_customer_must_not_make_an_earlier_row_ambiguous(
    load: Load, directory: Directory
) -> None:
    load(table("customer | customer_ref", "Acme | A1", "Beta | B1"))

    report = load(table("customer | customer_ref", "Acme |", "Acme | A2", "Acme | B1", "Apex | A1"))

    assert "line 2 could mean either. Give that line its customer_ref" in messages(report)[3]
    assert "line 2 could mean either" in messages(report)[4]
    assert "“A1” is “Acme”, the name that line 2 has" in messages(report)[5]
    assert [(one.name, one.reference) for one in directory.customers()] == [
        ("Acme", "A1"),
        ("Beta", "B1"),
    ]


def test_two_invoice_sites_of_one_customer_are_a_problem(load: Load, directory: Directory) -> None:
    content = table(
        "customer | site | invoice_site",
        "Acme | HQ | ",
        "Acme | Depot | 1",
        "Acme | Barn | TRUE",
        "Acme | depot | Yes",
        "Acme | HQ | maybe",
    )

    report = load(content)

    assert [site.name for site in directory.sites() if site.is_invoice_site] == ["Depot"]
    assert [site.name for site in directory.sites()] == ["HQ", "Depot"]
    assert "Line 3 marks another site as the invoice site of “Acme”" in messages(report)[4]
    assert "invoice_site is “maybe”; it may be yes, no or empty" in messages(report)[6]


# --- users -------------------------------------------------------------------------------------


def test_a_new_reference_goes_to_the_user_of_that_email_who_has_none(
    load: Load, directory: Directory
) -> None:
    load(table("customer | email | phone", "Acme | a@x.example | 1", "Beta | a@x.example | 2"))

    report = load(table("customer | user_ref | email", "Acme | U1 | A@x.example"))

    assert report.users == Counts(added=0, changed=1, unchanged=0)
    user = directory.user("U1")
    assert (user.customer, user.phone) == ("Acme", "1")


def test_two_references_with_one_email_are_two_people(load: Load, directory: Directory) -> None:
    content = table(
        "customer | user_ref | given_name | email",
        "Acme | U1 | Ann | info@x.example",
        "Acme | U2 | Bob | info@x.example",
        "Acme |    | Cy  | info@x.example",
    )

    assert load(content).problems == ()
    assert load(content).users == Counts(added=0, changed=0, unchanged=3)
    assert [user.name for user in directory.users()] == ["Ann", "Bob", "Cy"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Acme | | Ann | Archer | a@x.example", "Acme | | Bob | | A@X.example"),
        ("Acme | | Ann | Archer | ", "Acme | | Ann | Archer | "),
        ("Acme | U1 | Ann | Archer | ", "Acme | U1 | Bob | | "),
    ],
)
def test_a_second_row_for_the_same_user_is_a_problem(
    load: Load, directory: Directory, first: str, second: str
) -> None:
    heading = "customer | user_ref | given_name | family_name | email"

    report = load(table(heading, first, "Beta | | Cy | | ", second))

    assert messages(report) == {
        4: "This is the same user as line 2. If they are two people, give each its own user_ref."
    }
    assert [user.name for user in directory.users()] == ["Ann Archer", "Cy"]


def test_two_rows_that_mean_one_user_with_a_reference_are_a_problem(
    load: Load, directory: Directory
) -> None:
    load(table("customer | user_ref | email", "Acme | U1 | a@x.example"))

    report = load(table("customer | email | phone", "Acme|a@x.example|1", "Acme|a@x.example|2"))

    assert "the same user as line 2" in messages(report)[3]
    assert [user.phone for user in directory.users()] == ["1"]


def test_an_email_that_several_users_have_is_not_guessed(load: Load, directory: Directory) -> None:
    directory.add_customer("Acme", agent=AGENT)
    for name in ("Ann", "Bob"):
        directory.add_user("Main", {"given_name": name, "email": "info@x.example"}, agent=AGENT)

    report = load(table("customer | email | phone", "Acme | info@x.example | 1"))

    assert "2 users have this e-mail in “Acme”; the row may mean any" in messages(report)[2]
    report = load(table("customer|given_name|email|phone", "Acme|Bob|info@x.example|1"))
    assert report.problems == ()
    assert [user.phone for user in directory.users()] == ["", "1"]


def test_without_an_email_the_site_and_the_names_say_who_it_is(
    load: Load, directory: Directory
) -> None:
    content = table(
        "customer | site | given_name | company | phone",
        "Acme | HQ    | Ann | | 1",
        "Acme | Depot | Ann | | 2",
        "Acme | HQ    | Ann | Archer Ltd | 3",
        "Acme | HQ    |     | | 4",
    )

    assert load(content).problems == ()
    assert load(content).users == Counts(added=0, changed=0, unchanged=4)
    report = load(content.replace(",2", ",5"))

    assert report.users == Counts(added=0, changed=1, unchanged=3)
    assert [user.phone for user in directory.users()] == ["1", "5", "3", "4"]


def test_a_user_who_got_an_email_by_hand_is_still_found_by_its_names(
    load: Load, directory: Directory
) -> None:
    content = table("customer | given_name", "Acme | Ann")
    load(content)
    directory.edit_user(1, {"email": "ann@x.example"}, agent=AGENT)

    assert load(content).users == Counts(added=0, changed=0, unchanged=1)


def test_a_user_without_names_is_not_taken_for_one_with_an_email(
    load: Load, directory: Directory
) -> None:
    load(table("customer | email | phone", "Acme | a@x.example | 1", "Acme | | 2"))

    assert [(user.email, user.phone) for user in directory.users()] == [
        ("a@x.example", "1"),
        ("", "2"),
    ]


def test_an_empty_site_finds_a_user_after_the_invoice_site_has_moved(
    load: Load, directory: Directory
) -> None:
    content = table(
        "customer | site | invoice_site | given_name", "Acme | | | Ann", "Acme | HQ | yes | "
    )
    load(content)

    assert load(content).users == Counts(added=0, changed=0, unchanged=1)
    assert people(directory) == [("Acme", "Main", "Ann")]


# --- custom fields and bad rows ----------------------------------------------------------------


def test_custom_fields_are_filled_by_their_names(load: Load, directory: Directory) -> None:
    directory.add_custom_field("Account manager", agent=AGENT)
    content = table("customer | email | custom:ACCOUNT MANAGER", "Acme | a@x.example | Jo")

    load(content)
    assert load(content).users.unchanged == 1
    assert load(content.replace("Jo", "Kim")).users.changed == 1

    assert directory.values("a@x.example") == {"Account manager": "Kim"}


def test_missing_custom_fields_are_added_when_asked_for(load: Load, directory: Directory) -> None:
    content = table("customer | email | custom:Manager", "Acme | a@x.example | Jo")

    load(content, create_fields=True)

    assert [(field.name, field.is_mappable) for field in directory.custom_fields()] == [
        ("Manager", True)
    ]
    assert directory.values("a@x.example") == {"Manager": "Jo"}


def test_a_bad_row_leaves_no_trace_and_the_rest_loads(load: Load, directory: Directory) -> None:
    report = load(
        table(
            "customer | site | email | phone",
            " | HQ | a@x.example | ",
            f"Beta | HQ | b@x.example | {'7' * 2_001}",
            "Gamma | HQ | =cmd | ",
            "Delta | HQ | d@x.example | 1 | stray",
            "Acme | HQ | e@x.example | +44 1",
        )
    )

    assert messages(report) == {
        2: "customer is empty; every row names its customer.",
        3: "phone has 2,001 characters; at most 2,000 are stored.",
        4: "email looks like a formula; put an apostrophe in front if it is meant as text.",
        5: "Column 5 has a value but no heading; perhaps a text that holds the separator is not "
        "in quotation marks.",
    }
    assert [site.label for site in directory.sites()] == ["Acme/HQ"]
    assert [user.phone for user in directory.users()] == ["+44 1"]


def test_messages_cut_long_names(load: Load) -> None:
    name = "N" * 500

    report = load(table("customer", name, name.lower()))

    assert len(messages(report)[3]) < 400
    assert "N" * 60 not in messages(report)[3]
