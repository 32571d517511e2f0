"""Checkpoints: what is signed is one and nothing else, and nothing else is taken for one (S13, S21)."""

from __future__ import annotations

import json
from dataclasses import replace

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoint_kit import keys
from fakes import SIGNING
from jenkins_mfa.core import base64url, receipt, receipt_form
from jenkins_mfa.core.checkpoint import Change, Checkpoint, CheckpointKeys, Kept, kid, sign, thinned, verify
from jenkins_mfa.core.units import DAY
from jenkins_mfa.errors import UntrustedInputError

KEYS = keys()
CHANGE = Change(4, 1_764_000_000_000, "authenticator:revoked", "alice", "a_01")
ONE = Checkpoint("test", 5, "ab" * 32, 1_764_000_000_000, (CHANGE,))


@pytest.mark.parametrize("rollback", [False, True])
def test_what_is_signed_is_read_as_it_was(rollback: bool) -> None:
    given = replace(ONE, rollback=rollback)
    assert verify(sign(given, KEYS), KEYS, "test") == given


def test_an_auditor_verifies_with_the_public_key_alone() -> None:
    auditor = CheckpointKeys(KEYS.public)
    assert verify(sign(ONE, KEYS), auditor, "test") == ONE
    with pytest.raises(ValueError, match="private"):
        sign(ONE, auditor)


def refused(token: str, says: str) -> None:
    with pytest.raises(UntrustedInputError, match=says):
        verify(token, KEYS, "test")


def test_another_key_another_installation_a_changed_byte() -> None:
    refused(sign(ONE, keys(2)), "not known here")
    refused(sign(replace(ONE, installation="staging"), KEYS), "another installation")
    head, claims, signature = sign(ONE, KEYS).split(".")
    more = json.loads(base64url.decode(claims)) | {"seq": 6}
    refused(".".join((head, base64url.encode(json.dumps(more).encode()), signature)), "wrong signature")


def test_a_receipt_key_signs_no_checkpoint_and_a_checkpoint_is_no_receipt() -> None:
    """Each has a key and a type of its own."""
    named = kid(KEYS.private.public_key()) if KEYS.private else ""
    claims = {"v": 1, "iss": "mfa:test", "seq": 5, "head": "", "at": 1}
    refused(receipt.sign(claims, kid=named, key=SIGNING), "header")
    with pytest.raises(receipt_form.RefusedReceipt):
        receipt_form.open_token(sign(ONE, KEYS), {name: ("EdDSA", key) for name, key in KEYS.public.items()})


@pytest.mark.parametrize("claims", [[], {"v": 1}, {"v": 1, "iss": "mfa:test", "seq": "5", "head": "", "at": 1}, 7])
def test_signed_nonsense_is_refused(claims: object) -> None:
    assert KEYS.private is not None
    headers = {"kid": kid(KEYS.private.public_key()), "typ": "mfa-checkpoint+jwt"}
    refused(jwt.PyJWS().encode(json.dumps(claims).encode(), KEYS.private, "EdDSA", headers), "form")


@given(st.one_of(st.text(), st.from_regex(r"[A-Za-z0-9_-]{0,20}\\.[A-Za-z0-9_-]{0,20}\\.[A-Za-z0-9_-]{0,20}")))
def test_garbage_is_refused(token: str) -> None:
    with pytest.raises(UntrustedInputError):
        verify(token, KEYS, "test")


def test_the_furthest_since_the_last_rollback_counts() -> None:
    """Two replicas may write in either order; a rollback begins anew, and its changes stay known."""
    later, back = replace(ONE, seq=9, changes=()), replace(ONE, seq=3, rollback=True, changes=())
    assert Kept.of([later, ONE]).newest == later
    found = Kept.of([later, ONE, back])
    assert (found.newest, found.accepted, found.changes) == (back, back, (CHANGE,))
    assert Kept.of([later, back, replace(ONE, seq=4)]).newest == replace(ONE, seq=4)
    assert Kept.of([]) == Kept()


def test_thinning_keeps_a_day_the_changes_and_one_of_each_day() -> None:
    """A year of minutes becomes a day of them and 364 more."""
    plain = replace(ONE, changes=())
    year = [replace(plain, seq=n, at=ONE.at + n * DAY // 24) for n in range(24 * 365)]
    year[100] = replace(year[100], changes=(CHANGE,))
    year[200] = replace(year[200], rollback=True)
    kept = thinned(year)
    assert {year[100], year[200], year[-1], year[-24]} <= set(kept)
    assert len(kept) < 24 + 365 + 3
    assert thinned(kept) == kept
    assert thinned([]) == []
