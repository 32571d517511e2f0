"""What ends with an authenticator: confirmations, questions; who may end it, who hears of it (S11, attack row 29)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from crashing import Fuse, Fused, Killed

from builders import ROSTER, policy, rule
from desk_world import World
from fakes import code_of, seed_of
from jenkins_mfa.core.model import Act, Factor, State
from jenkins_mfa.core.policy import Policy, Roster
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import enroll, loss
from jenkins_mfa.usecases.acts import Acts
from jenkins_mfa.usecases.acts import NeedsCode as NeedsAct
from jenkins_mfa.usecases.answer import NeedsCode
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.loss import OwnLoss
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.words import alerts, render

PAIR = policy(rule(factor=Factor.PUSH, quorum=2))
ONE = policy(rule(factor=Factor.PUSH))
CODES = policy(rule(quorum=2))


def waiting(rules: Policy = PAIR, *people: str) -> World:
    """A gate that waits; those people have code apps."""
    world = World(rules=rules)
    world.enrol(*people)
    world.open()
    return world


def lost(world: World, person: str = "alice") -> loss.Ended:
    """A later moment, so that what came before is before."""
    world.clock.move(seconds=1)
    return OwnLoss(world.desk).lose(world.who(person))


def refused(code: str, act: object) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act()  # type: ignore[operator]
    assert caught.value.code == code
    return caught.value


def without(world: World, *gone: str) -> None:
    """The roster loses people, as a file that is taken over says it."""
    people = {name: person for name, person in ROSTER.people.items() if name not in gone}
    world.desk.rules.now = Rules(world.desk.policy, Roster(people)).now


def told(world: World) -> list[str]:
    """What was said, to whom."""
    world.deliver(200)
    lines = [(a.to or "ops", alerts.alert(a, None, world.desk.roster)) for a in world.messenger.alerts]
    return [f"{to}: {render.terminal(line[0])}" for to, line in lines]


def events(world: World) -> list[tuple[str, str, str]]:
    entries = [linked.entry for linked in world.store.trail]
    return [
        (e.event, e.actor, str(e.details.get("person", e.details.get("people", ""))))
        for e in entries
        if e.event.startswith("authenticator:") or e.event == "gate:retracted"
    ]


def test_row_29_a_lost_phone_drops_every_confirmation_of_its_owner_even_taps() -> None:
    """S11, attack row 29: at once, on all gates that wait; others' stay."""
    world = waiting(PAIR, "alice")
    world.tap("alice")
    world.source.pauses["ref-2"] = "Mfa-" + "1" * 32
    world.watch.poll()
    second = world.store.gate_of("main", "ref-2")
    assert second is not None
    world.answers.tap(second.jti, world.who("alice"), "two")
    world.answers.tap(second.jti, world.who("carol"), "three")
    ended = lost(world)
    assert {gate.id for gate in ended.gates} == {world.gate.id, second.id}
    assert world.gate.confirmations == ()
    after = world.store.gate(second.id)
    assert after is not None
    assert (after.state, [c.person for c in after.confirmations]) == (State.PENDING, ["carol"])
    world.deliver()
    assert world.source.sent == []
    assert world.messenger.told[-1].confirmations == after.confirmations or world.gate in world.messenger.told


def test_an_approved_gate_waits_again_when_a_phone_is_lost() -> None:
    """Until the proceed has been claimed; then it is too late."""
    world = waiting(ONE)
    world.tap("alice")
    assert world.gate.state is State.APPROVED
    lost(world)
    assert world.gate.state is State.PENDING
    world.deliver()
    assert world.source.receipts == []
    world.tap("bob")
    world.deliver()
    assert world.gate.state is State.RESUMED
    assert lost(world, "bob").gates == ()


def test_row_29_after_a_loss_not_even_a_tap_counts_until_a_new_enrolment() -> None:
    """Attack row 29: the thief has the unlocked Slack; what is suspended never comes back, a new authenticator does."""
    world = waiting(ONE, "alice")
    lost(world)
    refused("locked_out", lambda: world.tap("alice"))
    record = world.store.person("alice")
    assert [a.usable for a in record.authenticators] == [False]
    world.clock.move(seconds=60)
    enroll.enroll(world.desk, "alice", seed_of("alice"), code_of("alice", world.clock), "operator")
    assert world.tap("alice").gate.state is State.APPROVED
    assert [a.usable for a in world.store.person("alice").authenticators] == [False, True]


