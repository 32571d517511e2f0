"""From a decision to its effect: exactly once, whatever is lost on the way, and never without a valid decision."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from builders import NONCE, policy, rule
from desk_world import TAP, World
from fakes import US, FakeSource, code_of, request_text, seed_of
from jenkins_mfa.core import seal
from jenkins_mfa.core.judge import Outcome
from jenkins_mfa.core.model import Authenticator, Claim, Confirmation, Factor, Gate, Run, State, ToldRecord, Trouble
from jenkins_mfa.core.policy import Policy
from jenkins_mfa.errors import (
    MessengerUnavailableError,
    ReceiptError,
    Refusal,
    SourceForbiddenError,
    SourceGoneError,
    SourceUnavailableError,
)
from jenkins_mfa.usecases import deliver, telling
from jenkins_mfa.usecases.claim import LEEWAY, RECEIPT_TTL
from jenkins_mfa.usecases.ports import Abort, Proceed
from jenkins_mfa.usecases.trouble import OPS_AFTER

CODES = policy(rule(factor=Factor.TOTP))


def approved(rules: Policy = TAP, **values: object) -> World:
    world = World(rules=rules, **values)  # type: ignore[arg-type]
    world.enrol("alice", "bob")
    world.open()
    if rules is CODES:
        world.code("alice")
    else:
        world.tap("alice")
    return world


def tamper(world: World, **changes: object) -> None:
    """Whoever can write to the store changes the gate, without a new version."""
    world.store._records[f"gate:{world.gate.id}"] = replace(world.gate, **changes)  # type: ignore[arg-type]


def still_paused(world: World) -> None:
    """Nothing is ever sent for the damaged gate, whatever time brings; ops are told once."""
    for _ in range(3):
        world.deliver()
        world.watch.poll()
        world.expire()
        world.clock.move(seconds=600)
    assert world.source.sent == []
    assert [alert.code for alert in world.messenger.alerts] == ["record_damaged"]


def test_an_approval_resumes_the_run_once_with_a_receipt_that_verifies() -> None:
    """The whole straight line of the use cases."""
    world = approved(CODES)
    world.deliver()
    assert world.gate.state is State.RESUMED
    (token,) = world.source.receipts
    found = world.verified(token)
    assert [(a.id, a.factor) for a in found.approvers] == [("alice", "totp")]
    assert found.jti == world.gate.jti
    assert "493817" not in str(found.request)
    assert world.messenger.told[-1].state is State.RESUMED


def test_s8_the_receipt_is_for_this_run_and_request_only() -> None:
    """S8: the pipeline checks job, build and request digest."""
    world = approved()
    world.deliver()
    (token,) = world.source.receipts
    stored = world.gate
    for change in ({"nonce": "Mfa-" + "9" * 32}, {"request_sha256": "f" * 64}):
        world.store.put(replace(stored, **change))
        with pytest.raises(ReceiptError):
            world.verified(token)
        world.store.put(stored)


def test_an_answer_lost_after_its_effect_is_found_in_the_runs_record() -> None:
    """Trap: answer lost after the effect → second approval, double deploy."""
    world = approved()
    world.source.lose = SourceUnavailableError("the answer was lost")
    world.deliver()
    world.clock.move(seconds=120)
    world.deliver()
    assert world.gate.state is State.RESUMED
    assert len(world.source.receipts) == 1


def test_every_retry_sends_the_same_receipt() -> None:
    """The claim froze its times: a retry signs the same claims."""
    world = approved()
    world.source.answer_error = SourceUnavailableError("away")
    world.deliver()
    assert world.gate.state is State.SENDING
    first = world.gate.claim
    world.clock.move(seconds=100)
    world.source.answer_error = None
    world.deliver()
    assert world.gate.state is State.RESUMED
    assert world.gate.claim == first
    assert world.verified(world.source.receipts[0]).iat == first.iat  # type: ignore[union-attr]


def test_a_claim_lapses_when_its_receipt_can_no_longer_be_used() -> None:
    """`exp` + 30 s have passed and the pause is open: expired, and the run is aborted."""
    world = approved()
    world.source.answer_error = SourceUnavailableError("away")
    world.deliver()
    world.clock.move(seconds=RECEIPT_TTL + LEEWAY + 60)
    world.source.answer_error = None
    world.deliver()
    assert world.gate.state is State.ABORTED
    assert world.source.receipts == []


def test_a_reading_from_before_the_receipt_expired_ends_no_claim() -> None:
    """An agent that was frozen after it had read the run: another one's proceed has arrived since, and the body ran.

    Nobody is to be told that the token is stolen.
    """
    world = approved()
    world.source.answer_error = SourceUnavailableError("away")
    world.deliver()
    world.source.answer_error, read = None, world.source.outcome

    def frozen(run: Run) -> Outcome:
        found = read(run)
        world.source.outcome = read  # type: ignore[method-assign]
        world.clock.move(seconds=RECEIPT_TTL - 60)
        world.source.answer("ref-1", Proceed("the one receipt"))
        world.clock.move(seconds=120)
        return found

    world.clock.move(seconds=10)
    world.source.outcome = frozen  # type: ignore[method-assign]
    for _ in range(3):
        world.deliver()
        world.clock.move(seconds=10)
    assert world.gate.state is State.RESUMED


def test_nobody_answers_and_the_run_is_aborted() -> None:
    """Expired at the deadline by the tick, once."""
    world = World()
    world.open()
    assert world.expire() == 0
    world.clock.move(seconds=1800)
    assert world.expire() == 1
    assert world.expire() == 0
    world.deliver()
    assert world.gate.state is State.ABORTED


def test_an_approval_that_cannot_be_delivered_expires() -> None:
    """Ten minutes after the approval nothing proceeds any more."""
    world = approved()
    world.source.error = SourceUnavailableError("away")
    world.deliver()
    world.clock.move(seconds=600)
    world.expire()
    world.source.error = None
    world.clock.move(seconds=120)
    world.deliver()
    assert world.gate.state is State.ABORTED
    assert world.source.receipts == []


def test_an_administrators_proceed_is_a_bypass_with_an_alert() -> None:
    """T2: seen within two polls, told to people and ops; no receipt exists."""
    world = World()
    world.open()
    world.source.pauses, world.source.settlers = {}, ["admin"]
    world.watch.poll()
    world.watch.poll()
    world.deliver()
    assert world.gate.state is State.BYPASSED
    assert world.gate.ending is not None
    assert world.gate.ending.by == "admin"
    assert [(a.code, a.values["by"]) for a in world.messenger.alerts] == [("bypassed", "admin")]
    assert world.source.receipts == []


def test_a_proceed_under_our_user_that_we_did_not_send_is_a_stolen_token() -> None:
    """T3: the agent's API token can submit the input, but nobody claimed it."""
    world = World()
    world.open()
    world.source.pauses, world.source.settlers = {}, [US]
    world.watch.poll()
    world.watch.poll()
    world.deliver()
    assert world.gate.state is State.BYPASSED
    assert [a.code for a in world.messenger.alerts] == ["token_stolen"]


