"""Base64url as tokens and browsers write it: one spelling for each value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jenkins_mfa.core import base64url


@given(st.binary(max_size=70))
def test_what_was_encoded_comes_back(raw: bytes) -> None:
    """Any bytes, without padding."""
    text = base64url.encode(raw)
    assert "=" not in text
    assert base64url.decode(text) == raw


@pytest.mark.parametrize("text", ["A", "AB", "AAB", "AA==", "A+/A", "AA\n", " AA", "é", "\ud800", "ＡＡ"], ids=ascii)
def test_other_spellings_are_refused(text: str) -> None:
    """Left-over bits that are not zero, padding, the other alphabet, blanks, foreign letters."""
    with pytest.raises(ValueError):
        base64url.decode(text)
