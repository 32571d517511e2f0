"""A gate's life under its requirement: passing by itself, who is asked for what, and what comes on top meanwhile."""

from __future__ import annotations

import threading
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from builders import NOW, ROSTER, claims, facts, policy, rule
from clock import Clock
from desk_world import World
from fakes import FakeSource, code_of, request_text
from jenkins_mfa.core.calendars import Calendar, Freeze
from jenkins_mfa.core.model import Author, Factor, State
from jenkins_mfa.core.policy import Absence, Demand, Policy, Roster, Rule
from jenkins_mfa.core.policy.predicates import All, Rate, Window
from jenkins_mfa.core.policy.scene import Scene
from jenkins_mfa.errors import Refusal
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases.answer import Answers, NeedsCode
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.usecases.tighten import tighten
from jenkins_mfa.usecases.watch import Watch

TAP, CODE = Factor.PUSH, Factor.TOTP
NIGHTLY = rule("nightly", passes=True)
RELEASE = rule("release", factor=TAP)
SECURITY = rule("security", factor=CODE, approvers=("group:security",))
BEGINS = 600_000  #: ms after the opening: the freeze


def frozen_from(start: int) -> Policy:
    """`release` always, and `security` in a freeze that begins at `start` (ms)."""
    freeze = Freeze("christmas", start, start + 86_400_000, "Half the team is away.")
    calendar = Calendar("office", ZoneInfo("UTC"), freezes=(freeze,))
    return policy(RELEASE, replace(SECURITY, name="freeze", when=Window(calendar, inside=False), always=True))


def opened(rules: Policy, **values: object) -> World:
    world = World(rules=rules, **values)  # type: ignore[arg-type]
    world.enrol("alice", "bob", "carol")
    world.open()
    return world


def hold(world: World, rules: Policy, roster: Roster = ROSTER) -> None:
    """Another policy holds from now on."""
    world.desk = replace(world.desk, rules=Rules(rules, roster))
    world.watch, world.answers = Watch(world.desk, world.source), Answers(world.desk)


def events(world: World) -> list[str]:
    return [entry.event for entry in world.desk.store.entries(world.gate.jti)]


def refused(code: str, act) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code


# -- nobody is asked --------------------------------------------------------------------------------------------------


def test_a_gate_that_needs_nobody_opens_approved_and_goes_on_with_a_receipt_that_says_so() -> None:
    """It is claimed and delivered like any other: confirm none, no approvers."""
    world = opened(policy(NIGHTLY))
    assert (world.gate.state, world.gate.deadline) == (State.APPROVED, NOW + world.desk.approval_ttl * 1000)
    assert events(world) == ["gate:opened", "gate:approved"]
    world.deliver()
    assert world.gate.state is State.RESUMED
    found = world.verified(world.source.receipts[0])
    assert (found.approvers, found.rules) == ((), ("nightly",))
    assert [gate.state for gate in world.messenger.told][-1] is State.RESUMED


@pytest.mark.parametrize("ask", [{"factor": "push"}, {"quorum": 1}])
def test_a_pipeline_that_asks_for_people_is_not_let_pass(ask: dict[str, object]) -> None:
    """What the Jenkinsfile claims can only tighten; where only a passing rule matches, nothing is left."""
    world = opened(policy(NIGHTLY, RELEASE), source=FakeSource(text=request_text(ask=ask)))
    assert world.gate.state is State.PENDING


@pytest.mark.parametrize("rules", [(), (NIGHTLY,)], ids=["default", "rule"])
@pytest.mark.parametrize("ask", [{"factor": "push"}, {"quorum": 1}])
def test_a_pipeline_that_asks_where_the_policy_names_nobody_is_refused_so(
    rules: tuple[Rule, ...], ask: dict[str, object]
) -> None:
    """There is a default, it lets pass: not that none would be there."""
    free = replace(policy(), rules=rules, default=rule("default", passes=True))
    world = opened(free, source=FakeSource(text=request_text(ask=ask)))
    assert world.gate.denial is not None
    assert world.gate.denial.reason == "nobody_named"


def test_a_run_that_was_denied_passes_no_later_gate_by_itself() -> None:
    """A person's denial holds for the whole run."""
    world = opened(policy(RELEASE))
    world.deny("bob")
    hold(world, policy(NIGHTLY))
    world.source.pauses["ref-2"] = "Mfa-" + "1" * 32
    world.watch.poll()
    later = world.store.gate_of("main", "ref-2")
    assert later is not None
    assert later.state is State.DENIED


def test_nobody_may_answer_a_gate_that_passes_by_itself() -> None:
    """There is nothing to confirm, and nobody who could deny."""
    world = opened(policy(NIGHTLY))
    refused("approved", lambda: world.tap("alice"))
    refused("not_eligible", lambda: world.deny("alice"))