def test_an_admins_proceed_against_our_own_cannot_be_told_apart_and_is_a_bypass() -> None:
    """Settling is not atomic: with both in the record nobody can say which one decided."""
    world = approved()
    world.source.settlers = ["admin"]
    world.source.lose = SourceUnavailableError("lost")
    real = world.source.outcome

    def race(run: object) -> object:
        found = real(run)  # type: ignore[arg-type]
        return found if world.source.pauses else replace(found, settlers=("admin", "root", US))

    world.source.outcome = race  # type: ignore[assignment,method-assign]
    world.deliver()
    world.clock.move(seconds=60)
    world.deliver()
    assert world.gate.state is State.BYPASSED


def test_a_person_who_settled_another_pause_before_is_no_bypass() -> None:
    """Only the difference to the last look counts."""
    world = World(source=FakeSource(settlers=["dev"]))
    world.open()
    world.tap("alice")
    world.deliver()
    assert world.gate.state is State.RESUMED


def test_a_person_who_settled_another_pause_meanwhile_is_no_bypass() -> None:
    """The same where the gate is denied: nobody is accused of what they did elsewhere in the build."""
    world = World()
    world.open()
    world.source.settlers = ["dev"]
    world.deny("bob")
    world.deliver()
    assert world.gate.state is State.ABORTED
    assert world.messenger.alerts == []