def test_codes_of_a_lost_phone_are_refused_and_its_open_forms_are_dead() -> None:
    """The challenge that stands on the thief's screen takes nothing any more."""
    world = waiting(CODES, "alice", "bob")
    asked = world.tap("alice")
    assert isinstance(asked, NeedsCode)
    lost(world)
    refused("locked_out", lambda: world.type("alice", asked.challenge_id, code_of("alice", world.clock)))
    assert world.store.person("alice").challenges == ()
    refused("locked_out", lambda: world.tap("alice"))


def test_a_tap_that_comes_in_between_does_not_count_at_the_claim() -> None:
    """The tap's commit knows nothing of the person's record: the last look before the receipt does."""
    world = waiting(ONE)
    world.tap("alice")
    record = world.store.person("alice")
    world.clock.move(seconds=1)
    world.store.put(replace(record, version=1, lost_at=world.clock.now()))
    world.enrol("alice")
    world.deliver()
    assert (world.gate.state, world.source.receipts) == (State.PENDING, [])
    assert world.tap("alice").gate.state is State.APPROVED


def test_a_record_that_cannot_be_read_may_hold_a_loss() -> None:
    """Fail closed: no tap counts on a damaged record."""
    world = waiting(ONE, "alice")
    world.store._records["auth:alice"] = replace(world.store.person("alice"), lost_at=0, failures=1)
    refused("authenticator_damaged", lambda: world.tap("alice"))
    lost(world)
    refused("locked_out", lambda: world.tap("alice"))


def test_a_lost_phone_still_denies() -> None:
    """Deny works at any time: it is the safe direction."""
    world = waiting(ONE)
    lost(world)
    assert world.deny("alice").state is State.DENIED


def test_s11_a_loss_is_told_to_the_person_and_to_ops_and_stands_in_the_trail() -> None:
    """S11: every change is announced and audited, with who did it and why."""
    world = waiting(PAIR, "alice")
    world.messenger.alerts.clear()
    world.tap("alice")
    world.deliver()
    world.messenger.alerts.clear()
    lost(world)
    assert told(world) == [
        (
            "ops: The code app of Alice can no longer be used: suspended by Alice (lost, or perhaps in other hands). "
            "A confirmation on a build that waits does not count any more."
        ),
        (
            "alice: Your code app can no longer be used: suspended by Alice (lost, or perhaps in other hands). "
            "A confirmation on a build that waits does not count any more. "
            "To answer again you need a new address to enrol with: ask an administrator."
        ),
    ]
    assert events(world)[-2:] == [("authenticator:suspended", "alice", "alice"), ("gate:retracted", "agent", "alice")]


def test_a_loss_is_one_step_whenever_the_process_dies() -> None:
    """Person, gates, trail and announcements are written together or not at all."""
    for after in (False, True):
        world = waiting(PAIR, "alice")
        world.tap("alice")
        world.desk = replace(world.desk, store=Fused(world.store, Fuse(1, after=after)))  # type: ignore[arg-type]
        with pytest.raises(Killed):
            lost(world)
        assert (world.gate.confirmations == ()) is after
        assert world.store.person("alice").locked_out is after
        assert (("authenticator:suspended", "alice", "alice") in events(world)) is after


def test_only_the_account_of_a_person_ends_what_is_theirs() -> None:
    """A stranger's account ends nothing."""
    world = waiting(ONE)
    refused("not_in_roster", lambda: OwnLoss(world.desk).lose(Who("chat:T1", "U9")))
    refused("not_in_roster", lambda: OwnLoss(world.desk).lose(Who("chat:T2", "UALICE")))
    refused("not_in_roster", lambda: loss.lose(world.desk, "nobody", "operator:root"))
    assert events(world) == []


