"""A later look, part by part: what it takes over from the fresh one, and which clauses it holds for the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import NOW, ROSTER, claims, facts, policy, requirement, rule
from jenkins_mfa.core.model import Clause, Escalation, Factor, History, Reason, Requirement, Tightening
from jenkins_mfa.core.policy import Policy, evaluate, tightened
from jenkins_mfa.core.policy.evaluate import UNKNOWN

LATER = NOW + 60_000
TAP, CODE = Factor.PUSH, Factor.TOTP
OLD = rule("old", factor=TAP, channel="C3")
RELEASE = rule("release", factor=TAP, channel="C2", escalate_after=60, escalate_to=("dan",))
SECURITY = rule("security", approvers=("group:security",), channel="C1", escalate_after=90, escalate_to=("eve",))


def asked(found: Policy) -> Requirement:
    return evaluate(found, ROSTER, facts(), claims(), History(LATER))


def later(frozen: Requirement, fresh: Requirement) -> Requirement | None:
    return tightened(frozen, fresh, (TAP, CODE), LATER)


FROZEN = asked(policy(OLD, RELEASE, sha256="a" * 64))
FRESH = asked(policy(RELEASE, SECURITY, sha256="b" * 64))


def test_a_new_rule_comes_with_everything_it_says() -> None:
    """Its clauses, its channel, its escalation and why; the rest of the gate stays, and so does a rule that is gone."""
    why = FRESH.reasons.children[1]
    assert later(FROZEN, FRESH) == replace(
        FROZEN,
        clauses=(*FROZEN.clauses, FRESH.clauses[1]),
        rules=("old", "release", "security"),
        channels=("C1", "C2", "C3"),
        policy_sha256="b" * 64,
        reasons=FRESH.reasons,
        escalations=(FROZEN.escalations[0], FRESH.escalations[1]),
        tightened=(Tightening(LATER, ("security",), FRESH.clauses[1:], (why,)),),
    )


def test_a_rule_that_asks_for_more_keeps_the_escalation_of_its_opening() -> None:
    """Called in once, at the time that was told."""
    found = later(FROZEN, asked(policy(replace(RELEASE, require=SECURITY.require, escalate_after=5))))
    assert found is not None
    assert found.escalations == FROZEN.escalations
    assert found.rules == ("old", "release")


def test_under_broken_glass_the_reasons_of_the_opening_stay() -> None:
    """What is asked since then is told beside them; what else the fresh look says is not."""
    frozen = replace(FROZEN, break_glass="fire")
    found = later(frozen, FRESH)
    assert found is not None
    assert found.reasons == replace(FROZEN.reasons, children=(*FROZEN.reasons.children, FRESH.reasons.children[1]))


def test_a_second_look_keeps_the_first() -> None:
    """Each is told with its time."""
    first = later(FROZEN, FRESH)
    assert first is not None
    more = asked(policy(RELEASE, SECURITY, rule("third")))
    second = tightened(first, more, (TAP, CODE), LATER + 1)
    assert second is not None
    assert [(one.at, one.rules) for one in second.tightened] == [(LATER, ("security",)), (LATER + 1, ("third",))]


@pytest.mark.parametrize("code", ["stranger", "assurance", "no_number"])
def test_what_no_clause_stands_for_is_taken_over_as_it_is(code: str) -> None:
    """Any other refusal of the fresh look is that of its own clauses."""
    barred = replace(FRESH, refusal=Reason(code, {"who": "x"}, holds=False))
    assert later(FROZEN, barred) == replace(FROZEN, refusal=barred.refusal)
    assert later(FROZEN, replace(FROZEN, refusal=Reason("no_rule", holds=False))) is None


def asks(*people: str, by: tuple[str, ...] = (), name: str = "release", factor: Factor = TAP, count: int = 1) -> Clause:
    return Clause(name, factor, count, people, by or people)


X, Y, XY = ("group:x",), ("group:y",), ("group:x", "group:y")


@pytest.mark.parametrize(
    ("known", "fresh", "after"),
    [
        (asks("alice", by=X), asks("bob", by=X), None),
        (asks("alice", by=X), asks("bob", by=XY), None),
        (asks("alice", by=XY), asks("bob", by=X), (asks(by=X),)),
        (asks("alice", by=X), asks("alice", "bob", by=Y), None),
        (asks("alice", by=X), asks("alice", by=Y), None),
        (asks("alice", "bob", by=X), asks("bob", by=Y), (asks("bob", by=Y),)),
        (asks("alice", by=X), asks("bob", by=Y), (asks("alice", by=X), asks("bob", by=Y))),
        (asks("alice", name=UNKNOWN), asks("bob", name=UNKNOWN), None),
        (
            asks("alice", name=UNKNOWN),
            asks("bob", name=UNKNOWN, factor=CODE),
            (asks("alice", name=UNKNOWN, factor=CODE),),
        ),
        (asks("alice", by=X, factor=CODE), asks("alice", by=X, count=2), (asks("alice", by=X, factor=CODE, count=2),)),
        (asks("alice", by=X, count=2), asks("alice", by=X, factor=CODE), (asks("alice", by=X, factor=CODE, count=2),)),
    ],
)
def test_which_clause_of_a_rule_another_one_is(known: Clause, fresh: Clause, after: tuple[Clause, ...] | None) -> None:
    """One that names the same or fewer, or asks the same people or fewer; it keeps whoever both of them ask."""
    found = later(requirement(known), requirement(fresh))
    assert (found.clauses if found else None) == after


def test_who_was_called_in_stays_called_in() -> None:
    """By name and as a person, though the rule names fewer by now."""
    known = asks("alice", "bob", "dan", by=(*XY, "dan"))
    frozen = replace(requirement(known), escalations=(Escalation("release", 60, ("dan",), ("dan",)),))
    found = later(frozen, requirement(asks("bob", by=X)))
    assert found is not None
    assert found.clauses == (asks("bob", "dan", by=(*X, "dan")),)
    other = replace(frozen, escalations=(replace(frozen.escalations[0], rule="other"),))
    narrowed = later(other, requirement(asks("bob", by=X)))
    assert narrowed is not None
    assert narrowed.clauses == (asks("bob", by=X),)


def test_clauses_that_ask_the_same_find_each_other_first() -> None:
    """Whatever the order: the one that asks for more by now is the other one."""
    one, two = asks("alice", "bob", by=X), asks("alice", "bob", by=X, count=2)
    for known in ((one, two), (two, one)):
        for fresh in ((one, replace(two, factor=CODE)), (replace(two, factor=CODE), one)):
            found = later(requirement(*known), requirement(*fresh))
            assert found is not None
            assert sorted(found.clauses, key=lambda c: c.count) == [one, replace(two, factor=CODE)]


def test_two_clauses_are_raised_each_in_its_place() -> None:
    """Neither takes the other's, and what is new stands behind both."""
    known = (asks("alice", by=X), asks("bob", by=Y))
    fresh = (*(replace(one, factor=CODE) for one in reversed(known)), asks("carol", by=("carol",)))
    found = later(requirement(*known), requirement(*fresh))
    assert found is not None
    raised = tuple(replace(one, factor=CODE) for one in known)
    assert found.clauses == (*raised, fresh[2])
    assert sorted(found.tightened[0].clauses, key=lambda c: c.people) == [*raised, fresh[2]]


