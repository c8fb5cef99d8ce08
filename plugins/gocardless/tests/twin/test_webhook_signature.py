"""The signature of webhooks, against a known answer and by the official client."""

from __future__ import annotations

from typing import Any

import pytest
from gocardless_pro import webhooks
from gocardless_pro.errors import InvalidSignatureError
from halo_gocardless.twin.webhooks.signing import sign, sign_wrongly

from .conftest import OFFICIAL_BODIES

OFFICIAL_SECRET = "ED7D658C-D8EB-4941-948B-3973214F2D49"
OFFICIAL_SIGNATURE = "2693754819d3e32d7e8fcb13c729631f316c6de8dc1cf634d6527f1c07276e7e"


@pytest.fixture
def body() -> bytes:
    return (OFFICIAL_BODIES / "webhook_body.json").read_bytes().rstrip()


def test_the_published_body_has_the_published_signature(body: bytes) -> None:
    assert sign(OFFICIAL_SECRET, body) == OFFICIAL_SIGNATURE


def test_the_official_client_accepts_it(body: bytes) -> None:
    events: list[Any] = webhooks.parse(body, OFFICIAL_SECRET, sign(OFFICIAL_SECRET, body))
    assert [event.id for event in events] == ["EV00BD05S5VM2T", "EV00BD05TB8K63"]


def test_a_wrong_signature_looks_like_one_and_is_refused(body: bytes) -> None:
    wrong = sign_wrongly(OFFICIAL_SECRET, body)
    assert len(wrong) == 64
    with pytest.raises(InvalidSignatureError):
        webhooks.parse(body, OFFICIAL_SECRET, wrong)
