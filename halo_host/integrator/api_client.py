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


class ApiClient:
    """One host's API with one token. Every write has an Idempotency-Key, so that it may be sent
    again when its answer was lost.

    `wait` waits so many seconds, or less when the program is to stop.

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
        """What is there now. What has not changed since is not sent again."""
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
        :raises HostError: the host cannot be reached, or says what is wrong.
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
            except requests.RequestException as error:
                if not left:
                    raise HostError(
                        f"The host at {self._base} cannot be reached ({type(error).__name__}).",
                        advice="Check the address, and that `halo-host serve` runs there.",
                    ) from None
                wanted = pause
            else:
                if answer.status_code not in _AGAIN or not left:
                    return _checked(answer, self._base)
                wanted = max(pause, _retry_after(answer))
            self._wait(min(wanted, LONGEST_PAUSE))
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
    try:
        said = answer.json()
        detail, advice = str(said["detail"]), said.get("advice")
    except (ValueError, KeyError, TypeError, AttributeError):
        detail = f"What answers at {base} is no API of Halo Host (status {answer.status_code})."
        advice = "Check the address."
    if answer.status_code in {401, 403}:
        raise ApiRefused(detail, advice=advice)
    raise (NotFound if answer.status_code == 404 else HostError)(detail, advice=advice)


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise HostError("The host's answer is no JSON.", advice="Check the address.") from None


def _retry_after(answer: requests.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0.0
