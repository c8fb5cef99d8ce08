"""The client against real sockets: servers that misbehave, and the surroundings of the process."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from halo_gocardless.addresses import Address
from halo_gocardless.bodies import LARGEST_BODY, LONGEST_BODY
from halo_gocardless.errors import GoCardlessError
from halo_gocardless.retries import Patience

GOOD = json.dumps({"customers": [1], "meta": {"cursors": {"after": None}}}).encode()
ONE_TRY = Patience(tries=1, seconds=300)


def twin_at(url):
    return Address(url, f"{url}/dashboard", is_gocardless=False, is_loopback=True)


def send(handler, body=GOOD, status=200, length=None, **headers):
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def failure_at(make_client):
    def failure_at(address, patience=ONE_TRY):
        with make_client(address, patience) as client, pytest.raises(GoCardlessError) as failure:
            client.page("customers")
        return str(failure.value)

    return failure_at


def test_a_redirect_is_not_followed(serve, failure_at):
    asked = []

    def elsewhere(handler):
        asked.append(handler.path)
        send(handler)

    def redirect(handler):
        send(handler, b"", 302, Location=f"{other}/x")

    with serve(elsewhere) as other, serve(redirect) as url:
        message = failure_at(twin_at(url))
    assert "redirect, which is not followed" in message
    assert asked == []


def test_a_body_cut_off_is_tried_again(serve, make_client):
    bodies = [(GOOD[:10], len(GOOD)), (GOOD[:10], 10), (GOOD, len(GOOD))]

    def answer(handler):
        body, length = bodies.pop(0)
        send(handler, body, length=length)
        handler.close_connection = True

    with serve(answer) as url, make_client(twin_at(url)) as client:
        assert client.page("customers").records == [1]
    assert bodies == []


def test_packed_and_chunked_bodies_are_read(serve, make_client):
    def answer(handler):
        handler.protocol_version = "HTTP/1.1"
        packed = gzip.compress(GOOD)
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for byte in packed:
            handler.wfile.write(b"1\r\n" + bytes([byte]) + b"\r\n")
        handler.wfile.write(b"0\r\n\r\n")

    with serve(answer) as url, make_client(twin_at(url)) as client:
        assert client.page("customers").records == [1]


def test_one_connection_serves_all_pages(serve, make_client):
    peers = set()

    def answer(handler):
        handler.protocol_version = "HTTP/1.1"
        handler.close_connection = False
        peers.add(handler.client_address)
        after = None if "p9" in handler.path else f"p{len(after_seen)}"
        after_seen.append(after)
        send(
            handler, json.dumps({"customers": [1], "meta": {"cursors": {"after": after}}}).encode()
        )

    after_seen = []
    with serve(answer) as url, make_client(twin_at(url)) as client:
        assert len(list(client.records("customers"))) == 11
    assert len(peers) == 1


def test_a_body_that_dribbles_in_is_given_up(serve, failure_at, passing_time):
    def answer(handler):
        send(handler, b"", length=1_000_000)
        try:
            while not done.is_set():
                passing_time.now += 1
                handler.wfile.write(b" ")
                handler.wfile.flush()
                done.wait(0.001)
        except OSError:
            pass

    done = threading.Event()
    with serve(answer) as url:
        started = passing_time.now
        message = failure_at(twin_at(url))
        done.set()
    assert "did not answer in time" in message
    assert passing_time.now - started > LONGEST_BODY


def test_a_huge_body_is_not_read_to_its_end(serve, failure_at):
    def answer(handler):
        send(handler, b"", length=LARGEST_BODY * 100)
        try:
            while True:
                handler.wfile.write(b" " * 1_000_000)
        except OSError:
            gone.set()

    gone = threading.Event()
    with serve(answer) as url:
        assert "larger than 32 MiB" in failure_at(twin_at(url))
        assert gone.wait(10)


def test_a_small_body_that_unpacks_to_a_huge_one_is_refused(serve, failure_at):
    bomb = gzip.compress(b" " * (LARGEST_BODY + 1_000_000))
    with serve(lambda handler: send(handler, bomb, Content_Encoding="gzip")) as url:
        assert "larger than 32 MiB" in failure_at(twin_at(url))


def test_a_body_packed_wrongly_is_a_broken_answer(serve, failure_at):
    with serve(lambda handler: send(handler, b"no gzip", Content_Encoding="gzip")) as url:
        assert "broke before the whole answer arrived" in failure_at(twin_at(url))


def test_a_closed_port(failure_at):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        assert f"{url} refused the connection" in failure_at(twin_at(url))


def test_a_name_that_does_not_resolve(failure_at, monkeypatch):
    def nobody(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert "could not be resolved (DNS)" in failure_at(twin_at("http://twin.example"))


def test_a_server_that_speaks_no_tls(serve, failure_at):
    with serve(send) as url:
        https = url.replace("http:", "https:")
        assert "No TLS connection" in failure_at(twin_at(https))


def test_a_certificate_that_nobody_vouches_for(failure_at, passing_time, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def shake_hands():
            connection, _ = listening.accept()
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()

        thread = threading.Thread(target=shake_hands)
        thread.start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}"
        message = failure_at(twin_at(url), Patience(tries=3, seconds=300))
        thread.join()
    assert "could not be verified, so nothing was sent" in message
    assert passing_time.naps == []


def self_signed(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "twin")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    certificate = builder.sign(key, hashes.SHA256())
    file = folder / "certificate.pem"
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(
        key.private_bytes(pem, pkcs8, serialization.NoEncryption()) + certificate.public_bytes(pem)
    )
    return file


def test_a_netrc_file_does_not_replace_the_token(serve, make_client, token, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    seen = []

    def answer(handler):
        seen.append(handler.headers["Authorization"])
        send(handler)

    with serve(answer) as url:
        for is_loopback in (True, False):
            with make_client(Address(url, url, is_loopback=is_loopback)) as client:
                client.page("customers")
    assert seen == [f"Bearer {token}"] * 2


@pytest.mark.parametrize(("is_loopback", "proxied"), [(True, False), (False, True)])
def test_the_proxy_of_the_environment_is_used_but_never_for_loopback(
    serve, make_client, monkeypatch, is_loopback, proxied
):
    through_proxy = []

    def proxy(handler):
        through_proxy.append(handler.path)
        send(handler)

    with serve(proxy) as proxy_url, serve(send) as url:
        for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", proxy_url)
        with make_client(Address(url, url, is_loopback=is_loopback)) as client:
            client.page("customers")
    assert bool(through_proxy) is proxied


def test_a_proxy_that_is_not_there(failure_at, monkeypatch):
    for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://user:secret@127.0.0.1:9")
    message = failure_at(Address("http://twin.example", "http://twin.example"))
    assert "proxy" in message
    assert "secret" not in message
