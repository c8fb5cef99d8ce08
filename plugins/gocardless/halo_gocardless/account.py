"""A connection's settings, as the rest of the plugin uses them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from halo_host import Secret

from .addresses import Address, resolve
from .client import Client
from .errors import GoCardlessError
from .retries import Patience

Environment = Literal["live", "sandbox"]


@dataclass(frozen=True, slots=True)
class Account:
    """Where a GoCardless account is reached, and the token that opens it."""

    environment: Environment
    address: Address
    token: Secret

    @classmethod
    def from_settings(
        cls, settings: Mapping[str, Any], environ: Mapping[str, str] = os.environ
    ) -> Self:
        """Read settings that match `config.schema.json`.

        :raises GoCardlessError: when this machine does not allow their address.
        """
        environment: Environment = settings.get("environment", "live")
        address = resolve(environment, settings.get("api_url"), environ)
        return cls(environment, address, settings["access_token"])

    @property
    def token_environment(self) -> Environment | None:
        """The environment that the token's prefix names; tokens of partner apps name none."""
        token = self.token.reveal().strip()
        if token.startswith("live_"):
            return "live"
        return "sandbox" if token.startswith("sandbox_") else None

    def client(self, patience: Patience) -> Client:
        """A client of this account, to be used in a `with` block.

        :raises GoCardlessError: when the token cannot be one, so that it is sent nowhere.
        """
        token = self.token.reveal().strip()
        if not token or not all("!" <= character <= "~" for character in token):
            raise GoCardlessError(
                "The access token is empty or holds characters that no GoCardless token has.",
                advice=f"Copy it again, or make a new one at {self.address.token_page}.",
            )
        return Client(self.address, token, patience)
