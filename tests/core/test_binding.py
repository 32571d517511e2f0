"""What a key signs is bound to everything that is decided (S7, attack table rows 12 to 14 and 24)."""

import hashlib
import struct
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import builders
from jenkins_mfa.core.binding import ActBinding, Decision, GateBinding, Purpose, bind_gate
from jenkins_mfa.core.model import Factor
from jenkins_mfa.core.requirement_digest import requirement_sha256
from security_keys_kit import BINDING as OF_GATE

NOW = builders.NOW
OF_ACT = ActBinding(Purpose.ADMINISTER, b"n" * 32, "invite bob", "alice", b"c" * 16, NOW, NOW + 60_000)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9)
LIFE = st.integers(1, 600_000)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "nonce": st.binary(min_size=32, max_size=32),
    "gate": TEXT,
    "generation": st.integers(0, 10**6),
    "source": TEXT,
    "pipeline": TEXT,
    "run": TEXT,
    "attempt": st.integers(0, 10**6),
    "request_sha256": st.text("0123456789abcdef", min_size=64, max_size=64),
    "requirement_sha256": st.text("0123456789abcdef", min_size=64, max_size=64),
    "decision": st.sampled_from(Decision),
    "person": TEXT,
    "credential": st.binary(min_size=1, max_size=40),
    "issued": st.just(NOW) | st.integers(NOW - 500_000, NOW + 50_000),
    "expires": st.integers(NOW + 60_000, NOW + 90_000),
    "purpose": st.sampled_from(Purpose),
    "subject": TEXT,
}
TEXTS = ("gate", "source", "pipeline", "run", "person")


def _framed(*fields: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(field)) + field for field in fields)


def test_the_challenge_is_what_an_auditor_computes() -> None:
    """Tag, zero byte, each field behind its length: written out here once more, without our code."""
    run = b"run\0" + _framed(b"team one/deploy", b"17", b"1")
    message = b"jenkins-mfa/webauthn/v1\0" + _framed(
        b"n" * 32,
        b"g_01",
        b"1",
        b"main",
        run,
        b"a" * 64,
        b"b" * 64,
        b"approve",
        b"alice",
        b"c" * 16,
        str(NOW).encode(),
        str(NOW + 60_000).encode(),
    )
    assert OF_GATE.challenge == hashlib.sha256(message).digest()


def test_the_challenge_of_an_act_is_what_an_auditor_computes() -> None:
    """The same form under the purpose's own tag."""
    message = b"jenkins-mfa/webauthn/v1/administer\0" + _framed(
        b"n" * 32, b"invite bob", b"alice", b"c" * 16, str(NOW).encode(), str(NOW + 60_000).encode()
    )
    assert OF_ACT.challenge == hashlib.sha256(message).digest()


@pytest.mark.parametrize(
    ("binding", "name"), [(binding, field.name) for binding in (OF_GATE, OF_ACT) for field in fields(binding)]
)
@settings(max_examples=15)
@given(data=st.data())
def test_a_changed_field_changes_the_challenge(
    binding: GateBinding | ActBinding, name: str, data: st.DataObject
) -> None:
    """Rows 12 and 13: every field is in the challenge, the decision among them."""
    other = data.draw(VALUES[name])
    assume(other != getattr(binding, name))
    assert replace(binding, **{name: other}).challenge != binding.challenge


@given(st.sampled_from(TEXTS), st.sampled_from(TEXTS), TEXT, TEXT, st.integers(1, 9))
def test_a_shifted_border_changes_the_challenge(one: str, two: str, first: str, second: str, moved: int) -> None:
    """What ends one field cannot begin the other: "a" and "bc" are not "ab" and "c"."""
    assume(one != two and moved < len(second))
    here = replace(OF_GATE, **{one: first, two: second})
    there = replace(OF_GATE, **{one: first + second[:moved], two: second[moved:]})
    assert here.challenge != there.challenge


def test_a_swapped_pair_of_fields_changes_the_challenge() -> None:
    """The order is fixed: the digest of the request is not that of the requirement."""
    swapped = replace(OF_GATE, request_sha256="b" * 64, requirement_sha256="a" * 64)
    assert swapped.challenge != OF_GATE.challenge


