"""Secrets at rest: encrypted, bound to their row, rotated without a gap."""

from __future__ import annotations

import json
import pickle
import stat

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update
from support.acme import AGENT, CONNECTION, Desk

from halo_host import Secret
from halo_host.connections import keyring as keyrings
from halo_host.connections.keyring import Keyring
from halo_host.database.tables import connection_secrets
from halo_host.errors import HostError, InvalidInput


def secret_of(desk: Desk, slug: str = CONNECTION) -> str:
    value = desk.host.connections.for_plugin(slug).settings["api_key"]
    assert isinstance(value, Secret)
    return value.reveal()


def use_key(desk: Desk, keys: str | None) -> None:
    ring = Keyring(desk.host.settings.key_file, keys)
    desk.host.connections._keyring = ring


def test_the_key_file_is_made_on_first_use_for_its_owner_alone(desk: Desk) -> None:
    mode = stat.S_IMODE(desk.host.settings.key_file.stat().st_mode)

    assert oct(mode) == "0o600"
    assert secret_of(desk) == "a-secret-key"


def test_rotation_encrypts_everything_anew_and_forgets_the_old_key(desk: Desk) -> None:
    old_key = desk.host.settings.key_file.read_text()
    old = stored(desk)

    assert desk.host.connections.rotate_secrets(agent=AGENT) == 1

    assert secret_of(desk) == "a-secret-key"
    assert stored(desk) != old
    assert old_key not in desk.host.settings.key_file.read_text()
    assert stat.S_IMODE(desk.host.settings.key_file.stat().st_mode) == 0o600


def test_a_rotation_that_is_cut_short_loses_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(self: Keyring) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(keyrings.Keyring, "drop_old_keys", killed)
    with pytest.raises(KeyboardInterrupt):
        desk.host.connections.rotate_secrets(agent=AGENT)
    assert secret_of(desk) == "a-secret-key"

    monkeypatch.setattr(keyrings.Keyring, "encrypt", killed)
    with pytest.raises((KeyboardInterrupt, TypeError)):
        desk.host.connections.rotate_secrets(agent=AGENT)
    assert secret_of(desk) == "a-secret-key"


def test_keys_from_the_environment_rotate_too(desk: Desk) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    use_key(desk, old)
    desk.host.connections.configure(CONNECTION, agent=AGENT, settings={"api_key": "another-key"})

    use_key(desk, f"{new},{old}")
    desk.host.connections.rotate_secrets(agent=AGENT)
    use_key(desk, new)

    assert secret_of(desk) == "another-key"


def test_a_rotation_without_the_key_says_so(desk: Desk) -> None:
    desk.host.settings.key_file.unlink()

    with pytest.raises(HostError, match=r"secret\.key is missing"):
        desk.host.connections.rotate_secrets(agent=AGENT)


def test_a_missing_key_file_is_named_and_no_new_key_locks_the_rest_out(desk: Desk) -> None:
    desk.host.settings.key_file.unlink()

    with pytest.raises(HostError, match=r"secret\.key is missing"):
        secret_of(desk)
    with pytest.raises(HostError, match=r"secret\.key is missing"):
        desk.enable("second")
    assert not desk.host.settings.key_file.exists()


def test_after_a_reset_every_secret_can_be_given_again(desk: Desk) -> None:
    desk.enable("second")
    desk.host.settings.key_file.unlink()

    assert desk.host.connections.reset_secrets(agent=AGENT) == 2

    desk.host.connections.configure(CONNECTION, agent=AGENT, settings={"api_key": "another-key"})
    assert secret_of(desk) == "another-key"
    with pytest.raises(InvalidInput, match="api_key is missing"):
        desk.host.connections.configure("second", agent=AGENT, settings={"region": "south"})
    with pytest.raises(InvalidInput, match="api_key is missing"):
        desk.host.connections.check("second")


def test_another_key_is_recognised(desk: Desk) -> None:
    use_key(desk, Fernet.generate_key().decode())

    with pytest.raises(HostError, match="cannot be read with the present key"):
        secret_of(desk)


def test_a_key_that_is_none_is_recognised(desk: Desk) -> None:
    use_key(desk, "not-a-key")

    with pytest.raises(InvalidInput, match="is not a Fernet key"):
        secret_of(desk)


def test_a_ciphertext_moved_to_another_row_does_not_open_there(desk: Desk) -> None:
    desk.enable("second")
    with desk.host.database.write() as connection:
        first = connection.scalar(select(connection_secrets.c.ciphertext).limit(1))
        connection.execute(update(connection_secrets).values(ciphertext=first))

    with pytest.raises(HostError, match="the database was altered"):
        secret_of(desk, "second")


def test_a_secret_shows_its_mask_only() -> None:
    secret = Secret("hidden")

    texts = [str(secret), repr(secret), f"{secret:>20}", secret + "", json.dumps([secret])]
    texts += [str(pickle.loads(pickle.dumps(secret))), secret.upper(), "%s" % secret]  # noqa: S301, UP031
    assert not [text for text in texts if "hidden" in text.lower()]
    assert secret.reveal() == "hidden"


def test_secrets_are_equal_when_their_values_are() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != str(Secret("a"))
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def stored(desk: Desk) -> list[str]:
    with desk.host.database.read() as connection:
        return list(connection.scalars(select(connection_secrets.c.ciphertext)))
