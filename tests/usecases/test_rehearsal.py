"""Tests of the way from people to a receipt: they use the real use cases, and let nothing pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import policy, rule
from desk_world import World
from fakes import KEYS
from jenkins_mfa.core import receipt, receipt_pass
from jenkins_mfa.core.consumers import Consumer
from jenkins_mfa.core.model import Factor, Gate, State
from jenkins_mfa.core.policy import Globs
from jenkins_mfa.core.receipt import RefusedReceipt
from jenkins_mfa.core.receipt_pass import Expected
from jenkins_mfa.errors import SourceForbiddenError
from jenkins_mfa.scenario import Scenario
from jenkins_mfa.usecases import deliver, rehearsal, replay, revoke, tick, tighten
from jenkins_mfa.usecases.ports import Proceed
from jenkins_mfa.usecases.rehearsal import Rehearsals

PINNED = {"k1": ("EdDSA", KEYS.signing[0].public)}


class Stage:
    """A desk that knows tests of the source `main`, and what proceeds they got."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.source = Rehearsals("main", world.store, KEYS)
        self.desk = replace(world.desk, rehearsals={self.source.id: self.source})
        world.desk = self.desk
        self.receipts: list[str] = []
        answer = self.source.answer

        def noted(ref: str, given: object) -> None:
            if isinstance(given, Proceed):
                self.receipts.append(given.receipt)
            answer(ref, given)  # type: ignore[arg-type]

        self.source.answer = noted  # type: ignore[method-assign]

    def begin(self, pipeline: str = "team one/deploy", ttl: int = 300) -> Gate:
        """A test, begun by an operator."""
        scene = Scenario("main", pipeline, triggers=("schedule",), environment="production", at=self.world.store.now())
        facts, claims, _ = scene.asked(self.desk.policy, self.desk.roster)
        gate, number = rehearsal.begin(
            self.desk, self.source, facts, replace(claims, message="A test."), ttl, "operator:x"
        )
        assert len(number) == 6
        return gate

    def now(self, gate: Gate) -> Gate:
        """The gate as it stands."""
        found = self.world.store.gate(gate.id)
        assert found is not None
        return found


@pytest.fixture
def stage() -> Stage:
    return Stage(World())


def test_a_test_goes_from_its_opening_to_a_verified_receipt(stage: Stage) -> None:
    """The policy of the job that is tried, a person's tap, the agent's own delivery."""
    gate = stage.begin()
    assert (gate.state, gate.run.source, gate.run.test) == (State.PENDING, "test.main", True)
    stage.world.answers.tap(gate.jti, stage.world.who("alice"), "tap")
    stage.world.deliver()
    assert stage.now(gate).state is State.RESUMED
    assert len(stage.receipts) == 1
    assert stage.world.source.sent == []


def test_rules_that_ask_for_a_source_hold_for_its_tests() -> None:
    """`source = "main"` means tests of it, too."""
    rules = policy(rule(factor=Factor.PUSH, source="main"), rule("other", factor=Factor.TOTP, source="b"))
    stage = Stage(World(rules=rules))
    gate = stage.begin()
    assert gate.requirement is not None
    assert gate.requirement.rules == ("production",)


def test_no_build_and_no_consumer_takes_the_receipt_of_a_test(stage: Stage) -> None:
    """It names a source that nobody can configure: the library of `main` refuses it, and so does a consumer."""
    gate = stage.begin()
    stage.world.answers.tap(gate.jti, stage.world.who("alice"), "tap")
    stage.world.deliver()
    (token,) = stage.receipts
    with pytest.raises(RefusedReceipt) as refused:
        receipt.verify(
            token,
            keys=PINNED,
            issuer="mfa:test",
            source="main",
            pipeline=gate.run.pipeline,
            run_id=gate.run.id,
            nonce=gate.nonce,
            request_sha256=gate.request_sha256,
            now=stage.world.store.now() // 1000,
        )
    assert refused.value.reason == "source"
    found = receipt_pass.opened(token, keys=PINNED, issuer="mfa:test")
    assert not Consumer("all", "", ("main",), Globs(("*",)), ("production",)).guards(found)
    with pytest.raises(RefusedReceipt, match="is of a test, and lets nothing pass"):
        receipt_pass.check(found, Expected())


