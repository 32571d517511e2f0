"""A later look at an open gate: it adds what is asked by then, takes nothing away, and adds nothing twice."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from builders import NOW, ROSTER, claims, clause, facts, gate, needs, policy, requirement, rule
from jenkins_mfa.core import quorum
from jenkins_mfa.core.gate import Event, Kind, Refused, Transition, advance
from jenkins_mfa.core.model import (
    Clause,
    Confirmation,
    Escalation,
    Factor,
    Gate,
    History,
    Requirement,
    Starter,
    State,
    Tightening,
    Trigger,
)
from jenkins_mfa.core.policy import Policy, evaluate, tightened

LATER = NOW + 60_000
TAP, CODE, KEY = Factor.PUSH, Factor.TOTP, Factor.WEBAUTHN
ALL = (TAP, CODE, KEY)
RELEASE = rule("release", factor=TAP)
SECURITY = rule("security", factor=CODE, approvers=("group:security",))
FROM_DAN, FROM_A_STRANGER = facts(), facts(starters=(Starter(Trigger.PERSON, "x", None),))


def later(before: Policy, after: Policy, found=FROM_DAN, said=claims()) -> Requirement | None:  # type: ignore[no-untyped-def]  # noqa: B008
    """What a look at `after` adds to a gate that `before` opened."""
    frozen = needs(before, found, said)
    return tightened(frozen, evaluate(after, ROSTER, found, said, History(LATER)), ALL, LATER)


def shape(found: Requirement | None) -> list[tuple[str, Factor, int]]:
    assert found is not None
    return [(c.rule, c.factor, c.count) for c in found.clauses]


def test_a_rule_that_did_not_ask_before_adds_its_clauses() -> None:
    """With when, by which rule and what for."""
    found = later(policy(RELEASE), policy(RELEASE, SECURITY))
    assert shape(found) == [("release", TAP, 1), ("security", CODE, 1)]
    assert found is not None
    assert found.rules == ("release", "security")
    why = tuple(node for node in found.reasons.children if node.values["rule"] == "security")
    assert found.tightened == (Tightening(LATER, ("security",), found.clauses[1:], why),)


def test_nothing_is_taken_away() -> None:
    """Neither a rule that is gone, nor one that asks for less, nor one that lets pass by now."""
    strict = policy(rule("release", factor=CODE, quorum=2), SECURITY)
    for loose in (
        policy(rule("release", factor=TAP)),
        policy(RELEASE, rule("open", passes=True)),
        policy(rule("release", factor=TAP, approvers=("group:release", "group:security"))),
    ):
        assert later(strict, loose) is None


def test_a_rule_that_asks_for_more_raises_its_own_clause() -> None:
    """Two of release stand for one of release: not three people in all."""
    assert shape(later(policy(RELEASE), policy(rule("release", factor=CODE, quorum=2)))) == [("release", CODE, 2)]


def test_a_rule_that_asks_fewer_people_narrows_its_clause() -> None:
    """Bob counts no longer for a rule that names alice alone by now, and nobody is asked twice."""
    for wide in (RELEASE, rule("release", factor=TAP, approvers=("alice", "bob"))):
        found = later(policy(wide), policy(rule("release", factor=TAP, approvers=("alice",))))
        assert found is not None
        assert [(c.approvers, c.people) for c in found.clauses] == [(("alice",), ("alice",))]


def test_more_demands_of_one_rule_are_more_places() -> None:
    """The second demand of a rule is not taken for its first."""
    twice = replace(RELEASE, require=RELEASE.require * 2)
    assert shape(later(policy(RELEASE), policy(twice))) == [("release", TAP, 1), ("release", TAP, 1)]


def test_what_the_pipeline_asked_for_is_not_asked_again() -> None:
    """It is in the gate since it opened, and a look with fewer clauses would count it anew."""
    two = claims(quorum=2)
    assert later(policy(rule("release", factor=TAP, quorum=2)), policy(RELEASE), said=two) is None
    assert later(policy(RELEASE), policy(RELEASE), said=two) is None


def test_an_unknown_requester_costs_one_more_person_once() -> None:
    """With the strongest factor of what is asked by then."""
    found = later(policy(RELEASE), policy(RELEASE, SECURITY), FROM_A_STRANGER)
    assert shape(found) == [("release", TAP, 1), ("unknown requester", CODE, 1), ("security", CODE, 1)]


def test_who_was_called_in_by_an_escalation_is_no_new_clause() -> None:
    """The rule still names its own people only; those called in stay."""
    call = Escalation("release", 600, ("dan",), ("dan",))
    opened = needs(policy(RELEASE), facts(), claims())
    wider = replace(opened.clauses[0], people=("alice", "bob", "carol", "dan"), approvers=("group:release", "dan"))
    frozen = replace(opened, clauses=(wider,), escalations=(call,))
    assert tightened(frozen, opened, ALL, LATER) is None
    stronger = replace(opened, clauses=(replace(opened.clauses[0], factor=CODE),))
    found = tightened(frozen, stronger, ALL, LATER)
    assert found is not None
    assert found.clauses == (replace(wider, factor=CODE),)


def test_only_rules_marked_always_add_once_the_glass_is_broken() -> None:
    """With why they ask, beside why the break-glass rule does; whatever is not marked stays replaced."""
    broken = replace(needs(policy(RELEASE), facts(), claims()), break_glass="fire")
    held = rule("held", factor=CODE, approvers=("group:security",), always=True)
    other = needs(policy(RELEASE, SECURITY).under_broken_glass, facts(), claims())
    assert tightened(broken, other, ALL, LATER) is None
    found = tightened(broken, needs(policy(SECURITY, held).under_broken_glass, facts(), claims()), ALL, LATER)
    assert found is not None
    assert found.rules == ("release", "held")
    assert [node.values["rule"] for node in found.reasons.children] == ["release", "held"]


def test_a_rule_marked_always_that_may_match_holds_under_broken_glass() -> None:
    """Not known counts as yes there, too, and the policy's default adds nothing."""
    unsure = replace(rule("held", branch="main", always=True))
    found = needs(policy(unsure, default=rule("default")).under_broken_glass, facts(branch=""), claims())
    assert found.rules == ("held",)


