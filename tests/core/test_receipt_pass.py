"""A receipt as a pass for others: S10's checks one by one, and what a target that expects nothing still gets."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_receipt import ARGUMENTS, KEY, KEYS, NOW, TOKEN

from jenkins_mfa.core import receipt, receipt_pass, signing_keys
from jenkins_mfa.core.receipt import Approver, RefusedReceipt
from jenkins_mfa.core.receipt_pass import Expected
from jenkins_mfa.errors import ReceiptError, UntrustedInputError
from receipt_kit import claims_of

REQUEST = {"v": 1, "environment": "production", "action": "deploy", "message": "Deploy 1.4"}
RIGHT = Expected("main", "deploy", "17", "production", "deploy", "totp", 1)


def made(**changes: Any) -> str:
    """A receipt of the gate of ARGUMENTS, signed; `changes` replace arguments."""
    return receipt.sign(claims_of(**{**ARGUMENTS, "request": REQUEST, **changes}), kid="k1", key=KEY)


def altered(**changes: Any) -> str:
    """The same with claims replaced as they stand, rightly signed all the same."""
    return receipt.sign({**claims_of(**ARGUMENTS), **changes}, kid="k1", key=KEY)


def verify(token: str | None, expected: Expected = RIGHT, **changes: Any) -> receipt.Receipt:
    """At NOW, by the first key."""
    return receipt_pass.verify(
        token, **{"keys": KEYS, "issuer": "mfa:example", "expected": expected, "now": NOW, **changes}
    )


def reason(token: str | None, expected: Expected = RIGHT, **changes: Any) -> str:
    """Why it lets nothing pass."""
    with pytest.raises(RefusedReceipt) as refused:
        verify(token, expected, **changes)
    return refused.value.reason


def test_a_right_receipt_passes_and_tells_for_which_run_it_is() -> None:
    """All that a target wants to know; one that expects nothing of the run learns it."""
    for expected in (RIGHT, Expected()):
        found = verify(made(), expected)
        assert (found.source, found.pipeline, found.run_id, found.attempt) == ("main", "deploy", "17", 1)
        assert found.request["environment"] == "production"


@pytest.mark.parametrize(
    ("expected", "why"),
    [
        (Expected(source="other"), "source"),
        (Expected(pipeline="deploy2"), "run"),
        (Expected(run_id="18"), "run"),
        (Expected(environment="staging"), "environment"),
        (Expected(action="rotate"), "action"),
        (Expected(factor="webauthn"), "factor"),
        (Expected(quorum=2), "quorum"),
    ],
    ids=["source", "pipeline", "run", "environment", "action", "factor", "quorum"],
)
def test_s10_a_receipt_for_something_else_is_refused(expected: Expected, why: str) -> None:
    """Each expectation by itself refuses what all others take."""
    assert reason(made(), expected) == why


def test_s10_issuer_audience_and_subject_are_checked() -> None:
    """Of another installation, for another audience, and one whose subject says another run than its claims."""
    assert reason(made(), issuer="mfa:other") == "issuer"
    assert reason(altered(aud=["mfa:source:other"]), Expected()) == "source"
    assert reason(altered(sub="mfa:run:main:deploy:18:1"), Expected()) == "run"
    assert reason(altered(decision="denied"), Expected()) == "decision"


def test_s10_the_algorithm_is_that_of_the_pinned_kid() -> None:
    """A kid that is not pinned, and a signature by another key, whatever the header says."""
    assert reason(made(), keys={"k2": KEYS["k1"]}) == "unknown_key"
    assert reason(made(), keys={"k1": ("Ed25519", KEY.public_key())}) == "algorithm"
    head, body, signature = made().split(".")
    assert reason(f"{head}.{body}.{signature[:-6]}AAAAAA"[: len(made())], Expected()) in {"signature", "malformed"}
    assert reason(None) == "missing"


@pytest.mark.parametrize(
    ("later", "why"), [(-31, "future"), (-30, ""), (329, ""), (330, "expired")], ids=["early", "edge", "last", "over"]
)
def test_s10_exp_is_required_with_thirty_seconds_between_clocks(later: int, why: str) -> None:
    """From 30 s before `iat` to 30 s after `exp`, by the target's clock."""
    if why:
        assert reason(made(), now=NOW + later) == why
    else:
        verify(made(), now=NOW + later)


def test_an_expired_receipt_says_since_when() -> None:
    """With the day: whoever looks later is not left with a time alone."""
    with pytest.raises(RefusedReceipt, match="has ended at 2025-11-24 16:05:00 UTC"):
        verify(made(), now=NOW + 86_400)


def test_a_target_may_ask_for_a_younger_one_and_no_other_lives_longer() -> None:
    """`max_age` counts from the signature; a life beyond ten minutes is none of our agent's."""
    verify(made(), now=NOW + 60, max_age=60)
    assert reason(made(), now=NOW + 61, max_age=60) == "age"
    assert reason(altered(exp=NOW + 601), Expected()) == "lifetime"


def test_s17_what_nobody_confirmed_is_no_pass() -> None:
    """The policy asked nobody: the run may go on, a target that demands a receipt refuses."""
    nobody = made(approvers=[])
    assert reason(nobody, Expected()) == "unconfirmed"
    assert reason(altered(confirm="none"), Expected()) == "malformed"
    assert reason(altered(approvers=[{"id": "a", "factor": "totp", "at": 1}] * 2), Expected()) == "twice"


def test_weaker_confirmations_do_not_count() -> None:
    """Two people, of whom one used a code: that is one with a code."""
    two = made(approvers=[Approver("alice", "totp", NOW), Approver("bob", "push", NOW)])
    verify(two, Expected(quorum=2))
    assert reason(two, Expected(factor="totp", quorum=2)) == "quorum"


@given(
    st.text(max_size=300) | st.integers(0, len(TOKEN) - 1).map(lambda place: TOKEN[:place] + "A" + TOKEN[place + 1 :])
)
def test_whatever_comes_in_one_kind_of_error_comes_out(token: str) -> None:
    """A reason and a sentence in one line, or the receipt."""
    with contextlib.suppress(ReceiptError):
        verify(token, Expected())


def test_the_key_set_that_is_published_is_read_back() -> None:
    """What `jwks` writes; keys of other kinds beside them are left out."""
    written: dict[str, Any] = dict(signing_keys.jwks({"k1": KEY.public_key()}))
    written["keys"] = [{"kty": "RSA", "kid": "r", "n": "AQ", "e": "AQAB"}, *written["keys"]]
    assert signing_keys.public_from_jwks(json.dumps(written).encode()) == {"k1": KEY.public_key()}


ONE = signing_keys.jwks({"k1": KEY.public_key()})["keys"][0]


@pytest.mark.parametrize(
    "keys",
    [
        [],
        None,
        [{**ONE, "alg": "none"}],
        [ONE, ONE],
        [{**ONE, "kid": "k 1"}],
        [{**ONE, "x": ONE["x"][:-2]}],
        [{**ONE, "x": 1}],
    ],
    ids=["none", "no_list", "another_algorithm", "twice", "kid", "short", "no_text"],
)
def test_a_key_set_that_cannot_be_used_is_refused(keys: object) -> None:
    """A damaged key never becomes a smaller set."""
    with pytest.raises(UntrustedInputError):
        signing_keys.public_from_jwks(json.dumps({"keys": keys}).encode())
