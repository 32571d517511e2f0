"""Reported requesters are held, and of one requester few gates are asked at a time (attack table, row 32)."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from builders import facts, nonce, policy, rule
from desk_world import World
from fakes import FakeSource, code_of, desk, request_text
from jenkins_mfa.core import holds as core
from jenkins_mfa.core.model import Act, Factor, Facts, Gate, Hold, HoldsRecord, Run, Starter, State, Trigger
from jenkins_mfa.core.policy import Policy
from jenkins_mfa.errors import Refusal, StoreConflictError
from jenkins_mfa.usecases import acts, holds
from jenkins_mfa.usecases.answer import Answers
from jenkins_mfa.usecases.break_glass import BreakGlass
from jenkins_mfa.usecases.desk import Desk, decide
from jenkins_mfa.usecases.ports import Opened, Paused
from jenkins_mfa.usecases.watch import Watch
from jenkins_mfa.wiring import SystemRandomness
from memory_store import MemoryStore

TAP = policy(rule(factor=Factor.PUSH))
GLASS = rule("glass", factor=Factor.TOTP, approvers=("alice", "bob"), quorum=2, break_glass=True, review_by=("carol",))
ADMINS = replace(policy(rule(factor=Factor.PUSH), GLASS), administrators=("alice", "dan"))
PASSES = policy(rule("nightly", passes=True))


class Crowd(FakeSource):
    """A source in which any number of people start builds: `start` pauses one more."""

    def __init__(self) -> None:
        super().__init__(pauses={})
        self.runs: dict[str, Facts] = {}

    def start(self, *starters: str | None, subject: str = "", pipeline: str = "web") -> str:
        ref = f"ref-{len(self.runs) + 1}"
        run = Run("main", "ci", pipeline, str(len(self.runs) + 1), 1, "https://ci.example.com/job/web/1/")
        named = tuple(Starter(Trigger.PERSON, one, one) for one in starters if one)
        unknown = (Starter(Trigger.PERSON, subject),) if subject else ()
        none = () if starters or subject else (Starter(Trigger.SCHEDULE),)
        self.runs[ref] = facts(run=run, starters=(*named, *unknown, *none))
        self.pauses[ref] = "Mfa-" + f"{len(self.runs):032x}"
        return ref

    def pending(self) -> list[Paused]:
        return [Paused(ref, nonce, self.runs[ref].run) for ref, nonce in self.pauses.items()]

    def facts(self, paused: Paused) -> Opened:
        run = self.runs[paused.ref].run
        number = f"{int(run.id):06}"
        return Opened(request_text(number=number, run={"pipeline": run.pipeline, "id": run.id}), self.runs[paused.ref])


def world(rules: Policy = TAP, **values: object) -> World:
    made = World(rules=rules, source=Crowd(), **values)  # type: ignore[arg-type]
    made.enrol("alice", "bob", "carol")
    return made


def start(made: World, *starters: str, count: int = 1, **more: str) -> list[Gate]:
    """Builds of these people pause, one poll each; their gates as they opened."""
    refs = []
    for _ in range(count):
        refs.append(made.source.start(*starters, **more))  # type: ignore[attr-defined]
        made.watch.poll()
    return [gate_of(made, ref) for ref in refs]


def gate_of(made: World, ref: str) -> Gate:
    found = made.store.gate_of("main", ref)
    assert found is not None
    return found


def now_of(made: World, gate: Gate) -> Gate:
    found = made.store.gate(gate.id)
    assert found is not None
    return found


def report(made: World, gate: Gate, by: str = "bob") -> Gate:
    return made.answers.deny(gate.jti, made.who(by), "I did not expect this", True, f"report-{gate.id}")


def release(made: World, target: str = "dan", by: str = "operator") -> None:
    decide(lambda: made.store.commit(holds.release(made.desk, target, by, f"release-{target}", made.store.now())))


def refused(code: str, act) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code


def tap(made: World, gate: Gate, by: str = "alice") -> Gate:
    made.numbers += 1
    made.answers.tap(gate.jti, made.who(by), f"tap-{made.numbers}")
    return now_of(made, gate)


# -- reported ---------------------------------------------------------------------------------------------------------


def test_row_32_deny_and_report_holds_the_requesters_other_gates() -> None:
    """In the same commit: those that are asked now; those that open later are never asked."""
    made = world()
    first, second, other = *start(made, "dan", count=2), *start(made, "eve")
    denied = report(made, first)
    assert (denied.state, denied.denial.report) == (State.DENIED, True)  # type: ignore[union-attr]
    held = now_of(made, second).held
    assert held is not None
    assert (held.why, held.requester, held.by) == (core.REPORTED, "dan", "bob")
    (later,) = start(made, "dan")
    assert later.held is not None
    assert (later.state, later.held.why) == (State.PENDING, core.REPORTED)
    assert now_of(made, other).held is None
    events = [entry.event for gate in (first, second, later) for entry in made.store.entries(gate.jti)]
    assert events == [
        *("gate:opened", "gate:denied", "requester:held"),
        *("gate:opened", "gate:held"),
        *("gate:opened", "gate:held"),
    ]


def test_row_32_no_confirmation_of_a_held_gate_counts() -> None:
    """Neither a tap, nor one whose form was open already; it may be denied."""
    made = world(policy(rule(factor=Factor.PUSH_NUMBER)))
    first, second = start(made, "dan", count=2)
    form = made.answers.tap(second.jti, made.who("alice"), "tap")
    report(made, first)
    refused("held", lambda: made.answers.tap(second.jti, made.who("alice"), "again"))
    refused("held", lambda: made.answers.number(second.jti, form.challenge_id, made.who("alice"), "000002", "f"))
    assert now_of(made, second).confirmations == ()
    assert made.answers.deny(second.jti, made.who("alice"), "no", False, "deny").state is State.DENIED


def test_a_held_gate_expires_as_any_other() -> None:
    """And its build is aborted."""
    made = world()
    first, second = start(made, "dan", count=2)
    report(made, first)
    made.clock.move(seconds=1800)
    made.expire()
    made.deliver(60)
    assert now_of(made, second).state is State.ABORTED


def test_after_a_release_held_gates_are_asked() -> None:
    """They keep what was confirmed before; whoever releases is in the trail, and ops are told."""
    made = world(policy(rule(factor=Factor.PUSH, quorum=2)))
    first, second = start(made, "dan", count=2)
    tap(made, second, "carol")
    report(made, first)
    release(made)
    after = now_of(made, second)
    assert (after.held, after.released_at, len(after.confirmations)) == (None, made.clock.now(), 1)
    assert made.store.holds().holds == ()
    assert tap(made, second).state is State.APPROVED
    (fresh,) = start(made, "dan")
    assert fresh.held is None
    made.deliver(60)
    assert {alert.code for alert in made.messenger.alerts} == {"reported", "released"}
    last = [linked.entry for linked in made.store.trail if linked.entry.event == "requester:released"]
    assert [(entry.actor, entry.details) for entry in last] == [("operator", {"target": "dan"})]


def test_s9_nobody_releases_themselves_and_only_whom_a_report_holds() -> None:
    """A reported administrator needs another one."""
    made = world()
    refused("not_held", lambda: release(made))
    report(made, start(made, "dan")[0])
    refused("own_hold", lambda: release(made, by="dan"))
    assert [hold.requester for hold in made.store.holds().holds] == ["dan"]


def test_an_administrator_releases_with_a_code() -> None:
    """The act of usecases/acts.py: begun, then proved, then done, in one commit."""
    made = world(ADMINS)
    report(made, start(made, "dan")[0])
    doing, act = acts.Acts(made.desk), Act("release", "dan")
    refused("not_administrator", lambda: doing.begin(act, made.who("bob"), "x"))
    asked = doing.begin(act, made.who("alice"), "y")
    assert isinstance(asked, acts.NeedsCode)

    doing.finish(act, asked.challenge_id, made.who("alice"), code_of("alice", made.clock), "z")
    assert made.store.holds().holds == ()


def test_whoever_the_roster_does_not_know_is_held_by_source_and_name() -> None:
    """Somebody of another source with that name is another one."""
    made = world()
    first, second = start(made, count=2, subject="jdoe")
    report(made, first)
    assert [hold.requester for hold in made.store.holds().holds] == ["main:jdoe"]
    held = now_of(made, second).held
    assert held is not None
    release(made, "main:jdoe")
    assert now_of(made, second).held is None


def test_a_gate_that_nobody_is_named_for_holds_nobody() -> None:
    """A schedule started it: there is nobody to hold, and the denial counts all the same."""
    made = world()
    first, second = start(made, count=2)
    assert report(made, first).state is State.DENIED
    assert now_of(made, second).held is None
    assert made.store.holds() == HoldsRecord(0, ())


def test_of_two_reported_requesters_both_must_be_released() -> None:
    """A build of dan and eve waits for the later of the two."""
    made = world()
    both = start(made, "dan", "eve")[0]
    report(made, start(made, "dan")[0])
    report(made, start(made, "eve")[0])
    release(made, "dan")
    held = now_of(made, both).held
    assert held is not None
    assert held.requester == "eve"
    release(made, "eve")
    assert now_of(made, both).held is None


def test_what_passes_by_itself_waits_for_a_reported_requester() -> None:
    """The policy lets it pass without anybody; a report holds it until the release, which approves it."""
    made = world(policy(rule("nightly", passes=True, job="nightly"), rule("web", factor=Factor.PUSH, job="web")))
    assert start(made, "dan", pipeline="nightly")[0].state is State.APPROVED
    report(made, start(made, "dan")[0])
    held = start(made, "dan", pipeline="nightly")[0]
    assert held.held is not None
    assert held.state is State.PENDING
    release(made)
    assert now_of(made, held).state is State.APPROVED


def test_a_reported_build_takes_no_others_place() -> None:
    """supersede = true replaces older builds; not on behalf of who was reported."""
    made = world(policy(rule(factor=Factor.PUSH, supersede=True)))
    (older,) = start(made, "eve")
    made.store.put(HoldsRecord(made.store.holds().version + 1, (Hold("dan", 1, "g", "bob"),)))
    start(made, "dan")
    made.deliver(60)
    assert now_of(made, older).state is State.PENDING


def test_the_glass_of_a_reported_build_is_not_broken() -> None:
    """Break-glass is no way round a report."""
    made = world(ADMINS)
    report(made, start(made, "dan")[0])
    (held,) = start(made, "dan")
    refused("held", lambda: BreakGlass(made.desk).open(held.jti, made.who("alice"), "the site is down", "x"))


def test_no_gate_opens_between_a_report_and_what_it_holds() -> None:
    """Trap: a list that was read before the report. The opening's commit is overtaken, and decided again."""
    made = world()
    (first,) = start(made, "dan")
    commit, overtaken = made.store.commit, []

    def slow(found) -> None:  # type: ignore[no-untyped-def]
        if not overtaken and any(isinstance(one, Gate) and one.version == 1 for one in found.records):
            overtaken.append(True)
            report(made, first)
            with pytest.raises(StoreConflictError):
                commit(found)
            raise StoreConflictError("overtaken")
        commit(found)

    made.store.commit = slow  # type: ignore[method-assign]
    (late,) = start(made, "dan")
    assert overtaken
    assert late.held is not None