def test_a_freeze_that_begins_before_the_claim_is_asked_although_the_gate_had_passed() -> None:
    """Looked at when the gate opens and again at the claim."""
    quiet = frozen_from(NOW + 1000)
    world = opened(replace(quiet, rules=(NIGHTLY, *quiet.rules[1:])))
    world.clock.move(seconds=2)
    world.deliver()
    assert (world.gate.state, world.source.receipts) == (State.PENDING, [])
    assert events(world) == ["gate:opened", "gate:approved", "gate:tightened"]
    world.code("carol")
    world.deliver()
    assert world.gate.state is State.RESUMED
    assert [one.id for one in world.verified(world.source.receipts[0]).approvers] == ["carol"]


# -- who is asked for what --------------------------------------------------------------------------------------------


def test_each_person_is_asked_for_what_the_open_clauses_need_of_them() -> None:
    """1 of security with a code, 1 of release with a tap: carol of both types, alice taps; then bob is not needed."""
    world = opened(policy(RELEASE, SECURITY))
    assert isinstance(world.tap("carol"), NeedsCode)
    assert not isinstance(world.tap("alice"), NeedsCode)
    refused("not_needed", lambda: world.tap("bob"))
    assert world.code("carol").gate.state is State.APPROVED


def test_a_code_given_first_leaves_a_tap_for_the_others() -> None:
    """Nobody is asked for more than is needed of them."""
    both = policy(replace(RELEASE, require=(Demand(CODE, 1, ("group:release",)), Demand(TAP, 1, ("group:release",)))))
    world = opened(both)
    world.code("carol")
    assert not isinstance(world.tap("alice"), NeedsCode)
    assert world.gate.state is State.APPROVED


def test_a_form_that_nothing_open_needs_any_more_burns_no_code() -> None:
    """Alice was faster: bob is told so, and his code works elsewhere."""
    world = opened(policy(rule("release", factor=CODE, approvers=("alice", "bob")), SECURITY))
    asked = world.tap("bob")
    assert isinstance(asked, NeedsCode)
    world.code("alice")
    refused("not_needed", lambda: world.type("bob", asked.challenge_id, code_of("bob", world.clock)))
    assert world.store.person("bob").authenticators[0].last_step < world.clock.now() // 30_000


# -- what comes on top ------------------------------------------------------------------------------------------------


def test_a_freeze_that_begins_before_the_quorum_adds_its_clauses_and_the_answer_counts() -> None:
    """Time windows: looked at when the gate opens, and when the quorum is reached."""
    world = opened(frozen_from(NOW + BEGINS))
    world.clock.move(ms=BEGINS)
    assert world.tap("alice").open == 1  # type: ignore[union-attr]
    assert world.gate.state is State.PENDING
    assert events(world) == ["gate:opened", "gate:confirmed", "gate:tightened"]
    assert world.gate.requirement is not None
    assert [(t.at, t.rules) for t in world.gate.requirement.tightened] == [(NOW + BEGINS, ("freeze",))]
    world.code("carol")
    world.deliver()
    assert world.gate.state is State.RESUMED


def test_a_freeze_that_begins_a_moment_after_the_quorum_is_seen_at_the_claim() -> None:
    """One millisecond before its start the quorum is enough; the claim comes after it."""
    world = opened(frozen_from(NOW + BEGINS))
    world.clock.move(ms=BEGINS - 1)
    world.tap("alice")
    assert world.gate.state is State.APPROVED
    world.clock.move(ms=1)
    world.deliver()
    assert (world.gate.state, world.gate.deadline) == (State.PENDING, world.gate.first_deadline)
    assert len(world.gate.confirmations) == 1
    assert world.source.sent == []


def test_a_freeze_that_has_ended_takes_nothing_away() -> None:
    """A gate that opened inside it keeps its clauses."""
    world = opened(frozen_from(NOW - 86_400_000 + BEGINS))
    world.clock.move(ms=BEGINS + 1)
    world.tap("alice")
    assert world.gate.state is State.PENDING
    assert world.code("carol").gate.state is State.APPROVED


def test_a_policy_that_is_taken_over_adds_to_open_gates_and_takes_nothing_away() -> None:
    """`tighten` is what a reload calls for each of them; once is enough."""
    world = opened(policy(RELEASE))
    hold(world, policy(RELEASE, SECURITY))
    assert tighten(world.desk, world.gate.id)
    assert not tighten(world.desk, world.gate.id)
    hold(world, policy(rule("open", passes=True)))
    assert not tighten(world.desk, world.gate.id)
    assert world.gate.requirement is not None
    assert world.gate.requirement.rules == ("release", "security")
    assert events(world) == ["gate:opened", "gate:tightened"]


