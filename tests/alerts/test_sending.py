"""Alerts on their way out: a real SMTP conversation, a real web server, failures in between."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from support.acme import CONNECTION, Desk
from support.certificates import self_signed
from support.clock import Clock

from halo_host.alerts import channels as channels_module
from halo_host.alerts.channels import Webhook
from halo_host.alerts.raising import NewAlert, end_alerts, raise_alerts
from halo_host.alerts.sending import MAX_ATTEMPTS, Sender, retry_delay
from halo_host.errors import InvalidInput
from halo_host.host import Host
from halo_host.integrator.sweep import Sweep
from halo_host.jobs.presence import Presence

PASSWORD = "p@ss/word-4711"


@dataclass
class Mailbox:
    """What a mail server has taken, and how it treats what comes."""

    messages: list[EmailMessage] = field(default_factory=list)
    receivers: list[list[str]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    answer: str = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            self.messages.append(
                message_from_bytes(envelope.content, policy=policy.default)  # type: ignore[arg-type]
            )
            self.receivers.append(envelope.rcpt_tos)
            secured = server.transport.get_extra_info("ssl_object")
            self.encrypted.append(secured is not None)
        return self.answer

    def login(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        given = (data.login.decode(), data.password.decode())
        self.logins.append(given)
        return AuthResult(success=given == ("halo", PASSWORD), handled=False)


@contextmanager
def mail_server(mailbox: Mailbox, **options: Any) -> Iterator[int]:
    port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


class Hooked(ThreadingHTTPServer):
    """A web server that keeps what it is sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 204
        self.location = ""
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?key=url-secret"


class _Handler(BaseHTTPRequestHandler):
    server: Hooked

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.headers.append(dict(self.headers))
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def hooked() -> Iterator[Hooked]:
    with Hooked() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def sender(desk: Desk, **settings: Any) -> Sender:
    addresses = {"alert_from": "halo@desk.example", "alert_to": ("ann@desk.example", "b@d.example")}
    chosen = replace(desk.host.settings, **(addresses | settings))
    return Sender(desk.host.database, desk.host.alerts, chosen, desk.host.clock)


def raised(desk: Desk, *names: str) -> None:
    owner = desk.host.connections.get(CONNECTION).id
    new = [
        NewAlert(
            owner, "late_failure", f"late_failure:{it}", f"{it} failed.", "", desk.host.clock()
        )
        for it in names
    ]
    with desk.host.database.write() as connection:
        raise_alerts(connection, new)


def error_of(desk: Desk) -> str:
    return desk.host.alerts.list(CONNECTION)[0].messages[0].error


def test_an_alert_is_mailed_once(desk: Desk) -> None:
    mailbox = Mailbox()
    raised(desk, "PM1")
    with mail_server(mailbox) as port:
        mail = sender(desk, smtp_url=f"smtp://127.0.0.1:{port}")
        assert mail.send_due() == 1
        assert mail.send_due() == 0

    (message,) = mailbox.messages
    assert message["Subject"] == "[Halo Host] PM1 failed."
    assert message["From"] == "halo@desk.example"
    assert message["To"] == "ann@desk.example, b@d.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "2026-03-02 09:00 UTC  acme-pay  late_failure" in message.get_content()
    assert "halo-host alerts acknowledge 1" in message.get_content()
    assert mailbox.receivers == [["ann@desk.example", "b@d.example"]]
    (alert,) = desk.host.alerts.list(CONNECTION)
    assert [(it.channel, it.sent_at, it.error) for it in alert.messages] == [
        ("e-mail", desk.host.clock(), "")
    ]


