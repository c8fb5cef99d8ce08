"""Field mappings: which of the provider's fields fills which Text field of users, and when."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from flask import Blueprint, Response, request

from ...agents.roles import Role
from ...connections.connections import ConnectionDetails
from ...connections.matching import Policy
from ...database.columns import name_key
from ...database.tables import CORE_FIELDS
from ...directory.custom_fields import CustomField
from ...errors import InvalidInput, NotFound
from ...host import Host
from ...types import MappableField
from ..directory.words import CORE_LABELS, LONGEST_NAME
from ..shell.forms import Field, Form
from ..shell.pages import back_to, requires, say, the_agent, the_host, wants_fragment
from .module import address, module_page
from .picking import FOUND_AT_ONCE, choices
from .provider_fields import fields_or_failure

views = Blueprint("mappings", __name__)
_TAB = "mappings"
_NEW = "new:"  # before the name of a custom field that is to be made
_ANYWAY, _REPLACE = "anyway", "replace"
POLICIES = (
    (Policy.FOLLOW, "Follow the provider", "Fills what is empty and updates what an import wrote; "
     "never what a person wrote."),
    (Policy.KEEP, "Keep", "Fills what is empty, and nothing else."),
    (Policy.NEW_USERS, "New users only", "Is written when a user is made, and never again."),
    (Policy.OVERWRITE, "Overwrite", "Always, unless the provider's value is empty."),
    (Policy.WRITE_EMPTY, "Overwrite, also with nothing", "Always; an empty value clears the "
     "field."),
)  # fmt: skip
_CHOICES = [(policy.value, title) for policy, title, _ in POLICIES]


@views.get("/integrations/<connection>/mappings")
@requires(Role.VIEWER)
def show(connection: str) -> Response:
    """The provider is asked for samples in a second request, as it may take a while."""
    return _shown(the_host().connections.get(connection), asks=wants_fragment())


@views.get("/integrations/<connection>/mappings/add")
@requires(Role.OPERATOR)
def add(connection: str) -> Response:
    return _shown(the_host().connections.get(connection), form=_form())


@views.post("/integrations/<connection>/mappings/add")
@requires(Role.OPERATOR)
def save(connection: str) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    form = _form()
    if form.read() and _is_accepted(host, details, form):
        try:
            said = _map(host, details, form)
        except (InvalidInput, NotFound) as error:
            form.error = error.message
        else:
            say(said)
            return back_to(address(details.slug, _TAB))
    return _shown(details, form=form, status=422)


@views.get("/integrations/<connection>/mappings/provider-fields")
@requires(Role.OPERATOR)
def found_at_provider(connection: str) -> Response:
    """A field that no payer has yet can be typed: it may be filled later."""
    text = request.args.get("q", "").strip()
    fields, failure = fields_or_failure(the_host(), the_host().connections.get(connection).slug)
    found: list[tuple[str, str, str]] = [
        (it.key, it.key, _note(_other_label(it), it.sample))
        for it in fields
        if text.casefold() in it.key.casefold() or text.casefold() in it.label.casefold()
    ][:FOUND_AT_ONCE]
    if text and text not in {it.key for it in fields}:
        unseen = "As it is typed" if failure else "Not known at the provider"
        found.append((text, text, unseen))
    return choices(found, nothing=failure or "The provider has no fields of its own: type a name.")


@views.get("/integrations/<connection>/mappings/user-fields")
@requires(Role.OPERATOR)
def found_here(connection: str) -> Response:
    """Text fields of users, and the offer to make one of the name that is typed."""
    text = request.args.get("q", "").strip()
    fields = _text_fields(the_host())
    taken = {it.custom_field: it.metadata_key for it in the_host().connections.mappings(connection)}
    found: list[tuple[str, str, str]] = [
        (str(it.id), it.name, f"Filled by {taken[it.id]} now" if it.id in taken else "")
        for it in fields
        if text.casefold() in it.name.casefold()
    ][:FOUND_AT_ONCE]
    if text and text.casefold() not in {it.name.casefold() for it in fields}:
        found.append((_NEW + text, text, "Make this Text field of users"))
    return choices(found, nothing="There is no Text field yet: type the name of one to make it.")


@views.post("/integrations/<connection>/mappings/<int:field>/policy")
@requires(Role.OPERATOR)
def set_policy(connection: str, field: int) -> Response:
    host = the_host()
    for it in host.connections.mappings(connection):
        if it.custom_field == field:
            host.connections.map_field(
                connection,
                it.metadata_key,
                str(field),
                _policy(request.form.get("policy", "")),
                agent=the_agent().name,
            )
            return _changed(host, connection, f"The policy of {it.custom_field_name} is changed.")
    raise NotFound("Nothing is mapped to that field any longer.")


@views.post("/integrations/<connection>/mappings/<int:field>/remove")
@requires(Role.OPERATOR)
def remove(connection: str, field: int) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    try:
        gone = host.connections.unmap_field(details.slug, str(field), agent=the_agent().name)
    except NotFound as already:
        say(already.message, "warning")
        return back_to(address(details.slug, _TAB))
    said = f"{gone.metadata_key} no longer fills {gone.custom_field_name}."
    return _changed(host, details.slug, f"{said} Values that it wrote stay.")


@views.post("/integrations/<connection>/mappings/core/<field>")
@requires(Role.OPERATOR)
def set_core_policy(connection: str, field: str) -> Response:
    host = the_host()
    policy = _policy(request.form.get("policy", ""))
    host.connections.set_core_policy(connection, field, policy, agent=the_agent().name)
    return _changed(host, connection, f"The policy of {field.replace('_', ' ')} is changed.")


def _changed(host: Host, slug: str, said: str) -> Response:
    say(said)
    if wants_fragment():
        return _shown(host.connections.get(slug), asks=True)
    return back_to(address(slug, _TAB))


def _policy(text: str) -> Policy:
    """:raises InvalidInput: it is none."""
    try:
        return Policy(text)
    except ValueError:
        raise InvalidInput(f"{text[:40]} is no policy of a field.") from None


def _is_accepted(host: Host, details: ConnectionDetails, form: Form) -> bool:
    """Whether nothing is to be asked about the two fields, or it was answered."""
    return all([_is_known(host, details, form), _is_free(host, details, form)])


def _is_free(host: Host, details: ConnectionDetails, form: Form) -> bool:
    """Whether no other field of the provider fills the user's field, or this one is to instead."""
    ours = form["user_field"]
    for it in host.connections.mappings(details.slug):
        another = (
            str(it.custom_field) == ours.value and it.metadata_key != form["provider_field"].value
        )
        if another and not form[_REPLACE].value:
            ours.error = f"{it.custom_field_name} is filled by {it.metadata_key} now."
            return False
    return True


