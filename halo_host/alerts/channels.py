"""The ways out for alerts: e-mail and a webhook. Each says in words what went wrong."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

import orjson

from ..errors import HostError, InvalidInput
from ..settings import Settings
from .alerts import Alert

TIMEOUT = 20  # seconds
SIGNATURE = "Halo-Host-Signature"
TRIAL = "test"  # the kind of an alert that only tries the way out
# Name and password in an address: nothing that ends them, and a % only before a character's code.
_ENCODED = re.compile(r"(?:[^\s@/?#\[\]%]|%[0-9A-Fa-f]{2})*")
ON_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class NotSent(HostError):
    """The message did not get out. The text holds no secret."""


class Channel(Protocol):
    @property
    def name(self) -> str: ...

    def send(self, alerts: Sequence[Alert], at: datetime) -> None:
        """Send one message about all of them.

        :raises NotSent: it was not taken; it is tried again later.
        """


def channels(settings: Settings) -> list[Channel]:
    """Those that are configured.

    :raises InvalidInput: an address among the settings cannot be used.
    """
    found: list[Channel] = []
    if settings.smtp_url:
        found.append(Mail.configured(settings))
    if settings.alert_webhook:
        found.append(Webhook.configured(settings))
    return found


def message_id(alerts: Sequence[Alert]) -> str:
    """The same for the same alerts, so that a receiver knows a message that came twice."""
    told = ",".join(f"{alert.id}:{alert.key}:{alert.raised_at.isoformat()}" for alert in alerts)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Mail:
    """SMTP, encrypted from the start with smtps://, and with smtp:// where the server offers it.

    A password is given only over an encrypted connection, or to a server on this machine.
    """

    url: SplitResult
    sender: str
    receivers: tuple[str, ...]
    name: str = "e-mail"

    @classmethod
    def configured(cls, settings: Settings) -> Mail:
        url = _address("HALO_HOST_SMTP_URL", settings.smtp_url)
        if url is None or url.scheme not in {"smtp", "smtps"} or url.path.strip("/"):
            raise InvalidInput(
                "HALO_HOST_SMTP_URL is no address of a mail server.",
                advice="Give smtp://server:587 or smtps://user:password@server:465.",
            )
        if not settings.alert_to or not settings.alert_from:
            raise InvalidInput(
                "Alerts by e-mail need a sender and a receiver.",
                advice="Set HALO_HOST_ALERT_FROM and HALO_HOST_ALERT_TO.",
            )
        return cls(url, settings.alert_from, settings.alert_to)

    def send(self, alerts: Sequence[Alert], at: datetime) -> None:
        import smtplib

        where = f"The mail server {self.url.hostname}"
        try:
            self._send(self._message(alerts, at))
        except smtplib.SMTPAuthenticationError as error:
            raise NotSent(
                f"{where} refuses the name or the password ({error.smtp_code})."
            ) from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = ", ".join(f"{name}: {code}" for name, (code, _) in error.recipients.items())
            raise NotSent(f"{where} refuses every receiver ({codes}).") from None
        except smtplib.SMTPSenderRefused as error:
            raise NotSent(
                f"{where} refuses the sender {self.sender} ({error.smtp_code})."
            ) from None
        except smtplib.SMTPResponseException as error:
            raise NotSent(f"{where} refuses the message ({error.smtp_code}).") from None
        except smtplib.SMTPNotSupportedError:
            raise NotSent(f"{where} takes no names and passwords.") from None
        except TimeoutError:
            raise NotSent(f"{where} does not answer within {TIMEOUT} seconds.") from None
        except (smtplib.SMTPException, OSError) as error:
            raise NotSent(f"{where} cannot be reached ({_reason(error)}).") from None

    def _send(self, message: EmailMessage) -> None:
        import smtplib
        import ssl

        host, secure = self.url.hostname or "", ssl.create_default_context()
        if self.url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, self.url.port or 465, timeout=TIMEOUT, context=secure
            )
        else:
            server = smtplib.SMTP(host, self.url.port or 587, timeout=TIMEOUT)
        try:
            server.ehlo_or_helo_if_needed()
            encrypted = self.url.scheme == "smtps"
            if not encrypted and server.has_extn("starttls"):
                server.starttls(context=secure)
                encrypted = True
            if self.url.username:
                if not encrypted and host not in ON_THIS_MACHINE:
                    raise NotSent(
                        f"The mail server {host} offers no encryption, so the password was not "
                        "given to it.",
                        advice="Use its smtps:// address.",
                    )
                server.login(unquote(self.url.username), unquote(self.url.password or ""))
            server.send_message(message, self.sender, list(self.receivers))
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()

    def _message(self, alerts: Sequence[Alert], at: datetime) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = ", ".join(self.receivers)
        first = " ".join(alerts[0].text.split())[:120]
        message["Subject"] = (
            f"[Halo Host] {first}" if len(alerts) == 1 else f"[Halo Host] {len(alerts)} alerts"
        )
        message["Date"] = format_datetime(at)
        domain = self.sender.rpartition("@")[2].strip("> ") or "localhost"
        message["Message-ID"] = f"<{message_id(alerts)}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n".join(_as_text(alert) for alert in alerts))
        return message


@dataclass(frozen=True, slots=True)
class Webhook:
    """A POST of JSON. It follows no redirect, and the receiver can prove who sent it.

    With a secret, the header `Halo-Host-Signature: t=SECONDS,v1=HEX` holds the HMAC-SHA256 of
    "SECONDS.BODY".
    """

    url: str
    secret: str
    name: str = "webhook"

    @classmethod
    def configured(cls, settings: Settings) -> Webhook:
        url = _address("HALO_HOST_ALERT_WEBHOOK", settings.alert_webhook, has_path=True)
        if url is None or url.scheme not in {"http", "https"}:
            raise InvalidInput(
                "HALO_HOST_ALERT_WEBHOOK is no web address.",
                advice="Give one such as https://chat.example.com/hooks/alerts.",
            )
        return cls(settings.alert_webhook, settings.alert_webhook_secret)

    def send(self, alerts: Sequence[Alert], at: datetime) -> None:
        import requests

        body = orjson.dumps({"id": message_id(alerts), "alerts": [_as_json(it) for it in alerts]})
        seconds = str(int(at.timestamp()))
        headers = {"Content-Type": "application/json", "User-Agent": "halo-host"}
        if self.secret:
            headers[SIGNATURE] = f"t={seconds},v1={signature(self.secret, seconds, body)}"
        where = f"The webhook at {urlsplit(self.url).hostname}"
        try:
            with requests.post(
                self.url,
                data=body,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as answer:
                status = answer.status_code
        except requests.Timeout:
            raise NotSent(f"{where} does not answer within {TIMEOUT} seconds.") from None
        except requests.exceptions.SSLError:
            raise NotSent(f"{where} has a certificate that is not trusted.") from None
        except (requests.RequestException, OSError) as error:
            raise NotSent(f"{where} cannot be reached ({type(error).__name__}).") from None
        if 300 <= status < 400:
            raise NotSent(f"{where} answers with a redirect ({status}), which is not followed.")
        if not 200 <= status < 300:
            raise NotSent(f"{where} answers {status}.")


def signature(secret: str, seconds: str, body: bytes) -> str:
    signed = seconds.encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _as_text(alert: Alert) -> str:
    if alert.kind == TRIAL:
        return f"{alert.text}\n"
    return (
        f"{alert.raised_at:%Y-%m-%d %H:%M} UTC  {alert.connection}  {alert.kind}\n"
        f"{alert.text}\n"
        f"Seen: halo-host alerts acknowledge {alert.id}\n"
    )


def _as_json(alert: Alert) -> dict[str, object]:
    """A trial has no number and no connection."""
    return {
        "number": alert.id or None,
        "connection": alert.connection or None,
        "kind": alert.kind,
        "key": alert.key,
        "text": alert.text,
        "external_user_id": alert.external_user_id or None,
        "raised_at": alert.raised_at.isoformat(),
    }


def _address(setting: str, text: str, *, has_path: bool = False) -> SplitResult | None:
    """An address in parts; None where it has no server, or a port that cannot be read.

    A password that holds what ends a part of an address would be taken apart there, and a piece of
    it for the server's name, which messages show. So whatever stands before the last @ must be
    written as a name and a password are; in an address with a path, where that holds an @ by right,
    only if there is one before it too.

    :raises InvalidInput: the name or the password is not written in the way of addresses.
    """
    _, _, rest = text.partition("://")
    name_and_password, _, _ = rest.rpartition("@")
    server = re.split("[/?#]", rest, maxsplit=1)[0]
    if not _ENCODED.fullmatch(name_and_password) and ("@" in server or not has_path):
        raise InvalidInput(
            f"The name or the password in {setting} holds a character that addresses write in "
            "another way: @ is written %40, / is written %2F.",
            advice="Likewise % is written %25, # is %23, ? is %3F, [ is %5B, ] is %5D and a space "
            "is %20.",
        )
    try:
        url = urlsplit(text)
        has_port = url.port is None or url.port > 0
    except ValueError:
        return None
    return url if url.hostname and has_port else None


def _reason(error: Exception) -> str:
    """The system's words for an error, which name no secret."""
    strerror = getattr(error, "strerror", None)
    return str(strerror or type(error).__name__)