@pytest.mark.parametrize("ended", ["timeout", "aborted", "stopped", "FAILURE"])
def test_who_proceeded_another_pause_while_the_gate_waited_is_no_bypass(ended: str) -> None:
    """Two listings with the same list of settlers and the gate's pause between them: it was another pause's."""
    world = World()
    world.open()
    world.source.settlers = ["dev"]
    world.watch.poll()
    world.watch.poll()
    world.source.pauses, world.source.finished, world.source.ended = {}, True, ended
    world.watch.poll()
    world.watch.poll()
    world.deliver()
    assert world.gate.state is State.WITHDRAWN
    assert world.messenger.alerts == []


def test_who_proceeds_the_gate_is_reported_though_they_are_listed_before_the_pause_is_gone() -> None:
    """A source names who settles a pause before it takes the pause away: one look at that proves nothing."""
    world = World()
    world.open()
    world.source.settlers = ["admin"]
    world.watch.poll()
    world.source.pauses, world.source.finished, world.source.ended = {}, True, "ABORTED"
    world.watch.poll()
    world.watch.poll()
    world.deliver()
    assert world.gate.state is State.BYPASSED
    assert [(alert.code, alert.values["by"]) for alert in world.messenger.alerts] == [("bypassed", "admin")]


def test_a_run_interrupted_just_after_a_proceed_that_may_be_another_pauses_accuses_nobody() -> None:
    """Jenkins does not tell which pause it was: that is what ops read."""
    world = World()
    world.open()
    world.source.settlers, world.source.pauses = ["dev"], {}
    world.source.finished, world.source.ended = True, "timeout"
    world.watch.poll()
    world.watch.poll()
    world.deliver()
    assert (world.gate.state, world.gate.ending and world.gate.ending.code) == (State.WITHDRAWN, "unclear")
    assert [(alert.code, alert.values["by"]) for alert in world.messenger.alerts] == [("ended_unclear", "dev")]


def test_our_own_proceed_that_is_under_way_is_not_taken_for_another_pauses() -> None:
    """Listed twice while it settles: it is still ours once the pause is gone."""
    world = approved()
    real = world.source.answer

    def settling(ref: str, answer: object) -> None:
        real(ref, answer)  # type: ignore[arg-type]
        world.source.pauses[ref] = NONCE

    world.source.answer = settling  # type: ignore[method-assign]
    world.deliver(1)
    world.deliver(1)
    for _ in range(3):
        world.watch.poll()
    assert world.store.run(world.gate.run.key).settlers == ()
    world.source.pauses = {}
    world.watch.poll()
    world.watch.poll()
    assert world.gate.state is State.RESUMED


def test_a_proceed_that_is_still_settling_is_ours_when_it_is_done() -> None:
    """Jenkins writes down who settled a pause before it takes the pause away; a look in between changes nothing."""
    world = approved()
    real = world.source.answer

    def settling(ref: str, answer: Proceed | Abort) -> None:
        real(ref, answer)
        world.source.pauses[ref] = NONCE

    world.source.answer = settling  # type: ignore[method-assign]
    world.deliver(1)
    world.deliver(1)
    assert (world.gate.state, world.source.settlers) == (State.SENDING, [US])
    world.source.answer = lambda *_: None  # type: ignore[assignment,method-assign]
    world.clock.move(seconds=60)
    world.deliver()
    world.source.pauses = {}
    world.clock.move(seconds=60)
    world.deliver()
    assert world.gate.state is State.RESUMED


