"""Secrets at rest: encrypted with keys that are kept outside the database.

The key file holds one Fernet key a line, the newest first; `HALO_HOST_SECRET_KEY` (keys separated
by commas, the newest first) takes its place. What is encrypted carries the row it belongs to, so
that a ciphertext moved to another row does not open there.
"""

from __future__ import annotations

import os
from pathlib import Path

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ..errors import HostError, InvalidInput


class Keyring:
    """Encrypts and decrypts; makes the key file when the first secret is stored."""

    def __init__(self, file: Path, environment_keys: str | None) -> None:
        self.file = file
        self._environment_keys = environment_keys

    @property
    def from_environment(self) -> bool:
        return bool(self._environment_keys)

    def exists(self) -> bool:
        return self.from_environment or self.file.exists()

    def encrypt(self, value: str, owner: str) -> str:
        if not self.exists():
            self._create()
        plain = orjson.dumps([owner, value])
        return self._fernet().encrypt(plain).decode()

    def decrypt(self, ciphertext: str, owner: str) -> str:
        """Open what `encrypt` made for the same owner.

        :raises HostError: the key is missing or another, or the ciphertext belongs elsewhere.
        """
        try:
            bound_owner, value = orjson.loads(self._fernet().decrypt(ciphertext.encode()))
        except InvalidToken:
            raise HostError(
                f"The secret of {owner} cannot be read with the present key.",
                advice=f"Bring back the key that it was stored with ({self._where()}), or run "
                "`halo-host secrets reset` and give every secret again.",
            ) from None
        if bound_owner != owner:
            raise HostError(
                f"The stored secret of {owner} belongs to {bound_owner}: the database was altered.",
                advice="Give the setting again, and find out who changed the database.",
            )
        return str(value)

    def add_new_key(self) -> None:
        """Put a new key first, and keep the old ones until everything is encrypted anew."""
        if self.from_environment:
            return
        keys = [Fernet.generate_key().decode(), *self._keys()]
        self._replace(keys)

    def drop_old_keys(self) -> None:
        if not self.from_environment:
            self._replace(self._keys()[:1])

    def forget(self) -> None:
        """Drop the key file; the next secret makes a new one."""
        if not self.from_environment:
            self.file.unlink(missing_ok=True)

    def _fernet(self) -> MultiFernet:
        try:
            return MultiFernet([Fernet(key) for key in self._keys()])
        except ValueError:
            raise InvalidInput(
                f"The key in {self._where()} is not a Fernet key.",
                advice="It is 44 characters long, of A-Z, a-z, 0-9, - and _, and ends in =.",
            ) from None

    def _keys(self) -> list[str]:
        if self._environment_keys:
            return [key.strip() for key in self._environment_keys.split(",") if key.strip()]
        try:
            return self.file.read_text("ascii").split()
        except FileNotFoundError:
            raise HostError(
                f"The key file {self.file} is missing, so stored secrets cannot be read.",
                advice="Bring it back from a back-up, or run `halo-host secrets reset` and give "
                "every secret again.",
            ) from None
        except OSError as error:
            raise HostError(
                f"The key file {self.file} cannot be read: {error.strerror}.",
                advice="It must belong to the account that runs the host.",
            ) from None

    def _create(self) -> None:
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = self._written([Fernet.generate_key().decode()])
        try:
            os.link(made, self.file)  # fails where another process was first: its key stands
        except FileExistsError:
            pass
        finally:
            made.unlink()

    def _replace(self, keys: list[str]) -> None:
        self._written(keys).replace(self.file)

    def _written(self, keys: list[str]) -> Path:
        draft = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write("\n".join(keys) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return draft

    def _where(self) -> str:
        return "HALO_HOST_SECRET_KEY" if self.from_environment else str(self.file)
