"""Where the host keeps its data and how it behaves: the environment, read once.

`HALO_HOST_DATA` is the folder of the embedded database and the key file, `HALO_HOST_DATABASE_URL`
the database's address when it is another. Every variable is described in docs/configuration.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from .errors import InvalidInput

Network = IPv4Network | IPv6Network
THIS_MACHINE: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The settings of one host. Secrets among them stay out of `repr`."""

    data: Path
    database_url: str = field(repr=False)  # it may hold a password
    strict: bool = False
    locale: str = "en_GB"
    timezone: str = "UTC"
    listen: str = "127.0.0.1:8080"
    public_url: str = ""
    metrics_token: str = field(default="", repr=False)
    log_format: str = "text"
    webhook_days: int = 180
    queue_url: str = field(default="", repr=False)
    workers: int = 2
    run_days: int = 30
    failed_run_days: int = 180
    smtp_url: str = field(default="", repr=False)
    alert_from: str = ""
    alert_to: tuple[str, ...] = ()
    alert_webhook: str = field(default="", repr=False)
    alert_webhook_secret: str = field(default="", repr=False)
    password_rounds: int = 3
    password_memory: int = 64  # MiB
    session_hours: int = 12
    session_days: int = 7
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_name: str = ""
    oidc_administrators: tuple[str, ...] = ()
    oidc_operators: tuple[str, ...] = ()
    oidc_viewers: tuple[str, ...] = ()
    trusted_proxies: tuple[Network, ...] = THIS_MACHINE

    @property
    def key_file(self) -> Path:
        return self.data / "secret.key"


def settings_from(
    environment: Mapping[str, str], *, data: Path | None = None, database: str | None = None
) -> Settings:
    """Read the environment; `data` and `database` win over it. Makes no folder."""
    folder = (data or _data_folder(environment)).expanduser().absolute()
    return Settings(
        data=folder,
        database_url=_database(environment, database) or embedded_database(folder),
        strict=_switch(environment, "HALO_HOST_STRICT"),
        locale=environment.get("HALO_HOST_LOCALE") or "en_GB",
        timezone=_timezone(environment),
        listen=environment.get("HALO_HOST_LISTEN") or "127.0.0.1:8080",
        public_url=(environment.get("HALO_HOST_PUBLIC_URL") or "").rstrip("/"),
        metrics_token=(environment.get("HALO_HOST_METRICS_TOKEN") or "").strip(),
        log_format=_choice(environment, "HALO_HOST_LOG", ("text", "json")),
        webhook_days=_days(environment, "HALO_HOST_WEBHOOK_DAYS", 180),
        queue_url=(environment.get("HALO_HOST_QUEUE") or "").strip(),
        workers=_workers(environment),
        run_days=_days(environment, "HALO_HOST_RUN_DAYS", 30),
        failed_run_days=_days(environment, "HALO_HOST_FAILED_RUN_DAYS", 180),
        smtp_url=(environment.get("HALO_HOST_SMTP_URL") or "").strip(),
        alert_from=(environment.get("HALO_HOST_ALERT_FROM") or "").strip(),
        alert_to=_addresses(environment, "HALO_HOST_ALERT_TO"),
        alert_webhook=(environment.get("HALO_HOST_ALERT_WEBHOOK") or "").strip(),
        alert_webhook_secret=(environment.get("HALO_HOST_ALERT_WEBHOOK_SECRET") or "").strip(),
        password_rounds=_number(environment, "HALO_HOST_PASSWORD_ROUNDS", 3, 1, 100),
        password_memory=_number(environment, "HALO_HOST_PASSWORD_MEMORY", 64, 8, 4_096),
        session_hours=_number(environment, "HALO_HOST_SESSION_HOURS", 12, 1, 720),
        session_days=_number(environment, "HALO_HOST_SESSION_DAYS", 7, 1, 90),
        trusted_proxies=_networks(environment, "HALO_HOST_TRUSTED_PROXIES") or THIS_MACHINE,
        **_provider_of_sign_ins(environment),
    )


def embedded_database(folder: Path) -> str:
    """The address of the SQLite database in a data folder, whatever characters its name has."""
    return f"sqlite:///{quote(str(folder / 'halo-host.db'))}"


def make_folder(settings: Settings) -> None:
    """Make the data folder, readable by its owner alone.

    :raises InvalidInput: it cannot be made.
    """
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(
            f"The data folder {settings.data} cannot be made: {error.strerror}.",
            advice="Name another with --data or HALO_HOST_DATA.",
        ) from None


def _data_folder(environment: Mapping[str, str]) -> Path:
    named = environment.get("HALO_HOST_DATA")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_data_dir("halo-host", appauthor=False))


def _database(environment: Mapping[str, str], named: str | None) -> str | None:
    """The address that an option or a variable gives, with the password of the password file.

    `HALO_HOST_DATABASE` is the name that host 0.1 gave to `HALO_HOST_DATABASE_URL`.

    :raises InvalidInput: the two variables disagree, or the password file cannot be used.
    """
    new, old = (environment.get(name) for name in ("HALO_HOST_DATABASE_URL", "HALO_HOST_DATABASE"))
    if not named and new and old and new != old:
        raise InvalidInput(
            "HALO_HOST_DATABASE_URL and HALO_HOST_DATABASE name different databases.",
            advice="Keep HALO_HOST_DATABASE_URL; the other is its former name.",
        )
    address = named or new or old
    password_file = environment.get("HALO_HOST_DATABASE_PASSWORD_FILE")
    return _with_password(address, Path(password_file)) if address and password_file else address