# -- T8: whoever can write to the store -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"request_text": request_text(message="Deploy evil").decode()},
        {"request_sha256": "e" * 64},
        {"nonce": "Mfa-" + "e" * 32},
        {"kids": ("k1", "k2")},
        {"first_deadline": 9_999_999_999_999},
    ],
)
def test_s19_a_gate_changed_in_the_store_gets_no_receipt(change: dict[str, object]) -> None:
    """S19: gates carry a seal, checked whenever one is read; the build stays paused, and ops are told once."""
    world = approved()
    tamper(world, **change)
    still_paused(world)


def test_s19_a_weakened_requirement_in_the_store_gets_no_receipt() -> None:
    """The quorum is counted again on the sealed requirement."""
    world = World(rules=policy(rule(factor=Factor.PUSH, quorum=2)))
    world.open()
    world.tap("alice")
    assert world.gate.requirement is not None
    weak = replace(world.gate.requirement, clauses=(replace(world.gate.requirement.clauses[0], count=1),))
    key = world.gate.run.key
    tamper(world, requirement=weak, state=State.APPROVED)
    world.store._note(f"answer:{key}")
    still_paused(world)


def test_s19_a_confirmation_written_into_the_store_gets_no_receipt() -> None:
    """T8: confirmations are sealed with their gate."""
    world = World()
    world.open()
    forged = Confirmation("alice", Factor.PUSH, world.clock.now(), "chat:T1/UALICE", "forged")
    key = world.gate.run.key
    tamper(world, confirmations=(forged,), state=State.APPROVED)
    world.store._note(f"answer:{key}")
    still_paused(world)


def test_a_confirmation_copied_from_another_gate_gets_no_receipt() -> None:
    """Bound to gate and request."""
    world = World(source=FakeSource(pauses={"ref-1": NONCE, "ref-2": "Mfa-" + "1" * 32}))
    world.open()
    second = world.store.gate_of("main", "ref-2")
    assert second is not None
    world.answers.tap(second.jti, world.who("alice"), "tap")
    stolen = world.store.gate(second.id)
    assert stolen is not None
    tamper(world, confirmations=stolen.confirmations, state=State.APPROVED)
    world.deliver()
    assert not any(isinstance(answer, Proceed) for ref, answer in world.source.sent if ref == "ref-1")


def test_row_39_an_older_copy_put_back_gets_no_receipt() -> None:
    """The gate's last audit event must name the same version: a denial cannot be undone by restoring the record."""
    world = approved()
    old: Gate = world.gate
    world.deny("bob")
    world.store.put(old)
    world.deliver()
    assert world.source.receipts == []
    assert world.gate.state is not State.RESUMED
    assert [alert.code for alert in world.messenger.alerts] == ["seal_broken"]


def test_an_approval_that_was_taken_back_is_not_put_back() -> None:
    """The older record has its seal, and no denial stands against it: the trail's last word does."""
    world = approved()
    old: Gate = world.gate
    world.messenger.away = {"alice"}
    world.deliver()
    assert world.gate.state is State.PENDING
    world.messenger.away = set()
    world.store.put(old)
    world.store._note(f"answer:{old.run.key}")
    world.deliver()
    assert world.source.receipts == []
    assert [alert.code for alert in world.messenger.alerts] == ["seal_broken"]


def test_a_claim_written_into_the_store_gets_no_receipt() -> None:
    """T8: a gate put into sending, with a claim that names nobody, is no way around the quorum."""
    world = World()
    gate = world.open()
    world.deliver()
    iat = world.clock.now() // 1000
    tamper(world, state=State.SENDING, claim=Claim(iat, iat + RECEIPT_TTL, (), 1, "0" * 64))
    world.store._note(f"answer:{gate.run.key}")
    still_paused(world)