def test_many_alerts_at_once_are_few_messages(desk: Desk) -> None:
    mailbox = Mailbox()
    raised(desk, *(f"PM{number}" for number in range(130)))
    with mail_server(mailbox) as port:
        assert sender(desk, smtp_url=f"smtp://127.0.0.1:{port}").send_due() == 130

    assert [it["Subject"] for it in mailbox.messages] == [
        "[Halo Host] 100 alerts",
        "[Halo Host] 30 alerts",
    ]
    assert len({it["Message-ID"] for it in mailbox.messages}) == 2


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What a server shows; clients of this process trust it."""
    file = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_the_password_goes_over_an_encrypted_connection(
    desk: Desk, certificate: ssl.SSLContext, scheme: str
) -> None:
    mailbox = Mailbox()
    options: dict[str, Any] = {"authenticator": mailbox.login}
    if scheme == "smtp":  # the server offers STARTTLS
        options |= {"tls_context": certificate}
    else:
        options |= {"ssl_context": certificate, "auth_require_tls": False}
    raised(desk, "PM1")
    with mail_server(mailbox, **options) as port:
        url = f"{scheme}://halo:p%40ss%2Fword-4711@localhost:{port}"
        assert sender(desk, smtp_url=url).send_due() == 1

    assert mailbox.logins == [("halo", PASSWORD)]
    assert mailbox.encrypted == [True]


def test_a_wrong_password_is_said_and_never_shown(
    desk: Desk, certificate: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    mailbox = Mailbox()
    raised(desk, "PM1")
    options = {"authenticator": mailbox.login, "tls_context": certificate}
    with mail_server(mailbox, **options) as port:
        url = f"smtp://halo:wrong-4711@localhost:{port}"
        assert sender(desk, smtp_url=url).send_due() == 0

    assert error_of(desk) == "The mail server localhost refuses the name or the password (535)."
    assert "wrong-4711" not in caplog.text
    assert mailbox.messages == []


def test_a_certificate_that_nobody_vouches_for_is_refused(desk: Desk, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    mailbox = Mailbox()
    raised(desk, "PM1")
    with mail_server(mailbox, tls_context=context) as port:
        assert sender(desk, smtp_url=f"smtp://localhost:{port}").send_due() == 0

    assert error_of(desk).startswith("The mail server localhost cannot be reached (")
    assert mailbox.messages == []


def test_what_was_refused_is_sent_later_and_more_and_more_seldom(desk: Desk, clock: Clock) -> None:
    mailbox = Mailbox(answer="451 Try again later")
    raised(desk, "PM1")
    with mail_server(mailbox) as port:
        mail = sender(desk, smtp_url=f"smtp://127.0.0.1:{port}")
        assert mail.send_due() == 0
        assert error_of(desk) == "The mail server 127.0.0.1 refuses the message (451)."
        mailbox.answer = "250 OK"
        assert mail.send_due() == 0  # not yet
        clock.advance(minutes=1)
        assert mail.send_due() == 1

    assert len(mailbox.messages) == 1
    assert error_of(desk) == ""
    assert [retry_delay(number) for number in (1, 2, 3, 30)] == [
        timedelta(minutes=1),
        timedelta(minutes=2),
        timedelta(minutes=4),
        timedelta(hours=6),
    ]


def test_it_is_not_tried_for_ever(desk: Desk, clock: Clock) -> None:
    raised(desk, "PM1")
    mail = sender(desk, smtp_url=f"smtp://127.0.0.1:{free_port()}")
    for _ in range(MAX_ATTEMPTS + 5):
        mail.send_due()
        clock.advance(hours=7)

    (alert,) = desk.host.alerts.list(CONNECTION)
    assert alert.messages[0].attempts == MAX_ATTEMPTS
    assert "cannot be reached" in alert.messages[0].error


def free_port() -> int:
    """A port at which nobody listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        return server.server_address[1]


def test_what_ended_or_was_seen_meanwhile_is_not_sent(desk: Desk, clock: Clock) -> None:
    raised(desk, "PM1", "PM2", "PM3")
    desk.host.alerts.acknowledge(1, agent="Olive")
    owner = desk.host.connections.get(CONNECTION).id
    with desk.host.database.write() as connection:
        end_alerts(connection, owner, ["late_failure:PM2"], clock())
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        assert sender(desk, smtp_url=f"smtp://127.0.0.1:{port}").send_due() == 1

    assert mailbox.messages[0]["Subject"] == "[Halo Host] PM3 failed."