def test_a_gate_that_passed_by_itself_asks_from_then_on() -> None:
    """A freeze that has begun meanwhile is asked although a rule lets pass otherwise."""
    free = rule("nightly", passes=True)
    found = later(policy(free), policy(free, replace(SECURITY, always=True)))
    assert found is not None
    assert (found.passes_by, found.rules) == ((), ("security",))


def test_what_nobody_can_meet_says_so() -> None:
    """More places than people, or a factor that is not there."""
    crowd = rule("crowd", factor=TAP, quorum=9)
    found = later(policy(RELEASE), policy(RELEASE, crowd))
    assert found is not None
    assert found.refusal is not None
    assert found.refusal.code == "too_few_people"
    fresh = needs(policy(RELEASE, rule("key", factor=KEY)), facts(), claims())
    lacking = tightened(needs(policy(RELEASE), facts(), claims()), fresh, (TAP, CODE), LATER)
    assert lacking is not None
    assert lacking.refusal is not None
    assert lacking.refusal.code == "factor_unavailable"


PEOPLE = "abcd"
a_clause = st.builds(
    lambda name, count, people, factor: Clause(name, factor, count, tuple(sorted(people)), tuple(sorted(people))),
    st.sampled_from(["r1", "r2", "unknown requester"]),
    st.integers(1, 3),
    st.sets(st.sampled_from(PEOPLE), min_size=1),
    st.sampled_from(ALL),
)