def test_a_longer_claim_in_the_store_gets_no_receipt() -> None:
    """T8: a receipt's times stay those of the claim."""
    world = approved()
    world.source.answer_error = SourceUnavailableError("away")
    world.deliver()
    assert world.gate.claim is not None
    tamper(world, claim=replace(world.gate.claim, exp=world.gate.claim.exp + 60))
    world.source.answer_error = None
    world.clock.move(seconds=60)
    still_paused(world)


@pytest.mark.parametrize("ended", ["denied", "expired"])
def test_a_decision_turned_round_in_the_store_gets_no_receipt(ended: str) -> None:
    """T8: what was approved once, and then denied or expired, cannot be made approved again by editing it."""
    world = approved()
    if ended == "denied":
        world.deny("bob")
    else:
        world.clock.move(seconds=600)
        world.expire()
    tamper(world, state=State.APPROVED, denial=None, deadline=world.clock.now() + 600_000)
    still_paused(world)


def test_nobody_is_asked_with_facts_that_were_changed_in_the_store() -> None:
    """T8: what is shown is what is signed; facts are shown, so they are sealed."""
    world = World()
    gate = world.open()
    tamper(world, facts=replace(gate.facts, branch="release"))
    with pytest.raises(Refusal) as caught:
        world.answers.tap(gate.jti, world.who("alice"), "tap")
    assert caught.value.code == "seal_broken"
    still_paused(world)
    assert world.messenger.told == []


def test_a_denial_lifted_from_a_runs_record_denies_the_run() -> None:
    """T8: whoever edits what is kept for a run ends it: what it asks next is denied at opening."""
    world = World()
    world.open()
    world.deny("bob")
    world.store._records[f"run:{world.gate.run.key}"] = replace(world.store.run(world.gate.run.key), denial=None)
    world.source.pauses["ref-2"] = "Mfa-" + "2" * 32
    world.watch.poll()
    second = world.store.gate_of("main", "ref-2")
    assert second is not None
    assert (second.state, second.denial and second.denial.reason) == (State.DENIED, "seal_broken")
    world.deliver()
    assert "record_damaged" in [alert.code for alert in world.messenger.alerts]


def test_an_approved_gate_of_a_run_whose_record_was_changed_is_denied() -> None:
    """The claim asks for the run's record, too."""
    world = approved()
    key = f"run:{world.gate.run.key}"
    world.store._records[key] = replace(world.store.run(world.gate.run.key), settlers=("admin",))
    world.deliver()
    assert world.source.receipts == []
    assert world.gate.state is State.ABORTED
    assert [alert.code for alert in world.messenger.alerts] == ["record_damaged", "seal_broken"]


@pytest.mark.parametrize(
    "change",
    [{"failures": 0}, {"wait_until": 0}, {"last_step": 0}, {"revoked_at": 0}],
    ids=lambda change: next(iter(change)),
)
def test_no_code_counts_of_a_person_whose_record_was_changed(change: dict[str, int]) -> None:
    """T8: throttle, burnt steps and revocations hold; only an enrolment at the agent's host ends it."""
    world = World(rules=CODES)
    world.enrol("alice")
    world.open()
    record = world.store.person("alice")
    (own,) = record.authenticators
    kept = replace(record, failures=3, wait_until=1, authenticators=(replace(own, revoked_at=7),))
    world.store.put(kept)
    if set(change) <= {"last_step", "revoked_at"}:
        changed = replace(kept, authenticators=(replace(kept.authenticators[0], **change),))
    else:
        changed = replace(kept, **change)
    world.store._records["auth:alice"] = changed
    with pytest.raises(Refusal) as caught:
        world.code("alice")
    assert caught.value.code == "authenticator_damaged"
    world.deliver()
    damaged = [alert for alert in world.messenger.alerts if alert.code == "record_damaged"]
    assert [alert.values["record"] for alert in damaged] == ["auth:alice"]
    world.enrol("alice")
    assert world.code("alice").gate.state is State.APPROVED


