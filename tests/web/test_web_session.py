"""The one cookie: signed, short, for one purpose; forged, ended and foreign ones are nothing."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jenkins_mfa.core import seal
from jenkins_mfa.web import session
from jenkins_mfa.web.session import Purpose, Session

KEY = b"k" * 32
NOW = 1_764_000_000_000
HERS = Session(Purpose.ANSWER, "alice", "g_1.1", NOW + 600_000)


def test_what_was_written_is_read() -> None:
    """With the same key, in time."""
    assert session.read(session.write(HERS, KEY), KEY, NOW) == HERS


@pytest.mark.parametrize("now", [NOW + 600_000, NOW + 10**9, NOW - 1])
def test_it_ends_and_lives_ten_minutes_at_most(now: int) -> None:
    """One that would live longer was not written by us today."""
    assert session.read(session.write(HERS, KEY), KEY, now) is None


def test_another_key_or_label_does_not_fit() -> None:
    """A receipt's, a record's or another installation's HMAC is no session."""
    value = session.write(HERS, KEY)
    assert session.read(value, b"x" * 32, NOW) is None
    text = value.split(".")[0]
    for forged in (seal.mac(KEY, session.LABEL, text), seal.mac(seal.derive(KEY, "web-session"), "record/v1", text)):
        assert session.read(f"{text}.{forged}", KEY, NOW) is None


@pytest.mark.parametrize("position", range(0, 100, 7))
def test_one_changed_character_is_enough(position: int) -> None:
    """Person, purpose, gate and end are all under the HMAC."""
    value = session.write(HERS, KEY)
    position %= len(value)
    other = "B" if value[position] != "B" else "C"
    assert session.read(value[:position] + other + value[position + 1 :], KEY, NOW) is None


def test_the_fields_cannot_be_shifted() -> None:
    """A border inside a field makes another number of fields."""
    odd = Session(Purpose.ANSWER, "alice\nbob", "g_1.1", NOW + 1000)
    assert session.read(session.write(odd, KEY), KEY, NOW) is None


UNSIGNED = st.binary(max_size=60).map(lambda raw: f"{base64.urlsafe_b64encode(raw).decode()}.{'0' * 64}")


@given(st.text(max_size=200) | UNSIGNED)
def test_whatever_else_is_nothing(value: str) -> None:
    """Never an exception."""
    assert session.read(value, KEY, NOW) is None


def test_s15_a_huge_cookie_is_not_looked_at() -> None:
    """S15."""
    huge = session.write(Session(Purpose.ANSWER, "alice", "A" * 1_000, NOW + 1000), KEY)
    assert len(huge) > 1_024
    assert session.read(huge, KEY, NOW) is None
