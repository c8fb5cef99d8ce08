"""The API of a host, as a program on another machine calls it: with timeouts and patience."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from ..errors import HostError, InvalidInput, NotFound

TIMEOUTS = (10.0, 60.0)  # seconds to connect, and until an answer comes
TRIES = 5
FIRST_PAUSE = 1.0  # seconds; each next one is twice as long
LONGEST_PAUSE = 60.0
_AGAIN = frozenset({408, 429, 502, 503, 504})


class ApiRefused(HostError):
    """The host does not let this token do that; asking again changes nothing."""


class ApiAway(HostError):
    """The host does not answer for now; what was asked may be asked again."""


class ApiClient:
    """One host's API with one token. Every write has an Idempotency-Key, so that it may be sent
    again when its answer was lost.

    `wait` waits so many seconds; where the program is to stop it returns true, at once.

    :raises InvalidInput: the address cannot be used, or the token is none.
    """

    def __init__(
        self,
        address: str,
        token: str,
        *,
        wait: Callable[[float], object] = time.sleep,
        tries: int = TRIES,
        timeouts: tuple[float, float] = TIMEOUTS,
    ) -> None:
        self._base = _base(address)
        self._wait = wait
        self._tries = tries
        self._timeouts = timeouts
        self._etags: dict[str, tuple[str, Any]] = {}
        if not token or not token.isascii() or not token.isprintable():
            raise InvalidInput(
                "There is no API token.",
                advice="Put it into HALO_HOST_API_TOKEN, or into a file: --token-file FILE.",
            )
        self._session = requests.Session()
        # Named proxies are used; a .netrc must not replace the token.
        self._session.auth = _Bearer(token)
        self._session.headers["Accept"] = "application/json"

    def get(self, path: str) -> Any:
        """What is there now. What has not changed since is not sent again.

        :raises ApiRefused, ApiAway, HostError: as `post`.
        """
        etag, known = self._etags.get(path, ("", None))
        headers = {"If-None-Match": etag} if etag else {}
        answer = self._asked("GET", path, None, headers)
        if answer.status_code == 304:
            return known
        value = _json(answer)
        if "ETag" in answer.headers:
            self._etags[path] = (answer.headers["ETag"], value)
        return value

    def forget(self, path: str) -> None:
        self._etags.pop(path, None)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Have something done, once, however often it has to be sent.

        :raises ApiRefused: the token is not good for that.
        :raises ApiAway: the host cannot be reached, or has no time, however often it is asked.
        :raises HostError: it says what is wrong, or is no host.
        """
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return _json(self._asked("POST", path, body, headers))

    def close(self) -> None:
        self._session.close()

    def _asked(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> requests.Response:
        pause = FIRST_PAUSE
        for left in range(self._tries - 1, -1, -1):
            try:
                answer = self._session.request(
                    method,
                    self._base + path,
                    json=body,
                    headers=dict(headers),
                    timeout=self._timeouts,
                    allow_redirects=False,  # the token is for this host alone
                )
            except requests.exceptions.SSLError:
                raise HostError(
                    f"The certificate of the host at {self._base} is not trusted here.",
                    advice="Check the address. For a certificate of your own, name the file of its "
                    "issuer in REQUESTS_CA_BUNDLE.",
                ) from None
            except requests.RequestException as error:
                away = ApiAway(
                    f"The host at {self._base} cannot be reached ({type(error).__name__}).",
                    advice="Check the address, and that `halo-host serve` runs there.",
                )
                wanted = pause
            else:
                if answer.status_code not in _AGAIN:
                    return _checked(answer, self._base)
                away = _away(answer, self._base)
                wanted = max(pause, _retry_after(answer))
            if not left or self._wait(min(wanted, LONGEST_PAUSE)):
                raise away
            pause *= 2
        raise AssertionError("the last try returns or raises")


class _Bearer(requests.auth.AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _base(address: str) -> str:
    """:raises InvalidInput: it is no address of a host."""
    try:
        parts = urlsplit(address.strip())
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username or parts.query or parts.fragment:
        raise InvalidInput(
            "The address of the host cannot be used.",
            advice="Give one such as https://desk.example.",
        )
    if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise InvalidInput(
            "Over http:// everybody on the way could read the token.",
            advice="Use the https:// address of the host.",
        )
    path = parts.path.rstrip("/").removesuffix("/api/v1")
    return f"{parts.scheme}://{parts.netloc}{path}/api/v1"


def _checked(answer: requests.Response, base: str) -> requests.Response:
    if answer.status_code < 300 or answer.status_code == 304:
        return answer
    if answer.is_redirect:
        raise HostError(
            f"What answers at {base} sends on to another address, which does not get the token.",
            advice=f"Give that address, if it is the host: {_place(answer.headers['Location'])}",
        )
    detail, advice = _said(answer, base)
    if answer.status_code in {401, 403}:
        raise ApiRefused(detail, advice=advice)
    raise (NotFound if answer.status_code == 404 else HostError)(detail, advice=advice)


def _away(answer: requests.Response, base: str) -> ApiAway:
    detail, advice = _said(answer, base)
    return ApiAway(detail, advice=advice)


def _said(answer: requests.Response, base: str) -> tuple[str, str | None]:
    """What happened and what to do, in the host's own words where these are its own."""
    try:
        said = answer.json()
        advice = said.get("advice")
        return str(said["detail"]), None if advice is None else str(advice)
    except (ValueError, KeyError, TypeError, AttributeError):
        return (
            f"What answers at {base} is no API of Halo Host (status {answer.status_code}).",
            "Check the address.",
        )


def _place(address: str) -> str:
    """Scheme and host of an address, or as much of it as there is."""
    scheme, separator, rest = address[:200].partition("://")
    return scheme + separator + rest.partition("/")[0]


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise HostError("The host's answer is no JSON.", advice="Check the address.") from None


def _retry_after(answer: requests.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0.0