def test_s11_revoking_an_authenticator_drops_what_was_confirmed_with_it_alone() -> None:
    """S11: a tap of the same person stays, and so do others' codes."""
    world = waiting(CODES, "alice", "bob")
    world.code("alice")
    used = world.gate.confirmations[0].authenticator
    world.clock.move(seconds=30)
    world.code("bob")
    assert world.gate.state is State.APPROVED
    refused("no_such_authenticator", lambda: loss.revoke(world.desk, "bob", used, "operator:root"))
    ended = loss.revoke(world.desk, "alice", used, "operator:root")
    assert (ended.authenticators, [g.id for g in ended.gates]) == ((used,), [world.gate.id])
    assert (world.gate.state, [c.person for c in world.gate.confirmations]) == (State.PENDING, ["bob"])
    assert told(world)[-2:] == [
        (
            "ops: The code app of Alice was switched off by “operator:root”. "
            "A confirmation on a build that waits does not count any more."
        ),
        (
            "alice: Your code app was switched off by “operator:root”. "
            "A confirmation on a build that waits does not count any more."
        ),
    ]


def test_a_revoked_authenticator_leaves_taps_alone() -> None:
    """They were given without it."""
    world = waiting(PAIR, "alice")
    world.tap("alice")
    loss.revoke(world.desk, "alice", world.store.person("alice").authenticators[0].id, "operator:root")
    assert [c.person for c in world.gate.confirmations] == ["alice"]


def test_a_leaver_takes_their_confirmations_along() -> None:
    """Trap: a leaver can still approve. What they confirmed is dropped and shown, what they have is suspended."""
    world = waiting(PAIR, "alice")
    world.tap("alice")
    world.tap("bob")
    assert world.gate.state is State.APPROVED
    world.messenger.alerts.clear()
    without(world, "alice", "eve")
    assert loss.leave(world.desk) == 1
    assert (world.gate.state, [c.person for c in world.gate.confirmations]) == (State.PENDING, ["bob"])
    assert not any(one.usable for one in world.store.person("alice").authenticators)
    assert told(world)[-1] == (
        "ops: The code app of “alice” (not in the roster) can no longer be used: suspended by jenkins-mfa "
        "(no longer in the roster). A confirmation on a build that waits does not count any more."
    )
    assert world.messenger.told[-1].state is State.PENDING
    before = len(world.store.trail)
    assert loss.leave(world.desk) == 0
    assert len(world.store.trail) == before


def test_who_comes_back_taps_again_and_needs_a_new_authenticator() -> None:
    """The same id may be somebody else by then: no old code counts."""
    world = waiting(ONE, "alice")
    without(world, "alice")
    loss.leave(world.desk)
    without(world)
    assert world.store.person("alice").usable(Factor.TOTP) is None
    assert world.tap("alice").gate.state is State.APPROVED


def test_a_leaver_of_whom_nothing_is_kept_is_no_event() -> None:
    """The trail has the roster's change already."""
    world = waiting(ONE)
    without(world, "alice", "dan")
    assert loss.leave(world.desk) == 0
    assert events(world) == []


def test_an_administrator_calls_anothers_phone_lost_with_a_code() -> None:
    """Somebody who has lost phone and laptop calls a colleague; one account in Slack alone cannot shut others out."""
    world = World(rules=replace(PAIR, administrators=("carol",)))
    world.enrol("alice", "carol")
    world.open()
    world.tap("alice")
    act, acts = Act("lost", "alice"), Acts(world.desk)
    refused("not_administrator", lambda: acts.begin(act, world.who("bob"), "begin"))
    refused("own_loss", lambda: acts.begin(Act("lost", "carol"), world.who("carol"), "own"))
    asked = acts.begin(act, world.who("carol"), "begin")
    assert isinstance(asked, NeedsAct)
    assert world.gate.confirmations != ()
    acts.finish(act, asked.challenge_id, world.who("carol"), code_of("carol", world.clock), "finish")
    assert (world.gate.confirmations, world.store.person("alice").locked_out) == ((), True)
    assert world.store.person("carol").usable(Factor.TOTP) is not None
    entry = next(x.entry for x in reversed(world.store.trail) if x.entry.event == "authenticator:suspended")
    assert (entry.actor, entry.details["factor"], entry.details["reason"]) == ("carol", "totp", "lost")