def test_a_confirmation_by_a_code_no_longer_counts_once_its_person_is_damaged() -> None:
    """S11 fails closed: nobody can tell whether the authenticator was revoked since."""
    world = approved(CODES)
    world.store._records["auth:alice"] = replace(world.store.person("alice"), failures=9)
    world.deliver()
    assert (world.gate.state, world.gate.confirmations) == (State.PENDING, ())


def test_row_38_a_sealed_seed_moved_to_another_person_is_refused() -> None:
    """S19: the seal names person and authenticator; an attacker's own seed does not open as alice's."""
    world = World(rules=CODES)
    world.enrol("bob")
    world.open()
    stolen = world.store.person("bob").authenticators[0]
    record = world.store.person("alice")
    world.store.put(replace(record, authenticators=(stolen,)))
    with pytest.raises(Refusal) as caught:
        world.code("alice", code_of("bob", world.clock))
    assert caught.value.code == "authenticator_damaged"


def test_row_38_a_seed_sealed_by_somebody_else_is_refused() -> None:
    """An unknown kid, or our kid with another key: damaged, never "no factor"."""
    world = World(rules=CODES)
    world.open()
    for kid in ("v1", "v9"):
        ring = seal.KeyRing(((kid, b"x" * 32),))
        place = {"person": "alice", "authenticator": "a_1", "kind": "totp"}
        sealed = seal.seal(seed_of("alice").encode(), keys=ring, nonce=b"n" * 12, **place)
        record = replace(
            world.store.person("alice"), authenticators=(Authenticator("a_1", Factor.TOTP, sealed, since=0),)
        )
        world.store.put(record)
        with pytest.raises(Refusal) as caught:
            world.code("alice")
        assert caught.value.code == "authenticator_damaged"


def test_a_lane_that_nobody_thought_of_does_not_end_the_deliverer() -> None:
    """A source left the configuration while its gate was open: that lane waits, all others are delivered."""
    world = approved()
    sources = dict(world.desk.sources)
    world.desk.sources.clear()  # type: ignore[attr-defined]
    world.deliver()
    assert world.messenger.told[-1].state is State.APPROVED
    world.desk.sources.update(sources)  # type: ignore[attr-defined]
    world.clock.move(seconds=60)
    world.deliver()
    assert world.gate.state is State.RESUMED


# -- told while it fails ----------------------------------------------------------------------------------------------


def shown(world: World) -> list[tuple[str, str]]:
    """What people saw so far: each state, and the reason of a trouble with it."""
    seen = zip(world.messenger.told, world.messenger.troubles, strict=True)
    return [(gate.state.value, trouble.reason if trouble else "") for gate, trouble in seen]


def test_an_answer_that_fails_is_told_once_for_each_reason_and_again_when_it_is_done() -> None:
    """Many tries, three messages: when it began to fail, when the reason changed, when the run went on."""
    world = approved()
    world.source.error = SourceUnavailableError("away", code="503")
    for _ in range(5):
        world.deliver()
        world.clock.move(seconds=10)
    world.source.error = SourceForbiddenError("403")
    for _ in range(2):
        world.deliver()
        world.clock.move(seconds=61)
    assert shown(world)[-2:] == [("approved", "503"), ("approved", "forbidden")]
    assert [pair for pair in shown(world) if pair[1]] == shown(world)[-2:]
    assert world.messenger.troubles[-1] is not None
    world.source.error = None
    world.deliver()
    assert shown(world)[-1] == ("resumed", "")


def test_an_answer_that_was_not_taken_is_brought_as_soon_as_the_source_lists_again() -> None:
    """However long the pause between two tries has become while it was away."""
    world = approved()
    world.source.error = SourceUnavailableError("away")
    with pytest.raises(SourceUnavailableError):
        world.watch.poll()
    for _ in range(8):
        world.clock.move(seconds=60)
        world.deliver()
    world.source.error = None
    world.deliver()
    assert world.source.sent == []
    world.watch.poll()
    world.deliver()
    assert world.gate.state is State.RESUMED