def test_a_rule_that_nobody_can_meet_denies_the_open_gate_at_once() -> None:
    """Instead of at its deadline, and for every way in which it is found out."""
    crowd = policy(RELEASE, rule("crowd", factor=TAP, quorum=9))
    for by in ("reload", "quorum", "claim"):
        world = opened(policy(RELEASE))
        if by == "claim":
            world.tap("alice")
        hold(world, crowd)
        if by == "reload":
            assert tighten(world.desk, world.gate.id)
        if by == "quorum":
            refused("denied", lambda w=world: w.tap("alice"))
        world.deliver()
        assert world.gate.denial is not None
        assert (world.gate.denial.person, world.gate.denial.reason) == (None, "too_few_people")
        assert (world.gate.state, world.source.receipts) == (State.ABORTED, [])


def test_nothing_is_added_to_a_gate_that_was_decided_or_is_unknown() -> None:
    """Denied, expired, gone: a later look changes nothing."""
    world = opened(policy(RELEASE))
    world.deny("bob")
    hold(world, policy(RELEASE, SECURITY))
    assert not tighten(world.desk, world.gate.id)
    assert not tighten(world.desk, "g_" + "0" * 32)


def test_a_factor_that_is_raised_keeps_answers_that_are_strong_enough() -> None:
    """Alice typed a code where a tap would have done; bob only tapped, and is asked again through others."""
    world = opened(policy(replace(RELEASE, require=(Demand(TAP, 1, ("group:release",)), *SECURITY.require))))
    world.code("carol")
    hold(world, policy(replace(RELEASE, require=(Demand(CODE, 1, ("group:release",)), *SECURITY.require))))
    assert isinstance(world.tap("alice"), NeedsCode) is False
    assert world.gate.state is State.PENDING
    assert isinstance(world.tap("bob"), NeedsCode)


def test_a_policy_that_cannot_be_asked_any_more_denies_the_open_gate() -> None:
    """An error inside the policy is never a pass, at a later look either; ops hear of it."""

    class Broken(All):
        def look(self, scene: Scene) -> bool:
            raise ValueError("broken")

    world = opened(policy(RELEASE))
    world.tap("alice")
    hold(world, policy(replace(RELEASE, when=Broken(()))))
    world.deliver()
    assert world.gate.denial is not None
    assert (world.gate.denial.reason, world.source.receipts) == ("policy_error", [])
    assert [alert.code for alert in world.messenger.alerts] == ["policy_error"]


def test_gates_that_opened_since_count_and_the_gate_itself_counts_once() -> None:
    """More than one of this pipeline within an hour: alone it is one, with a later one it is two."""
    often = replace(SECURITY, name="often", when=Rate(1, 3600))
    world = opened(policy(RELEASE, often))
    assert not tighten(world.desk, world.gate.id)
    world.clock.move(seconds=1)
    world.source.pauses["ref-2"] = "Mfa-" + "1" * 32
    world.watch.poll()
    assert tighten(world.desk, world.gate.id)


def test_nothing_comes_on_top_at_the_deadline() -> None:
    """From then on the gate only expires."""
    world = opened(policy(RELEASE))
    hold(world, policy(RELEASE, SECURITY))
    world.clock.move(seconds=1800)
    assert not tighten(world.desk, world.gate.id)
    world.expire()
    assert world.gate.state is State.EXPIRED


# -- who may --------------------------------------------------------------------------------------------------------


def test_who_wrote_a_commit_is_told_so_where_the_rule_asks_for_others() -> None:
    """`authors_may_approve = false`; others of the group may."""
    known = facts(authors=(Author("b", "b@example.com", "bob"),))
    world = opened(policy(replace(RELEASE, authors_may_approve=False)), source=FakeSource(known=known))
    refused("author", lambda: world.tap("bob"))
    world.tap("alice")
    assert world.gate.state is State.APPROVED


def test_an_author_whom_no_rule_names_is_told_that() -> None:
    """It is not the commit that keeps them from answering."""
    wrote = facts(authors=(Author("eve", person="eve"),), paths=())
    world = opened(policy(RELEASE), source=FakeSource(known=wrote))
    refused("not_eligible", lambda: world.tap("eve"))


def test_a_requester_may_approve_where_the_rule_says_so() -> None:
    """And nowhere else."""
    own = rule("own", factor=TAP, approvers=("dan",), requesters_may_approve=True)
    world = opened(policy(own))
    world.tap("dan")
    assert world.gate.state is State.APPROVED
    refused("requester", lambda: opened(policy(RELEASE)).tap("dan"))