def test_what_is_signed_for_one_purpose_serves_no_other() -> None:
    """The same fields under each purpose and for a gate are as many challenges."""
    acts = {replace(OF_ACT, purpose=purpose).challenge for purpose in Purpose}
    assert len(acts | {OF_GATE.challenge}) == len(Purpose) + 1


@pytest.mark.parametrize("nonce", [b"", b"n" * 31, b"n" * 33], ids=["none", "short", "long"])
@pytest.mark.parametrize("binding", [OF_GATE, OF_ACT], ids=["gate", "act"])
def test_row_24_nothing_is_bound_without_a_nonce(binding: GateBinding | ActBinding, nonce: bytes) -> None:
    """An empty challenge in the store is no challenge: there is none to compare with."""
    with pytest.raises(ValueError, match="nonce"):
        replace(binding, nonce=nonce)


@pytest.mark.parametrize("life", [0, -1, 600_001], ids=["none", "past", "too long"])
@pytest.mark.parametrize("binding", [OF_GATE, OF_ACT], ids=["gate", "act"])
def test_row_14_a_challenge_lives_ten_minutes_at_most(binding: GateBinding | ActBinding, life: int) -> None:
    """S5: neither for ever nor not at all."""
    with pytest.raises(ValueError, match="ten minutes"):
        replace(binding, expires=binding.issued + life)


@pytest.mark.parametrize(
    "change",
    [{"gate": ""}, {"credential": b""}, {"person": ""}, {"request_sha256": ""}, {"requirement_sha256": "b" * 63}],
    ids=lambda change: next(iter(change)),
)
def test_an_answer_leaves_nothing_open(change: dict[str, Any]) -> None:
    """What is not known when the challenge is issued cannot be put in afterwards."""
    with pytest.raises(ValueError):
        replace(OF_GATE, **change)


@pytest.mark.parametrize("change", [{"subject": ""}, {"person": ""}, {"credential": b""}], ids=str)
def test_an_administrators_act_leaves_nothing_open(change: dict[str, Any]) -> None:
    """Which act, by whom, with which credential."""
    with pytest.raises(ValueError):
        replace(OF_ACT, **change)


@pytest.mark.parametrize("purpose", [Purpose.REGISTER, Purpose.SIGN_IN])
def test_a_credential_that_is_not_known_yet_is_left_empty(purpose: Purpose) -> None:
    """At a registration there is none, at a sign-in it may be any of the person's."""
    assert replace(OF_ACT, purpose=purpose, credential=b"").challenge != OF_ACT.challenge


def test_row_12_a_gate_that_changed_has_another_challenge() -> None:
    """Built again from another gate, the next generation, or one that asks for more: it does not fit."""
    kept: dict[str, Any] = {
        "nonce": b"n" * 32,
        "decision": Decision.APPROVE,
        "person": "alice",
        "credential": b"c" * 16,
        "issued": NOW,
        "expires": NOW + 1,
    }
    gate, asked = builders.gate(), requirement_sha256(builders.requirement())
    issued = bind_gate(gate, asked, **kept)
    more = requirement_sha256(builders.requirement(builders.clause(2, factor=Factor.WEBAUTHN)))
    assert bind_gate(gate, asked, **kept).challenge == issued.challenge
    assert bind_gate(gate, more, **kept).challenge != issued.challenge
    for other in (
        builders.gate(id="g_other"),
        builders.gate(generation=2),
        builders.gate(request_sha256="1" * 64),
        builders.gate(run=replace(builders.RUN, attempt=2)),
    ):
        assert bind_gate(other, asked, **kept).challenge != issued.challenge


def test_the_digest_of_a_requirement_is_stable_and_whole() -> None:
    """The same requirement has the same digest in every process; any part of it changes that."""
    asked = builders.requirement()
    assert requirement_sha256(asked) == requirement_sha256(builders.requirement())
    assert len(requirement_sha256(asked)) == 64
    changed = [{"ttl": 1}, {"rules": ("other",)}, {"policy_sha256": "1" * 64}, {"clauses": (builders.clause(2),)}]
    assert len({requirement_sha256(replace(asked, **change)) for change in changed} | {requirement_sha256(asked)}) == 5