def test_an_abort_that_fails_is_told_too() -> None:
    """A denied build that still waits is nobody's surprise."""
    world = World()
    world.open()
    world.source.answer_error = SourceUnavailableError("away")
    world.deny("bob")
    world.deliver()
    assert shown(world)[-1] == ("denied", "unreachable")
    world.source.answer_error = None
    world.clock.move(seconds=60)
    world.deliver()
    assert shown(world)[-1] == ("aborted", "")


def test_ops_are_told_once_of_what_lasts_a_minute() -> None:
    """Not of a restart of Jenkins, and not at each try."""
    world = approved()
    world.source.error = SourceUnavailableError("away", code="503")
    for count in range(12):
        world.deliver()
        told = [(alert.code, alert.values["reason"]) for alert in world.messenger.alerts]
        assert told == ([("undelivered", "503")] if count * 20_000 >= OPS_AFTER else [])
        world.store.lanes[f"answer:{world.gate.run.key}"].due = 0
        world.clock.move(seconds=20)


def test_ops_are_not_told_while_a_source_loads_its_runs_after_an_outage() -> None:
    """Its builds may have gone on already; what still fails afterwards is told."""
    world = approved()
    world.source.error = SourceUnavailableError("away")
    world.deliver()
    world.clock.move(seconds=OPS_AFTER / 1000)
    world.source.error = SourceUnavailableError("just started", 20, code="starting")
    world.deliver()
    assert world.messenger.alerts == []
    world.clock.move(seconds=20)
    world.source.error = SourceUnavailableError("away")
    world.deliver()
    assert [alert.code for alert in world.messenger.alerts] == ["undelivered"]


def test_a_run_that_is_not_there_is_called_that() -> None:
    """Not something unforeseen: its job was moved or deleted, or Jenkins has not loaded it."""
    world = approved()
    world.source.error = SourceGoneError("the run is not visible")
    world.deliver()
    assert shown(world)[-1] == ("approved", "gone")


def test_what_messages_cannot_show_whole_is_told_to_ops_once_and_later_states_are_shown() -> None:
    """The lane is not given up: the record says what people see, and the next state is told."""
    world = World()
    real = world.messenger.tell

    def short(*given: object) -> ToldRecord:
        return replace(real(*given), refused="too long")  # type: ignore[arg-type]

    world.messenger.tell = short  # type: ignore[method-assign]
    world.open()
    world.deliver()
    world.tap("alice")
    world.deliver()
    assert [alert.code for alert in world.messenger.alerts] == ["unshown"]
    assert shown(world)[-1] == ("resumed", "")


# -- at the claim -----------------------------------------------------------------------------------------------------


def test_an_approval_found_after_its_time_is_not_delivered() -> None:
    """The agent was away for hours: deliveries start before the tick, and the deadline holds all the same."""
    world = approved()
    world.clock.move(seconds=600)
    world.deliver()
    assert world.source.receipts == []
    assert world.gate.state is State.ABORTED


def test_who_was_deactivated_since_no_longer_counts_at_the_claim() -> None:
    """Eligible at opening, at the answer and at the claim; below quorum the gate waits again."""
    world = approved()
    world.messenger.away = {"alice"}
    world.deliver()
    assert world.gate.state is State.PENDING
    assert world.gate.confirmations == ()
    world.messenger.away = set()
    world.tap("bob")
    world.deliver()
    assert world.gate.state is State.RESUMED


def test_s11_a_code_of_an_authenticator_revoked_since_no_longer_counts() -> None:
    """S11: whoever stole the phone has confirmed, and is stopped before the answer is on its way: the last look finds
    it even where the revocation was committed beside the confirmation, and knew nothing of it.
    """
    world = approved(CODES)
    record = world.store.person("alice")
    (own,) = record.authenticators
    world.store.put(replace(record, authenticators=(replace(own, revoked_at=world.clock.now()),)))
    world.deliver()
    assert world.source.receipts == []
    assert (world.gate.state, world.gate.confirmations) == (State.PENDING, ())