def test_a_rule_that_is_new_adds_its_own_person_though_another_asks_the_same() -> None:
    """One of release for each of two rules is two people, also where the older one has left the policy."""
    again = replace(RELEASE, name="again")
    for rules in ((RELEASE, again), (again, RELEASE), (again,)):
        found = later(asked(policy(RELEASE)), asked(policy(*rules)))
        assert found is not None
        assert [(clause.rule, clause.count) for clause in found.clauses] == [("release", 1), ("again", 1)]


@pytest.mark.parametrize("called", [(), ("dan",)])
def test_each_clause_that_asks_less_by_now_finds_one_that_asks_as_much(called: tuple[str, ...]) -> None:
    """None of them takes the only one that covers another, nobody is asked for more; also where dan was called in."""
    escalations = tuple(Escalation("release", 60, (one,), (one,)) for one in called)
    code, tap = (asks("alice", "bob", *called, by=(*X, *called), factor=factor, count=2) for factor in (CODE, TAP))
    fresh = asks("alice", "bob", by=X), asks("alice", "bob", by=X, factor=CODE)
    for frozen in ((code, tap), (tap, code)):
        for second in (fresh, fresh[::-1]):
            opened = replace(requirement(*frozen), escalations=escalations)
            assert later(opened, requirement(*second)) is None


def test_what_a_rule_asks_on_top_does_not_take_the_place_of_what_it_asked() -> None:
    """Two with a code, and since then one with a tap: three people, not two and two."""
    two, more = asks("alice", "bob", by=X, factor=CODE, count=2), asks("alice", "bob", by=X)
    for fresh in ((two, more), (more, two)):
        found = later(requirement(two), requirement(*fresh))
        assert found is not None
        assert found.clauses == (two, more)
