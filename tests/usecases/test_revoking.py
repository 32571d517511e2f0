"""A receipt key is revoked: what knows only it is denied, what has to do with it is named, and nothing is signed."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from desk_world import World
from fakes import KEYS, FakeSource, request_text
from jenkins_mfa.core.keys import SigningKey
from jenkins_mfa.core.model import Commit, KeysRecord, RevokedKey, State
from jenkins_mfa.errors import DamagedError, SourceUnavailableError, StoreUnavailableError
from jenkins_mfa.usecases import receipt_keys
from jenkins_mfa.usecases.deliver import LEASE
from jenkins_mfa.usecases.revoke import concerned, revoke

OTHER = SigningKey("k2", KEYS.signing[0].private, 0, 4_102_444_800)
BY = "operator:root"


def world(*kids: str) -> World:
    """A gate whose run knows these keys; the agent has k1 and k2."""
    made = World(source=FakeSource(text=request_text(kids=list(kids or ("k1",)))))
    made.desk.keys.signing = (OTHER, *KEYS.signing)
    made.open()
    return made


def found(at: World, kid: str = "k1") -> list[tuple[str, tuple[str, ...]]]:
    return [(one.what, one.approvers) for one in concerned(at.desk, kid)[0]]


def events(at: World) -> list[str]:
    return [one.entry.event for one in at.store.trail if one.entry.event.startswith("key:")]


def test_a_build_that_knows_only_the_revoked_key_is_denied_at_once_and_says_why() -> None:
    """Not after people have confirmed it for nothing."""
    at = world()
    assert found(at) == [("waits_only", ())]
    done = revoke(at.desk, "k1", BY)
    assert [gate.id for gate in done.denied] == [at.gate.id]
    at.deliver()
    assert (at.gate.state, at.source.receipts) == (State.ABORTED, [])
    assert at.gate.denial is not None
    assert at.gate.denial.reason == "revoked_key"
    assert events(at) == ["key:revoked"]
    assert [alert.code for alert in at.messenger.alerts] == ["key_revoked", "revoked_key"]


def test_a_build_that_knows_another_key_gets_a_receipt_of_that_one() -> None:
    """It is named all the same: it takes receipts of the revoked one, too."""
    at = world("k1", "k2")
    assert found(at) == [("waits", ())]
    assert revoke(at.desk, "k1", BY).denied == ()
    at.tap("alice")
    at.deliver()
    assert (at.gate.state, at.gate.claim and at.gate.claim.kid) == (State.RESUMED, "k2")
    assert found(at) == []
    assert found(at, "k2") == [("passed", ("alice",))]


def test_what_a_receipt_of_the_key_has_let_pass_is_named_with_its_approvers() -> None:
    """And when; what knew the key and was let go on by somebody else comes first."""
    at = world()
    at.tap("alice")
    at.deliver()
    ((passed,), damaged) = concerned(at.desk, "k1")
    assert (passed.what, passed.approvers, passed.at) == ("passed", ("alice",), at.gate.claim.iat * 1000)  # type: ignore[union-attr]
    assert damaged == []
    other = world()
    other.source.pauses, other.source.settlers = {}, ["mallory"]
    other.watch.poll()
    other.watch.poll()
    other.deliver()
    assert other.gate.state is State.BYPASSED
    assert found(other) == [("bypassed", ())]


def test_a_new_build_that_knows_only_the_revoked_key_is_not_asked_and_says_why() -> None:
    """Honest: it is not unknown, it was revoked; ops read it."""
    at = world("k1", "k2")
    revoke(at.desk, "k1", BY)
    at.source.text, at.source.pauses = request_text(kids=["k1"]), {"ref-2": "Mfa-" + "2" * 32}
    at.watch.poll()
    gate = at.store.gate_of("main", "ref-2")
    assert gate.denial.reason == "revoked_key"
    assert gate.denial.values == {"kids": "k1"}
    at.deliver()
    assert [alert.code for alert in at.messenger.alerts] == ["key_revoked", "revoked_key"]


def test_a_claimed_receipt_of_a_revoked_key_is_not_sent() -> None:
    """It was claimed, and did not arrive: nothing is sent any more, and the gate ends with its claim."""
    at = world()
    at.tap("alice")
    at.source.answer_error = SourceUnavailableError("away")
    at.deliver()
    assert at.gate.state is State.SENDING
    at.source.answer_error = None
    revoke(at.desk, "k1", BY)
    for _ in range(10):
        at.clock.move(seconds=61)
        at.deliver()
    assert (at.gate.state, at.source.receipts) == (State.ABORTED, [])
    (told,) = [alert for alert in at.messenger.alerts if alert.code == "undelivered"]
    assert told.values["reason"] == "revoked_key"


def test_a_revocation_that_was_begun_is_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after the key's own step: called again it denies what is left, and the trail has one event."""
    at = world()
    commit, done = at.store.commit, count()

    def dying(given: Commit) -> None:
        if next(done):
            raise StoreUnavailableError("away")
        commit(given)

    with monkeypatch.context() as patched:
        patched.setattr(at.store, "commit", dying)
        with pytest.raises(StoreUnavailableError):
            revoke(at.desk, "k1", BY)
    again = revoke(at.desk, "k1", "operator:other")
    assert (again.fresh, again.key.by, [gate.id for gate in again.denied]) == (False, BY, [at.gate.id])
    assert events(at) == ["key:revoked"]


def test_an_agent_with_old_files_signs_nothing_with_it() -> None:
    """Its memory and its files have the key; the store says no, at the very next claim."""
    at = world()
    elsewhere = replace(at.desk, keys=replace(at.desk.keys, revoked=set()))
    revoke(at.desk, "k2", BY)
    assert receipt_keys.signer(elsewhere, ("k1", "k2"), 1) is not None
    assert receipt_keys.signer(elsewhere, ("k2",), 1) is None


def test_an_agent_that_has_not_heard_of_it_asks_nobody_for_a_build_that_knows_only_that_key() -> None:
    """Another one has revoked it: this one looks before it opens a gate."""
    at = World(source=FakeSource(text=request_text(kids=["k1"])))
    at.store.commit(Commit("c", (KeysRecord(1, ("k1",), (RevokedKey("k1", 1, BY),)),)))
    at.open()
    assert at.gate.denial is not None
    assert at.gate.denial.reason == "revoked_key"


def test_with_a_damaged_record_nothing_is_signed() -> None:
    """S17: nobody knows which keys were revoked. The build stays paused."""
    at = world()
    revoke(at.desk, "k2", BY)
    at.tap("alice")
    at.store._records["keys"] = KeysRecord(9)
    at.clock.move(seconds=LEASE / 1000)
    at.deliver()
    assert (at.gate.state, at.source.sent) == (State.APPROVED, [])
    with pytest.raises(DamagedError):
        receipt_keys.signer(at.desk, ("k1",), 1)