def test_whoever_stands_in_answers_while_the_absence_lasts() -> None:
    """Eve stands in for alice; after its end she counts no more, not even with what she gave before."""
    away = replace(ROSTER.people["alice"], absence=Absence(NOW - 1, NOW + 60_000, "eve"))
    roster = Roster({**ROSTER.people, "alice": away})
    world = World(rules=policy(rule("alice", factor=TAP, approvers=("alice",))))
    hold(world, world.desk.policy, roster)
    world.open()
    world.tap("eve")
    assert world.gate.state is State.APPROVED
    world.clock.move(ms=60_000)
    world.deliver()
    assert (world.gate.state, world.gate.confirmations) == (State.PENDING, ())
    refused("not_eligible", lambda: world.tap("eve"))


# -- refused at the opening -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (policy(rule("crowd", quorum=9)), "too_few_people"),
        (policy(rule("key", factor=Factor.WEBAUTHN)), "factor_unavailable"),
        (policy(rule("other", job="other")), "no_rule"),
    ],
)
def test_s17_what_nobody_can_meet_is_refused_at_the_opening(rules: Policy, code: str) -> None:
    """With its reason, before anybody is asked; the run is aborted."""
    world = opened(rules)
    assert world.gate.denial is not None
    assert world.gate.denial.reason == code
    world.deliver()
    assert world.gate.state is State.ABORTED


def test_a_stranger_behind_the_run_is_refused_where_the_policy_says_so() -> None:
    """`unknown_requesters = "deny"`."""
    known = facts(starters=(replace(facts().starters[0], subject="x", person=None),))
    world = opened(policy(RELEASE, strangers="deny"), source=FakeSource(known=known))
    assert world.gate.denial is not None
    assert (world.gate.denial.reason, world.gate.denial.values) == ("stranger", {"who": "x"})


# -- on a real store --------------------------------------------------------------------------------------------------


@pytest.fixture
def real(store: RedisStore, clock: Clock) -> World:
    made = World(clock=clock, rules=policy(RELEASE))
    made.store = store  # type: ignore[assignment]
    made.desk = replace(made.desk, store=store)
    hold(made, policy(RELEASE))
    return made


def test_a_tightened_gate_keeps_its_seal(real: World) -> None:
    """What the agent writes anew for the changed requirement is read again as it was, through the seal."""
    gate = real.open()
    hold(real, policy(RELEASE, SECURITY))
    assert tighten(real.desk, gate.id)
    again = real.desk.store.gate(gate.id)
    assert again is not None
    assert again.requirement is not None
    assert [t.rules for t in again.requirement.tightened] == [("security",)]
    last = real.desk.store.last_entry(gate.jti)
    assert last is not None
    assert last[2] == again.version == 2


def test_a_passing_gate_on_the_real_store_goes_on(real: World) -> None:
    """Opened approved in one commit, delivered by the lane of that commit."""
    hold(real, policy(NIGHTLY))
    assert real.open().state is State.APPROVED
    real.deliver()
    assert real.gate.state is State.RESUMED
    assert real.verified(real.source.receipts[0]).approvers == ()


def test_a_reload_against_the_last_answer(real: World) -> None:
    """Whoever commits first: no receipt without the new clause, and the answer counts once."""
    for number in range(8):
        ref, nonce = f"ref-{number}", "Mfa-" + f"{number:x}" * 32
        run = replace(real.source.known.run, id=f"{number}")
        text = request_text(run={"pipeline": run.pipeline, "id": run.id})
        real.source = FakeSource(pauses={ref: nonce}, known=replace(real.source.known, run=run), text=text)
        real.desk = replace(real.desk, sources={"main": real.source}, asks_per_requester=8)
        hold(real, policy(RELEASE))
        real.watch.poll()
        gate = real.desk.store.gate_of("main", ref)
        assert gate is not None
        old, new = real.answers, replace(real.desk, rules=Rules(policy(RELEASE, SECURITY), ROSTER))
        barrier = threading.Barrier(2)

        def tap(jti: str = gate.jti, answers: Answers = old, at: threading.Barrier = barrier) -> None:
            at.wait()
            answers.tap(jti, real.who("alice"), f"tap-{jti}")

        thread = threading.Thread(target=tap)
        thread.start()
        barrier.wait()
        assert tighten(new, gate.id)
        thread.join()
        hold(real, new.policy)
        real.deliver()
        after = real.desk.store.gate(gate.id)
        assert after is not None
        assert (after.state, len(after.confirmations)) == (State.PENDING, 1)
        assert real.source.sent == []


def test_claims_stay_what_they_were() -> None:
    """A later look uses the claims of the opening: a request is immutable."""
    world = opened(policy(RELEASE))
    hold(world, policy(RELEASE, SECURITY))
    tighten(world.desk, world.gate.id)
    assert world.gate.claims == replace(claims(), message="Deploy 1.4")