def test_a_damaged_list_opens_nothing_and_stops_no_denial() -> None:
    """S17: nobody can tell who is held. Ops read of it; whoever denies still ends the build."""
    made = world()
    (first,) = start(made, "dan")
    made.store._records["holds"] = HoldsRecord(9, ())
    ref = made.source.start("dan")  # type: ignore[attr-defined]
    made.watch.poll()
    assert made.store.gate_of("main", ref) is None
    assert report(made, first).state is State.DENIED
    refused("holds_damaged", lambda: release(made))
    made.deliver(60)
    assert {"record_damaged", "reported"} == {alert.code for alert in made.messenger.alerts}


# -- many -------------------------------------------------------------------------------------------------------------


def test_row_32_of_thirty_gates_five_are_asked_and_one_message_counts_the_others() -> None:
    """No storm: and what is told changes with them, in the same message."""
    made = world()
    gates = [gate for job in range(30) for gate in start(made, "dan", pipeline=f"web{job}")]
    assert [gate.held is None for gate in gates] == [True] * 5 + [False] * 25
    made.deliver(400)
    assert {gate.id for gate in made.messenger.told} == {gate.id for gate in gates[:5]}
    assert made.messenger.lines[-1] == ("dan", 25, 5)
    assert made.store.told("many:dan").shown == 25
    refused("held", lambda: tap(made, gates[10]))


