"""The hook specifications of level 1: all that the host ever asks of a plugin.

A plugin is a distribution with an entry point in the group `halo_host.plugins` that names a module
or an object; functions marked with `@hookimpl` and named as below are its hooks. All are optional,
but a plugin that declares an integration wants `halo_check_connection` and `halo_import_users`.

The host calls only the plugin that owns the connection, so no plugin needs to ask whether it is
meant. Whatever a hook raises is caught, attributed to its plugin and shown; raise
`halo_host.ProviderError` with a readable text for what the provider refused. A hook may be called
from any thread, and never inside a database transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pluggy

from .types import (
    CheckResult,
    Connection,
    Demo,
    EndOfList,
    ExternalUser,
    Integration,
    MappableField,
    PaymentPage,
    PaymentQuery,
    Tab,
    UnreadableRecord,
    User,
)

hookspec = pluggy.HookspecMarker("halo_host")


# --- integration enablement ---------------------------------------------------------------------


@hookspec
def halo_integrations() -> Iterable[Integration]:
    """Declare what the plugin brings to the Integrations page.

    Called once, when the host loads the plugin. Must do no input or output.

    :return: one `Integration` a tile. Its slug is taken by the first plugin that declares it.
    :default: none; the plugin adds no tile.

    Example::

        @hookimpl
        def halo_integrations():
            yield Integration(
                slug="acme-pay",
                title="Acme Pay",
                description="Imports payers of Acme Pay and shows their payments.",
                config_schema={
                    "$schema": "https://json-schema.org/draft/2020-12/schema",
                    "type": "object",
                    "properties": {
                        "api_key": {"type": "string", "title": "API key", "writeOnly": True}
                    },
                    "required": ["api_key"],
                    "additionalProperties": False,
                },
            )
    """
    return ()


@hookspec(firstresult=True)
def halo_check_connection(connection: Connection) -> CheckResult | None:
    """Try the connection's settings at the provider.

    Called when an operator asks for a check.

    :param connection: the settings to try; secrets are `Secret`.
    :return: whether it works, the account's name, and what the operator should know. A refused
        token is a result with `ok=False`, not an exception.
    :default: the operator is told that this integration cannot be checked.

    Example::

        @hookimpl
        def halo_check_connection(connection):
            account = AcmeClient(connection.settings["api_key"].reveal()).account()
            return CheckResult(ok=True, account=account["name"])
    """
    return None


@hookspec
def halo_connection_enabled(connection: Connection) -> None:
    """Take note that a connection was enabled, or enabled again.

    Called after the connection was stored. A failure is reported and does not undo the enabling.

    :param connection: the connection as stored.
    :default: nothing happens.

    Example::

        @hookimpl
        def halo_connection_enabled(connection):
            logging.getLogger(__name__).info("%s is enabled", connection.slug)
    """


@hookspec
def halo_connection_disabled(connection: Connection) -> None:
    """Take note that a connection was disabled. Links, change sets and history stay.

    Called after the change was stored. A failure is reported and does not undo the disabling.

    :param connection: the connection as it was.
    :default: nothing happens.

    Example::

        @hookimpl
        def halo_connection_disabled(connection):
            logging.getLogger(__name__).info("%s is disabled", connection.slug)
    """


# --- user import --------------------------------------------------------------------------------


@hookspec(firstresult=True)
def halo_import_users(
    connection: Connection,
) -> Iterator[ExternalUser | UnreadableRecord | EndOfList] | None:
    """Stream every payer that the provider holds, page by page.

    Called by each import, also by a dry run. Yield as pages arrive and keep none of them: lists
    of a million payers must not grow in memory. Order does not matter, but should be stable.

    :param connection: whose payers.
    :return: an iterator of payers; `UnreadableRecord` for a record that cannot be translated; as
        the last item `EndOfList`, and only if every page was read. Raise `ProviderError` when the
        provider fails for good: nothing of an unfinished list is applied.
    :default: the integration cannot import users.

    Example::

        @hookimpl
        def halo_import_users(connection):
            count = 0
            for record in AcmeClient(connection.settings["api_key"].reveal()).payers():
                count += 1
                yield ExternalUser(id=record["id"], email=record.get("email"))
            yield EndOfList(records=count)
    """
    return None


# --- field mapping ------------------------------------------------------------------------------


@hookspec(firstresult=True)
def halo_mappable_fields(connection: Connection) -> Iterable[MappableField] | None:
    """List the provider's custom fields that can be mapped to Text fields of users.

    Called when an operator opens or edits the field mappings. May ask the provider.

    :param connection: whose fields.
    :return: one `MappableField` a key of `ExternalUser.metadata`, with a label and a sample value.
    :default: nothing can be mapped.

    Example::

        @hookimpl
        def halo_mappable_fields(connection):
            yield MappableField(key="office", label="Office", sample="Leeds")
    """
    return None


# --- user-detail tabs ---------------------------------------------------------------------------


@hookspec(firstresult=True)
def halo_user_tabs(connection: Connection, user: User) -> Iterable[Tab] | None:
    """Add tabs to the page of a user.

    Called whenever a user page is shown, once for each enabled connection: do no input or output
    here. A tab's `load(context)` runs only when the tab is opened; what it returns is rendered by
    the host with the tab's template, in a sandbox with autoescape and strict undefined names.

    :param connection: the connection that the tab belongs to.
    :param user: whose page it is.
    :return: tabs; the host sorts them by (order, slug).
    :default: no tab.

    Example::

        @hookimpl
        def halo_user_tabs(connection, user):
            def load(context):
                return {"page": context.payments(context.query)}

            yield Tab(
                slug="payments",
                title="Acme Payments",
                template="acme_pay:templates/payments.html",
                load=load,
            )
    """
    return None


@hookspec(firstresult=True)
def halo_list_payments(connection: Connection, query: PaymentQuery) -> PaymentPage | None:
    """List payments of some payers at the provider.

    Called for `context.payments(query)` of a tab, as long as the host has no mirror of its own.

    :param connection: whose account.
    :param query: the payers, filter, sort order, page. An empty `external_user_ids` asks for none.
    :return: one page.
    :default: the tab is told that the integration lists no payments.

    Example::

        @hookimpl
        def halo_list_payments(connection, query):
            client = AcmeClient(connection.settings["api_key"].reveal())
            records, cursor = client.payments(query.external_user_ids, after=query.cursor)
            return PaymentPage(payments=tuple(map(to_payment, records)), next_cursor=cursor)
    """
    return None


# --- demo ---------------------------------------------------------------------------------------


@hookspec(firstresult=True)
def halo_demo() -> Demo | None:
    """Take part in `halo-host demo` with a twin: a local server that behaves as the provider does.

    Called by `halo-host demo` alone.

    :return: which integration it is for, and how to start the twin.
    :default: the plugin takes no part in the demo.

    Example::

        @hookimpl
        def halo_demo():
            @contextmanager
            def start(customers, folder):
                with AcmeTwin(customers) as twin:
                    yield DemoConnection(name="Acme demo", settings={"api_key": twin.api_key})

            return Demo(integration="acme-pay", start=start)
    """
    return None
