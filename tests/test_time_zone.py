"""The time zone that the environment names is checked when a host starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from halo_host.errors import InvalidInput
from halo_host.settings import settings_from


@pytest.mark.parametrize("name", ["Europe/Londn", "../etc/passwd", "CET+1", "Europe", "\0"])
def test_a_zone_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="HALO_HOST_TIMEZONE names no time zone") as refused:
        settings_from({"HALO_HOST_TIMEZONE": name}, data=tmp_path)

    assert "HALO_HOST_TIMEZONE=Europe/London" in str(refused.value.advice)


@pytest.mark.parametrize(
    ("given", "zone"), [("", "UTC"), ("UTC", "UTC"), (" Europe/London ", "Europe/London")]
)
def test_a_zone_that_is_known_is_taken(given: str, zone: str, tmp_path: Path) -> None:
    assert settings_from({"HALO_HOST_TIMEZONE": given}, data=tmp_path).timezone == zone
    assert settings_from({}, data=tmp_path).timezone == "UTC"