def test_those_in_line_are_asked_oldest_first_when_one_ends() -> None:
    """Each at the tick after; those who open meanwhile stand behind them."""
    made = world()
    gates = start(made, "dan", count=8)
    assert holds.ask_next(made.desk) == 0
    tap(made, gates[0])
    (late,) = start(made, "dan")
    assert late.held is not None
    assert holds.ask_next(made.desk) == 1
    assert [now_of(made, gate).held is None for gate in gates[5:]] == [True, False, False]
    assert tap(made, gates[5]).state is State.APPROVED
    made.deliver(400)
    assert made.messenger.lines[-1] == ("dan", 3, 5)


def test_of_those_in_line_only_the_first_is_looked_at_by_each_tick() -> None:
    """However many stand behind it: a crowd in line costs the agent no more than one gate."""
    made = world()
    for job in range(60):
        start(made, "dan", pipeline=f"web{job}")
    real, read = made.store.gate, list[str]()
    made.store.gate = lambda gate_id: (read.append(gate_id), real(gate_id))[1]  # type: ignore[method-assign]
    assert holds.ask_next(made.desk) == 0
    assert len(read) == 1


def test_the_limit_is_each_requesters_own() -> None:
    """And the gate of two people counts for both; schedules have none."""
    made = world(asks=1)
    dan, eve, both = start(made, "dan")[0], start(made, "eve")[0], start(made, "dan", "eve")[0]
    assert [gate.held is None for gate in (dan, eve, both)] == [True, True, False]
    assert all(gate.held is None for gate in start(made, count=4))
    tap(made, dan)
    assert holds.ask_next(made.desk) == 0
    tap(made, eve)
    assert holds.ask_next(made.desk) == 1
    assert now_of(made, both).held is None