def once(found: list[Clause]) -> list[Clause]:
    """Whatever an unknown requester costs is one clause, as `evaluate` gives it."""
    extra = [c for c in found if c.rule == "unknown requester"]
    return [c for c in found if c not in extra] + extra[:1]


a_requirement = st.lists(a_clause, min_size=1, max_size=4).map(lambda found: requirement(*once(found)))
answers = st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(ALL))


def confirmations(given_by: dict[str, Factor]) -> list[Confirmation]:
    return [Confirmation(person, factor, NOW, "via", person) for person, factor in given_by.items()]


@settings(max_examples=400, deadline=None)
@given(frozen=a_requirement, fresh=a_requirement, given_by=answers)
def test_whatever_satisfies_the_result_satisfies_both(
    frozen: Requirement, fresh: Requirement, given_by: dict[str, Factor]
) -> None:
    """A look never makes a gate easier, and never leaves out what is asked by now; a second look adds nothing."""
    found = tightened(frozen, fresh, ALL, LATER)
    result = found or frozen
    if quorum.satisfied(result, confirmations(given_by)):
        assert quorum.satisfied(frozen, confirmations(given_by))
        if not any(" " in c.rule for c in (*fresh.clauses, *frozen.clauses)):
            assert quorum.satisfied(fresh, confirmations(given_by))
    assert tightened(result, fresh, ALL, LATER + 1) is None


# -- the gate ---------------------------------------------------------------------------------------------------------

MORE = requirement(clause(), clause(1, "carol", factor=CODE, rule="freeze"))
ADDED = replace(MORE, tightened=(Tightening(LATER, ("freeze",), MORE.clauses[1:]),))


def by(person: str, factor: Factor = TAP, at: int = LATER, more: Requirement | None = None) -> Event:
    given = Confirmation(person, factor, at, "chat:T1/U", f"tap-{person}")
    return Event(Kind.CONFIRMED, at, person, given.cause, confirmation=given, requirement=more)


def taken(step: Transition | Refused) -> Gate:
    assert isinstance(step, Transition), step
    return step.gate


def test_an_answer_that_would_approve_counts_and_the_gate_waits_for_what_came_on_top() -> None:
    """One step: confirmed and tightened, with one version; then the rest is asked."""
    step = advance(gate(), by("alice", more=ADDED))
    waiting = taken(step)
    assert isinstance(step, Transition)
    assert [entry.event for entry in step.entries] == ["gate:confirmed", "gate:tightened"]
    assert {entry.details["version"] for entry in step.entries} == {waiting.version}
    assert (waiting.state, len(waiting.confirmations), waiting.deadline) == (State.PENDING, 1, gate().first_deadline)
    assert taken(advance(waiting, by("carol", CODE))).state is State.APPROVED


def test_an_approved_gate_waits_again_with_its_first_deadline() -> None:
    """And stays approved where what was given fills what came on top."""
    approved = taken(advance(gate(), by("alice")))
    again = taken(advance(approved, Event(Kind.TIGHTENED, LATER, "agent", "t", requirement=ADDED)))
    assert (again.state, again.deadline, again.decided_at) == (State.PENDING, gate().first_deadline, 0)
    tap = replace(ADDED, clauses=(clause(factor=TAP),))
    still = taken(advance(approved, Event(Kind.TIGHTENED, LATER, "agent", "t", requirement=tap)))
    assert (still.state, still.deadline) == (State.APPROVED, approved.deadline)


def test_nothing_comes_on_top_of_what_is_on_its_way_or_decided() -> None:
    """From the claim on it is too late."""
    for state in State:
        step = advance(gate(state=state), Event(Kind.TIGHTENED, LATER, "agent", "t", requirement=ADDED))
        assert isinstance(step, Transition) == (state in {State.PENDING, State.APPROVED})
    assert advance(gate(), Event(Kind.TIGHTENED, LATER, "agent", "t", requirement=gate().requirement)) == Refused(
        "nothing_added"
    )