def test_the_webhook_is_signed_json(desk: Desk, hooked: Hooked, clock: Clock) -> None:
    raised(desk, "PM1")
    post = sender(desk, alert_webhook=hooked.url, alert_webhook_secret="s3cret")
    assert post.send_due() == 1
    assert post.send_due() == 0

    (body,), (headers,) = hooked.bodies, hooked.headers
    (told,) = json.loads(body)["alerts"]
    assert (told["number"], told["connection"], told["kind"]) == (1, CONNECTION, "late_failure")
    assert (told["text"], told["external_user_id"]) == ("PM1 failed.", None)
    seconds = int(clock().timestamp())
    proof = hmac.new(b"s3cret", f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["Halo-Host-Signature"] == f"t={seconds},v1={proof}"
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (500, "The webhook at 127.0.0.1 answers 500."),
        (302, "The webhook at 127.0.0.1 answers with a redirect (302), which is not followed."),
    ],
)
def test_a_webhook_that_does_not_take_it_is_asked_again(
    desk: Desk, hooked: Hooked, clock: Clock, status: int, said: str
) -> None:
    raised(desk, "PM1")
    hooked.status, hooked.location = status, hooked.url if status == 302 else ""
    post = sender(desk, alert_webhook=hooked.url)
    assert post.send_due() == 0
    assert error_of(desk) == said
    assert len(hooked.bodies) == 1

    hooked.status, hooked.location = 200, ""
    clock.advance(minutes=1)
    assert post.send_due() == 1

    first, second = (json.loads(body)["id"] for body in hooked.bodies)
    assert first == second


