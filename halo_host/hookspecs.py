"""The hook specifications: all that the host ever asks of a plugin.

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
from contextlib import AbstractContextManager

import pluggy

from .streams import Batch, Stream, StreamReader, WebhookRequest, WebhookVerdict
from .tab_types import Tab
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

    Called for `context.payments(query)` of a tab, where the plugin offers no streams.

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


# --- streams and webhooks (level 2) -------------------------------------------------------------


@hookspec(firstresult=True)
def halo_streams(connection: Connection) -> Iterable[Stream] | None:
    """Declare which of the provider's lists the host can mirror.

    New in level 2. Called whenever the host needs to know it: do no input or output here.

    :param connection: whose lists; the addresses in `Stream.url` may depend on its settings.
    :return: one `Stream` a kind, in any order.
    :default: nothing is mirrored; tabs ask the provider through `halo_list_payments`.

    Example::

        @hookimpl
        def halo_streams(connection):
            paid = Meaning(PaymentState.PAID_OUT, "The money is in your bank account.")
            yield Stream(
                kind=StreamKind.PAYMENTS,
                meanings={"paid": paid},
                url="https://pay.example/payments/{id}",
            )
    """
    return None


@hookspec(firstresult=True)
def halo_open_reader(connection: Connection) -> AbstractContextManager[StreamReader] | None:
    """Open the account for a run of the integrator.

    New in level 2. Called at the start of each sync, comparison or re-reading; left at its end. The
    reader keeps one connection to the provider open and paces itself within its rate limit.

    :param connection: whose account.
    :return: a context manager that gives a `StreamReader` and closes it.
    :default: nothing can be read; `halo_streams` must not declare anything then.

    Example::

        @hookimpl
        def halo_open_reader(connection):
            return contextlib.closing(AcmeReader(connection.settings["api_key"].reveal()))
    """
    return None


@hookspec(firstresult=True)
def halo_verify_webhook(connection: Connection, request: WebhookRequest) -> WebhookVerdict | None:
    """Tell whether a delivery really comes from the provider.

    New in level 2. Called while the provider waits for the answer: do no input or output, compare
    signatures in constant time, and never raise for what somebody may send.

    :param connection: the connection whose address was called.
    :param request: headers and raw body.
    :return: the verdict.
    :default: the integration takes no webhooks; the delivery is answered with 404.

    Example::

        @hookimpl
        def halo_verify_webhook(connection, request):
            key = connection.settings["webhook_secret"].reveal().encode()
            expected = hmac.new(key, request.body, "sha256").hexdigest()
            signature = request.headers.get("acme-signature", "")
            good = hmac.compare_digest(expected.encode(), signature.encode())
            return WebhookVerdict(accepted=good, reason="" if good else "Its signature is wrong.")
    """
    return None


@hookspec(firstresult=True)
def halo_webhook_events(connection: Connection, body: bytes) -> Batch | None:
    """Read the events of a delivery that was verified and stored.

    New in level 2. Called by the integrator, also when an old delivery is replayed.

    :param connection: whose delivery.
    :param body: its raw bytes.
    :return: its events, with the provider's JSON of each. Whatever cannot be read is an
        `UnreadableRecord`; a test delivery has no events.
    :default: no events; the delivery leads to a sync of everything that changed.

    Example::

        @hookimpl
        def halo_webhook_events(connection, body):
            raw = json.loads(body)["events"]
            return Batch(StreamKind.EVENTS, [to_event(event) for event in raw], raw)
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
