"""Canaille, an OpenID Connect provider, as a process of its own.

Its argument is a folder for what it keeps. It prints its issuer, then does what it is told: each
line of its input is a JSON object that names what shall be so from now on, and is answered with a
line. It ends with its input.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import canaille
from canaille.app import models
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CHECKED = "checked"  # how a user's `department` says that the address was verified


def main() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        app = canaille.create_app(_configuration(port, Path(sys.argv[1])))
        # Canaille has no claim of its own for it.
        app.config["CANAILLE_OIDC"]["USERINFO_MAPPING"]["EMAIL_VERIFIED"] = (
            "{{ 'true' if user.department == '" + CHECKED + "' else 'false' }}"
        )
        server = make_server("127.0.0.1", port, app, threaded=True, fd=door.fileno())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _say(f"http://127.0.0.1:{port}")
    for line in sys.stdin:
        with app.app_context(), app.backend.session():
            for what, values in json.loads(line).items():
                _TOLD[what](app, **values)
        _say("done")
    server.shutdown()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _configuration(port: int, folder: Path) -> dict[str, Any]:
    return {
        "SECRET_KEY": "nobody else asks this one",
        "SERVER_NAME": f"127.0.0.1:{port}",
        "PREFERRED_URL_SCHEME": "http",
        "CANAILLE": {"DATABASE": "sql", "SMTP": None, "LANGUAGE": "en", "TIMEZONE": "UTC"},
        # Its other way to keep things, in memory, finds a code by any client's name.
        "CANAILLE_SQL": {
            "DATABASE_URI": f"sqlite:///{folder / 'canaille.sqlite'}",
            "PASSWORD_HASH_PARAMS": {"pbkdf2_sha512__rounds": 1_000},  # quick
        },
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [_new_key()], "TRUSTED_DOMAINS": []},
    }


def _new_key() -> Any:
    return RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True)


def _client(app: Any, *, client_id: str, **values: Any) -> None:
    client = app.backend.get(models.Client, client_id=client_id) or models.Client(
        client_id=client_id, client_id_issued_at=datetime.now(UTC)
    )
    app.backend.save(client)
    app.backend.update(client, audience=[client], **values)
    app.backend.save(client)


def _user(app: Any, *, user_name: str, verified: bool, groups: list[str], **values: Any) -> None:
    user = app.backend.get(models.User, user_name=user_name) or models.User(user_name=user_name)
    app.backend.update(user, department=CHECKED if verified else None, **values)
    app.backend.save(user)
    for consent in app.backend.query(models.Consent, subject=user):
        app.backend.delete(consent)
    for group in app.backend.query(models.Group):
        group.members = [it for it in group.members if it.user_name != user_name]
        app.backend.save(group)
    for name in groups:
        group = app.backend.get(models.Group, display_name=name) or models.Group(display_name=name)
        group.members = [*(group.members or []), user]
        app.backend.save(group)


def _keys(app: Any) -> None:
    """Sign with a new key; the one before is told no more."""
    app.config["CANAILLE_OIDC"]["ACTIVE_JWKS"] = [_new_key()]


_TOLD: dict[str, Callable[..., None]] = {"client": _client, "user": _user, "keys": _keys}

if __name__ == "__main__":
    main()