def test_a_receipt_that_the_library_would_refuse_lets_a_test_wait(stage: Stage) -> None:
    """The reason is told, and holds no part of the receipt."""
    gate, other = stage.begin(), stage.begin("web")
    stage.world.answers.tap(gate.jti, stage.world.who("alice"), "tap")
    stage.world.deliver()
    (token,) = stage.receipts
    with pytest.raises(SourceForbiddenError, match="the receipt is for another build") as refused:
        stage.source.answer(other.external_ref, Proceed(token))
    assert token not in str(refused.value)
    assert stage.source.outcome(other.run).open_refs == {other.external_ref}


def test_another_agent_may_deliver_the_answer_of_a_test(stage: Stage) -> None:
    """It has nothing but the store: all that the source must know stands in the gate."""
    gate = stage.begin()
    stage.world.answers.tap(gate.jti, stage.world.who("alice"), "tap")
    elsewhere = Stage(World(clock=stage.world.clock, store=stage.world.store))
    elsewhere.world.deliver()
    assert stage.now(gate).state is State.RESUMED
    assert (len(stage.receipts), len(elsewhere.receipts)) == (0, 1)


def test_a_test_that_nobody_answers_ends_by_itself(stage: Stage) -> None:
    """Also where whoever began it is gone."""
    gate = stage.begin(ttl=60)
    stage.world.clock.move(seconds=60)
    tick.tick(stage.desk, stage.desk.store.due_gates(stage.desk.store.now()))
    stage.world.deliver()
    assert stage.now(gate).state is State.ABORTED


def test_a_stopped_test_asks_nobody_any_more_and_alerts_nobody(stage: Stage) -> None:
    """Its end is in the trail; stopping it again changes nothing."""
    gate = stage.begin()
    stage.world.deliver()
    rehearsal.stop(stage.desk, gate.id)
    rehearsal.stop(stage.desk, gate.id)
    stage.world.deliver()
    ended = stage.now(gate)
    assert ended.state is State.ABORTED
    assert ended.denial is not None
    assert ended.denial.reason == "test_stopped"
    assert stage.world.messenger.alerts == []


def test_the_trail_says_who_began_a_test_and_that_it_is_one(stage: Stage) -> None:
    """Each of its events names a source of tests."""
    gate = stage.begin()
    entries = [linked.entry for linked in stage.world.store.audit_events()]
    begun = entries[0]
    assert (begun.event, begun.actor, begun.source) == ("test:begun", "operator:x", "test.main")
    assert {entry.source for entry in entries} == {"test.main"}
    assert begun.run == gate.run.key


def test_a_policy_that_is_taken_over_adds_nothing_to_a_test(stage: Stage) -> None:
    """It asks for what it was begun with; a gate of a build takes more on."""
    gate, real = stage.begin(), stage.world.open()
    rules = stage.desk.rules
    rules.now = replace(rules.now, policy=policy(rule(factor=Factor.TOTP, quorum=2)))
    assert not tighten.tighten(stage.desk, gate.id)
    assert tighten.tighten(stage.desk, real.id)


def test_a_revoked_key_leads_to_no_test(stage: Stage) -> None:
    """Nothing went on by its receipt, so nobody has to look at it."""
    gate = stage.begin()
    stage.world.answers.tap(gate.jti, stage.world.who("alice"), "tap")
    stage.world.deliver()
    assert stage.now(gate).claim is not None
    assert revoke.concerned(stage.desk, "k1") == ([], [])


def test_a_policy_diff_leaves_tests_out(stage: Stage) -> None:
    """They would be asked by options that somebody chose."""
    gate = stage.begin()
    assert replay.replay([gate], stage.desk.policy, stage.desk.policy, stage.desk.roster, 0).gates == 0


def test_whichever_agent_looks_after_an_abort_finds_the_test_over(stage: Stage) -> None:
    """One that has not delivered it itself would tell ops that the run had caught the abort."""
    gate = stage.begin()
    stage.world.answers.deny(gate.jti, stage.world.who("alice"), "only a test", False, "deny")
    due = stage.world.store.claim_lane(deliver.LEASE, frozenset({"tell", "note", "supersede", "ended"}))
    assert due is not None
    deliver.deliver(stage.desk, due)
    assert stage.now(gate).state is State.ABORTED
    elsewhere = Stage(World(clock=stage.world.clock, store=stage.world.store))
    for _ in range(20):
        stage.world.clock.move(seconds=5)
        elsewhere.world.deliver()
    assert elsewhere.world.messenger.alerts == []