def test_accounts_that_cannot_be_looked_at_hold_the_delivery_back() -> None:
    """Fail closed: nothing proceeds until Slack tells."""
    world = approved()
    world.messenger.error = MessengerUnavailableError("away")
    world.deliver()
    assert world.source.receipts == []
    world.messenger.error = None
    world.clock.move(seconds=60)
    world.deliver()
    assert world.gate.state is State.RESUMED


def test_a_caught_abort_is_an_alert() -> None:
    """The build goes on although Jenkins took the abort: its Pipeline caught it."""
    world = World()
    world.open()
    world.deny("bob")
    world.source.finished = False
    real = world.source.answer

    def caught(ref: str, answer: object) -> None:
        real(ref, answer)  # type: ignore[arg-type]
        world.source.finished, world.source.ended = False, ""

    world.source.answer = caught  # type: ignore[assignment,method-assign]
    world.deliver()
    assert world.gate.state is State.ABORTED
    assert world.messenger.alerts == []
    for _ in range(15):
        world.clock.move(seconds=6)
        world.deliver()
    assert [alert.code for alert in world.messenger.alerts] == ["abort_caught"]


@pytest.mark.parametrize("well", [False, True])
def test_a_caught_abort_is_an_alert_although_the_build_has_ended(well: bool) -> None:
    """A build that ended well was not held by its abort, however fast it was; any other end is what was asked for."""
    world = World()
    world.open()
    world.deny("bob")
    real = world.source.answer

    def caught(ref: str, answer: object) -> None:
        real(ref, answer)  # type: ignore[arg-type]
        world.source.finished, world.source.well = True, well

    world.source.answer = caught  # type: ignore[assignment,method-assign]
    world.deliver()
    world.deliver()
    assert world.gate.state is State.ABORTED
    assert [alert.code for alert in world.messenger.alerts] == ["abort_outrun"] * well


def test_a_receipt_key_that_ended_since_denies_the_gate_for_what_it_is() -> None:
    """Not as tampering: the build knows only keys that have ended."""
    world = approved()
    keys = replace(world.desk.keys, signing=(replace(world.desk.keys.signing[0], not_after=0),))
    world.desk = replace(world.desk, keys=keys)
    world.deliver()
    assert world.gate.state is State.ABORTED
    assert world.gate.denial is not None
    assert world.gate.denial.reason == "key_ended"
    assert world.source.receipts == []


def test_what_a_slow_replica_shows_late_is_put_right() -> None:
    """It was frozen with an older state in its hands, and its lease has ended: the newest state is told once more."""
    world = World()
    tell = world.messenger.tell

    def frozen(gate: Gate, told: ToldRecord, others: int, trouble: Trouble | None) -> ToldRecord:
        world.messenger.tell = tell  # type: ignore[method-assign]
        world.clock.move(seconds=deliver.LEASE / 1000 + 1)
        world.tap("alice")
        world.deliver()
        return tell(gate, told, others, trouble)

    world.messenger.tell = frozen  # type: ignore[method-assign]
    world.open()
    world.deliver()
    world.clock.move(seconds=1)
    world.deliver()
    shown = [gate.state for gate in world.messenger.told]
    assert (State.RESUMED in shown[:-2], shown[-2:]) == (True, [State.PENDING, State.RESUMED])
    assert not world.store.told(world.gate.id).stale


def test_nothing_is_asked_of_the_store_between_a_post_and_keeping_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is away just then would lose the message's place, and the message would be posted again."""
    world = World()
    world.open()
    asked: list[str] = []
    real = world.messenger.tell

    def tell(*given: Any) -> ToldRecord:
        after = real(*given)
        for name in ("beats", "gate", "told", "run", "holds", "floods", "person", "open_gates"):
            monkeypatch.setattr(world.store, name, lambda *_, name=name: asked.append(name))
        return after

    world.messenger.tell = tell  # type: ignore[method-assign]
    due = next(name for name in world.store.lanes if name.startswith("tell:"))
    telling.tell(world.desk, due.removeprefix("tell:"))
    assert asked == []