def _is_known(host: Host, details: ConnectionDetails, form: Form) -> bool:
    """Whether the provider knows the field, or somebody wants it all the same."""
    theirs = form["provider_field"]
    fields, failure = fields_or_failure(host, details.slug)
    known = [it.key for it in fields]
    if theirs.value in known or form[_ANYWAY].value:
        return True
    if failure:
        theirs.error = f"It cannot be seen whether the provider has “{theirs.value}”: {failure}"
    else:
        alike = get_close_matches(theirs.value, known, n=1, cutoff=0.4) or [
            it for it in known if theirs.value.casefold() in it.casefold()
        ]
        meant = f" Did you mean “{alike[0]}”?" if alike else ""
        theirs.error = f"No payer has a field “{theirs.value}” at the provider.{meant}"
    return False


def _map(host: Host, details: ConnectionDetails, form: Form) -> str:
    """Map the fields that were chosen, and make the custom field where it is a new one."""
    agent = the_agent().name
    chosen = form["user_field"].value
    if chosen.startswith(_NEW):
        if len(chosen) - len(_NEW) > LONGEST_NAME:
            raise InvalidInput(f"A new field's name may have {LONGEST_NAME} characters.")
        made = host.directory.add_custom_field(chosen.removeprefix(_NEW), agent=agent)
        chosen = form["user_field"].value = str(made.id)  # it is there, whatever comes now
    mapping = host.connections.map_field(
        details.slug,
        form["provider_field"].value,
        chosen,
        _policy(form["policy"].value),
        agent=agent,
    )
    return f"{mapping.metadata_key} fills {mapping.custom_field_name} from the next import on."


def _text_fields(host: Host) -> Sequence[CustomField]:
    fields = [it for it in host.directory.custom_fields() if it.is_mappable]
    return sorted(fields, key=lambda it: it.name.casefold())


def _other_label(field: MappableField) -> str:
    """What the provider's label says more than the key, which stands before it."""
    label, key = field.label, field.key
    if label.casefold().startswith(key.casefold()):
        label = label[len(key) :].strip().removeprefix("(").removesuffix(")")
    return "" if name_key(label) == name_key(key) else label


def _note(*parts: str | None) -> str:
    label, sample = parts
    return " · ".join(it for it in (label, f"such as {sample}" if sample else "") if it)


def _form() -> Form:
    return Form(
        Field(
            name="provider_field",
            label="Field at the provider",
            required=True,
            help="The provider's own fields, with a value that one payer has.",
        ),
        Field(
            name="user_field",
            label="Field of the user",
            required=True,
            help="A Text field of users. Type a new name to make one.",
        ),
        Field(
            name=_ANYWAY,
            label="Use it anyway",
            kind="checkbox",
            help="For a field that payers will have later.",
        ),
        Field(
            name=_REPLACE,
            label="Fill it from this one instead",
            kind="checkbox",
            help="The mapping that is there is removed. Values that it wrote stay.",
        ),
        Field(
            name="policy",
            label="When it is written",
            kind="select",
            value=Policy.FOLLOW.value,
            choices=_CHOICES,
            required=True,
            help="A user who is new always gets the value.",
        ),
    )


def _shown(
    details: ConnectionDetails, *, form: Form | None = None, asks: bool = False, status: int = 200
) -> Response:
    """`asks`: ask the provider for samples."""
    host = the_host()
    fields, failure = (
        fields_or_failure(host, details.slug) if asks and details.enabled else ((), "")
    )
    core = host.connections.core_policies(details.slug)
    return module_page(
        "integrations/mappings.html",
        details,
        _TAB,
        title="Add a field mapping" if form else "",
        above=[("Field mappings", address(details.slug, _TAB))] if form else [],
        fragment="mappings" if form is None else None,
        status=status,
        mappings=host.connections.mappings(details.slug),
        samples={it.key: it.sample or "" for it in fields},
        failure=failure,
        asked=asks or not details.enabled,
        core=[(it, CORE_LABELS[it], core.get(it, Policy.FOLLOW)) for it in CORE_FIELDS],
        policies=POLICIES,
        form=form,
        user_field_text=_user_field_text(host, form),
    )


def _user_field_text(host: Host, form: Form | None) -> str:
    """What the picker of the user's field shows for its value."""
    value = form["user_field"].value if form else ""
    if value.startswith(_NEW):
        return value.removeprefix(_NEW)
    return next((it.name for it in _text_fields(host) if str(it.id) == value), "")
