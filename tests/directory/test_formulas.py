"""What a spreadsheet would run is neutralised on export, and import takes exactly that away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_host.directory.formulas import looks_like_formula, neutralised, restored

NASTY = st.text(st.sampled_from("'=+-@\t\r\n a1") | st.characters(), max_size=8)


@given(NASTY)
def test_import_strips_exactly_what_export_added(text: str) -> None:
    assert restored(neutralised(text)) == text


@given(NASTY)
def test_no_exported_text_starts_like_a_formula(text: str) -> None:
    assert not neutralised(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize("text", ["O'Brien", "'quoted'", "", "''", "a=b", "Ann"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert neutralised(text) == restored(text) == text


def test_phone_numbers_are_no_formulas() -> None:
    assert not looks_like_formula("+44 20 7946 0018")
    assert not looks_like_formula("-")
    assert looks_like_formula(" =1+1")
    assert looks_like_formula("@SUM(A1)")
