"""What goes wrong between the host and an OpenID Connect provider, in the words of who signs in.

The log has the rest: which answer, which error. Neither has a code, a token or the client secret.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from authlib.common.errors import AuthlibBaseError
from joserfc.errors import JoseError

from .agent import SignInRefused

_LONGEST = 300  # characters of what a provider says, in the log

_log = logging.getLogger(__name__)


@contextmanager
def in_plain_words(provider: str) -> Iterator[None]:
    """Turn what the libraries raise into `SignInRefused`. `provider` is its name on the page."""
    try:
        yield
    except AuthlibBaseError as error:
        _log.warning("%s refused: %s: %s", provider, _line(error.error), _line(error.description))
        raise _refused_by(provider, str(error.error)) from None
    except (JoseError, ValueError, LookupError, TypeError, AttributeError) as error:
        # What is no JSON, or not of the shape that it should have, ends up here.
        kind = type(error).__name__
        _log.warning("%s answered what proves nothing: %s: %s", provider, kind, _line(error))
        raise unproved("its answer is not valid") from None
    except requests.RequestException as error:
        _log.warning("%s does not answer: %s", provider, _line(error))
        status = None if error.response is None else error.response.status_code
        raise SignInRefused(
            f"{provider} does not answer."
            if status is None
            else f"{provider} answers with an error ({status}).",
            advice="Try again in a minute, or sign in with a password.",
        ) from None


def unproved(why: str) -> SignInRefused:
    return SignInRefused(
        f"The provider of sign-ins did not prove who you are: {why}.",
        advice="Begin again; if it stays so, an administrator finds more in the host's log.",
    )


def denied(provider: str, code: str) -> SignInRefused:
    """The browser came back with an error in place of a code (OpenID Connect Core 1.0, 3.1.2.6)."""
    if code == "access_denied":
        return SignInRefused(
            f"{provider} did not sign you in: you or its rules said no (access_denied).",
            advice="Try again, or ask whoever runs it.",
        )
    return SignInRefused(
        f"{provider} did not sign you in{_shown(code)}.",
        advice="Try again, or ask whoever runs it.",
    )


def _refused_by(provider: str, code: str) -> SignInRefused:
    """The errors of the token endpoint (RFC 6749, section 5.2)."""
    if code in ("invalid_client", "unauthorized_client"):
        return SignInRefused(
            f"{provider} refused this host: its client id or client secret is wrong ({code}).",
            advice="An administrator compares HALO_HOST_OIDC_CLIENT_ID and "
            "HALO_HOST_OIDC_CLIENT_SECRET with what is registered there.",
        )
    if code == "invalid_grant":
        return SignInRefused(
            "This sign-in was used already, or took too long (invalid_grant).",
            advice="Begin again.",
        )
    return unproved(f"it refused to say{_shown(code)}")


def _shown(code: str) -> str:
    """An error code that is one. A stranger's sentence must not stand on our page."""
    known = code.isascii() and code.replace("_", "").isalnum() and len(code) < 50
    return f" ({code})" if known else ""


def _line(said: object) -> str:
    return " ".join(str(said).split())[:_LONGEST]