def _with_password(address: str, file: Path) -> str:
    """The address with the password that stands in a file. SQLite has none, and stays as it is."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        return address  # whoever opens the database says what is wrong with it
    if url.get_backend_name() == "sqlite":
        return address
    try:
        password = file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InvalidInput(
            f"The password file {file} of the database cannot be read: {reason}.",
            advice="Check HALO_HOST_DATABASE_PASSWORD_FILE, and that this account may read it.",
        ) from None
    return url.set(password=password).render_as_string(hide_password=False)


def _switch(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name, "").strip().lower()
    if value in {"", "0", "false", "no", "off"}:
        return False
    if value in {"1", "true", "yes", "on"}:
        return True
    raise InvalidInput(f"{name} is neither on nor off.", advice=f"Set {name}=1 or {name}=0.")


def _choice(environment: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """One of the choices; the first where the variable is not set."""
    value = environment.get(name, "").strip().lower() or choices[0]
    if value in choices:
        return value
    raise InvalidInput(f"{name} is not {' or '.join(choices)}.", advice=f"Set {name}={choices[0]}.")


def _timezone(environment: Mapping[str, str]) -> str:
    """The name of a time zone that is known here."""
    name = environment.get("HALO_HOST_TIMEZONE", "").strip() or "UTC"
    if name == "UTC":
        return name
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise InvalidInput(
            f"HALO_HOST_TIMEZONE names no time zone that is known here: {name[:60]}.",
            advice="Name one by continent and city, such as HALO_HOST_TIMEZONE=Europe/London, "
            "or leave it out for UTC.",
        ) from None


def _days(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name, "").strip()
    if not value:
        return default
    if value.isascii() and value.isdecimal() and 1 <= int(value) <= 36_500:
        return int(value)
    raise InvalidInput(f"{name} is no number of days.", advice=f"Set {name}={default}.")


def _number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = environment.get(name, "").strip()
    if not value:
        return default
    if value.isascii() and value.isdecimal() and len(value) < 10 and least <= int(value) <= most:
        return int(value)
    raise InvalidInput(
        f"{name} is no number from {least} to {most}.", advice=f"Set {name}={default}."
    )


def _provider_of_sign_ins(environment: Mapping[str, str]) -> dict[str, Any]:
    """What the host needs to know of an OpenID Connect provider; empty without one.

    :raises InvalidInput: the address is none, or the client is not named.
    """
    issuer, client, secret, label = (
        (environment.get(name) or "").strip()
        for name in (
            "HALO_HOST_OIDC_ISSUER",
            "HALO_HOST_OIDC_CLIENT_ID",
            "HALO_HOST_OIDC_CLIENT_SECRET",
            "HALO_HOST_OIDC_NAME",
        )
    )
    if not issuer:
        return {}
    if not is_secure_address(issuer):
        raise InvalidInput(
            "HALO_HOST_OIDC_ISSUER is no address of a provider of sign-ins.",
            advice="Give its issuer, such as https://login.example.com/realms/main.",
        )
    if not client:
        raise InvalidInput(
            "HALO_HOST_OIDC_ISSUER is set, but not HALO_HOST_OIDC_CLIENT_ID.",
            advice="Register the host at the provider, and set the client id that it gives.",
        )
    return {
        "oidc_issuer": issuer,
        "oidc_client_id": client,
        "oidc_client_secret": secret,
        "oidc_name": label or urlsplit(issuer).hostname,
        "oidc_administrators": _names(environment, "HALO_HOST_OIDC_ADMINISTRATORS"),
        "oidc_operators": _names(environment, "HALO_HOST_OIDC_OPERATORS"),
        "oidc_viewers": _names(environment, "HALO_HOST_OIDC_VIEWERS"),
    }


def is_secure_address(address: str) -> bool:
    """Whether nobody can listen on the way to it: https, or http to this machine."""
    try:
        url = urlsplit(address)
    except ValueError:
        return False
    on_this_machine = url.hostname in {"localhost", "127.0.0.1", "::1"}
    return bool(url.hostname) and (
        url.scheme == "https" or (url.scheme == "http" and on_this_machine)
    )


def _names(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Names of groups, separated by commas."""
    return tuple(it.strip() for it in environment.get(name, "").split(",") if it.strip())


def _workers(environment: Mapping[str, str]) -> int:
    value = environment.get("HALO_HOST_WORKERS", "").strip() or "2"
    if value.isascii() and value.isdecimal() and 1 <= int(value) <= 64:
        return int(value)
    raise InvalidInput(
        "HALO_HOST_WORKERS is no number of threads from 1 to 64.", advice="Set HALO_HOST_WORKERS=2."
    )


def _addresses(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    """E-mail addresses, separated by commas."""
    found = tuple(it.strip() for it in environment.get(name, "").split(",") if it.strip())
    for address in found:
        if "@" not in address or not address.isprintable() or " " in address:
            raise InvalidInput(
                f"{name} holds something that is no e-mail address.",
                advice=f"Set {name}=name@example.com, several with commas.",
            )
    return found


def _networks(environment: Mapping[str, str], name: str) -> tuple[Network, ...]:
    """Addresses and networks, separated by commas."""
    try:
        return tuple(ip_network(it) for it in _names(environment, name))
    except ValueError:
        raise InvalidInput(
            f"{name} holds something that is no address and no network.",
            advice=f"Set {name}=192.0.2.10, or a network such as 10.1.0.0/16, several with commas.",
        ) from None