def test_whoever_is_reported_makes_no_storm_of_held_messages() -> None:
    """Held gates are shown five at a time, too; a release asks those, and the others in their turn."""
    made = world()
    gates = start(made, "dan", count=9)
    report(made, gates[0])
    holds.ask_next(made.desk)
    why = [gate.held and gate.held.why for gate in (now_of(made, one) for one in gates[1:])]
    assert why == [core.REPORTED] * 5 + [core.MANY] * 3
    release(made)
    assert [now_of(made, one).held is None for one in gates[1:]] == [True] * 5 + [False] * 3
    tap(made, gates[1])
    assert holds.ask_next(made.desk) == 1


def test_one_that_ends_in_line_is_told_by_the_summary_alone() -> None:
    """It expires as any other; 25 messages about builds that nobody was asked about help nobody."""
    made = world()
    gates = start(made, "dan", count=7)
    made.deliver(400)
    made.clock.move(seconds=1800)
    made.expire()
    made.deliver(400)
    assert {gate.id for gate in made.messenger.told} == {gate.id for gate in gates[:5]}
    assert {now_of(made, gate).state for gate in gates} == {State.ABORTED}
    assert made.messenger.lines[-1] == ("dan", 0, 5)
    assert made.store.told("many:dan").messages == ()


def test_two_replicas_never_ask_more_than_the_limit() -> None:
    """Whoever opens at the same moment loses the race for the list, and decides again."""
    store = MemoryStore(World().clock)
    replicas: list[Desk] = [replace(desk(store, Crowd(), rules=TAP), randomness=SystemRandomness()) for _ in range(2)]
    sources = [replica.sources["main"] for replica in replicas]
    for source, pipeline in zip(sources, ("a", "b"), strict=True):
        for _ in range(12):
            source.start("dan", pipeline=pipeline)  # type: ignore[attr-defined]
        refs = [f"{pipeline}-{ref}" for ref in source.pauses]  # type: ignore[attr-defined]
        source.pauses = {ref: nonce(ref) for ref in refs}  # type: ignore[attr-defined]
        source.runs = {f"{pipeline}-{ref}": run for ref, run in source.runs.items()}  # type: ignore[attr-defined]
    watches = [Watch(replica, source) for replica, source in zip(replicas, sources, strict=True)]
    threads = [threading.Thread(target=watch.poll) for watch in watches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.open_gates()) == 24
    assert sum(gate.held is None for gate in store.open_gates()) == 5
    for _ in range(24):
        asked = [gate for gate in store.open_gates() if gate.held is None and gate.state is State.PENDING]
        assert len(asked) <= 5
        if asked:
            Answers(replicas[0]).deny(asked[0].jti, World().who("bob"), "not now", False, asked[0].id)
        for replica in replicas:
            holds.ask_next(replica)
    assert not [gate for gate in store.open_gates() if gate.state is State.PENDING]