def test_a_webhook_that_is_away_or_silent_is_said_without_its_secrets(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    raised(desk, "PM1")
    sender(desk, alert_webhook=f"http://127.0.0.1:{free_port()}/url-secret").send_due()

    assert error_of(desk) == "The webhook at 127.0.0.1 cannot be reached (ConnectionError)."
    assert "url-secret" not in caplog.text


def test_one_channel_that_fails_does_not_keep_the_other(desk: Desk, hooked: Hooked) -> None:
    raised(desk, "PM1")
    both = sender(desk, smtp_url=f"smtp://127.0.0.1:{free_port()}", alert_webhook=hooked.url)

    assert both.send_due() == 1

    (alert,) = desk.host.alerts.list(CONNECTION)
    assert [(it.channel, it.sent_at is not None) for it in alert.messages] == [
        ("e-mail", False),
        ("webhook", True),
    ]


def test_two_integrators_send_an_alert_once(desk: Desk, hooked: Hooked) -> None:
    raised(desk, *(f"PM{number}" for number in range(20)))
    post = sender(desk, alert_webhook=hooked.url)
    threads = [threading.Thread(target=post.send_due) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    told = [it["number"] for body in hooked.bodies for it in json.loads(body)["alerts"]]
    assert sorted(told) == list(range(1, 21))


def test_whichever_integrator_has_a_channel_sends(desk: Desk, hooked: Hooked, clock: Clock) -> None:
    raised(desk, "PM1")
    settings = replace(desk.host.settings, alert_webhook=hooked.url)
    with Host(settings, clock=clock) as other:
        oldest = Sweep(desk.host, Presence(desk.host.database, clock, threads=1))
        oldest.once()
        clock.advance(seconds=1)
        newest = Sweep(other, Presence(other.database, clock, threads=1))
        newest.once()
        assert (oldest.leads, newest.leads) == (True, False)

        for sweep in (oldest, newest, oldest, newest):
            sweep.send_alerts()

    assert [it["key"] for it in json.loads(hooked.bodies[0])["alerts"]] == ["late_failure:PM1"]
    assert len(hooked.bodies) == 1


def test_what_one_integrator_is_slow_to_send_another_leaves_alone(
    desk: Desk, hooked: Hooked, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised(desk, "PM1")
    post, other = (sender(desk, alert_webhook=hooked.url) for _ in range(2))
    send = channels_module.Webhook.send

    def slowly(channel: Webhook, alerts: Any, at: Any) -> None:
        clock.advance(minutes=4)
        monkeypatch.setattr(channels_module.Webhook, "send", send)
        assert other.send_due() == 0
        send(channel, alerts, at)

    monkeypatch.setattr(channels_module.Webhook, "send", slowly)

    assert post.send_due() == 1
    assert len(hooked.bodies) == 1


def test_a_trial_says_of_each_channel_how_it_went(desk: Desk, hooked: Hooked) -> None:
    tried = sender(
        desk, smtp_url=f"smtp://127.0.0.1:{free_port()}", alert_webhook=hooked.url
    ).test()

    assert [name for name, _ in tried] == ["e-mail", "webhook"]
    assert "cannot be reached" in tried[0][1]
    assert tried[1][1] == ""
    (told,) = json.loads(hooked.bodies[0])["alerts"]
    assert (told["kind"], told["number"], told["connection"]) == ("test", None, None)


def test_a_trial_by_mail_says_that_it_is_one_and_asks_for_nothing(desk: Desk) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        assert sender(desk, smtp_url=f"smtp://127.0.0.1:{port}").test() == [("e-mail", "")]

    (message,) = mailbox.messages
    assert message["Subject"].startswith("[Halo Host] This is a trial")
    text = "This is a trial of Halo Host's alerts. Nothing is wrong."
    assert message.get_content().splitlines() == [text]


@pytest.mark.parametrize(
    "settings",
    [
        {"smtp_url": "mail.example"},
        {"smtp_url": "smtp://mail.example:port"},
        {"smtp_url": "smtp://mail.example", "alert_to": ()},
        {"alert_webhook": "mail.example/hook"},
        {"alert_webhook": "ftp://mail.example/hook"},
        {"smtp_url": "smtp://[mail.example"},
        {"smtp_url": "smtp://mail.example:25/path"},
    ],
)
def test_addresses_that_cannot_be_used_are_named(desk: Desk, settings: dict[str, Any]) -> None:
    raised(desk, "PM1")

    with pytest.raises(InvalidInput, match=r"HALO_HOST|sender and a receiver"):
        sender(desk, **settings).send_due()


@pytest.mark.parametrize(
    ("setting", "password"),
    [
        *(("smtp_url", it) for it in ("s3cr/et", "25/s3cret", "s3c#ret", "s3c?ret", "s3c ret")),
        *(
            (setting, it)
            for setting in ("smtp_url", "alert_webhook")
            for it in ("s3c@ret", "s3c@r/et", "5%s3cret", "[s3cret")
        ),
    ],
)
def test_a_password_that_is_written_wrong_is_refused_and_no_piece_of_it_shown(
    desk: Desk, caplog: pytest.LogCaptureFixture, setting: str, password: str
) -> None:
    raised(desk, "PM1")
    scheme = "smtps" if setting == "smtp_url" else "https"
    address = f"{scheme}://halo:{password}@localhost:{free_port()}"

    with pytest.raises(InvalidInput) as refused:
        sender(desk, **{setting: address}).send_due()

    told = f"{refused.value.message} {refused.value.advice} {caplog.text}"
    assert "@ is written %40, / is written %2F" in refused.value.message
    assert "s3c" not in told


def test_an_at_sign_in_the_path_of_a_webhook_is_no_password(desk: Desk) -> None:
    raised(desk, "PM1")

    sender(desk, alert_webhook=f"http://127.0.0.1:{free_port()}/hooks/@team").send_due()

    assert error_of(desk) == "The webhook at 127.0.0.1 cannot be reached (ConnectionError)."


def test_a_password_is_not_given_to_a_server_elsewhere_without_encryption(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is on this machine, but known by a name that does not say so."""
    mailbox = Mailbox()
    raised(desk, "PM1")
    monkeypatch.setattr(channels_module, "ON_THIS_MACHINE", frozenset())
    with mail_server(mailbox) as port:
        url = f"smtp://halo:p%40ss%2Fword-4711@localhost:{port}"
        assert sender(desk, smtp_url=url).send_due() == 0

    assert error_of(desk).startswith("The mail server localhost offers no encryption")
    assert mailbox.logins == []
