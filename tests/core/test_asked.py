"""What each person is asked for: enough that no order of answers ends in a place that nobody can fill, and no more."""

from __future__ import annotations

from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import NOW, clause, requirement
from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Clause, Confirmation, Factor, Requirement

PEOPLE = "abcde"
TAP, CODE, KEY = Factor.PUSH, Factor.TOTP, Factor.WEBAUTHN


def answer(person: str, factor: Factor) -> Confirmation:
    return Confirmation(person, factor, NOW, "chat:T1/U", f"tap-{person}")


def fillable(needs: Requirement, people: dict[str, Factor]) -> bool:
    """Whether all places can be filled: every way to seat distinct people is tried."""
    places = [c for c in needs.clauses for _ in range(c.count)]
    return any(
        all(quorum.fits(place, one, people[one]) for place, one in zip(places, seated, strict=True))
        for seated in permutations(sorted(people), len(places))
    )


clauses = st.builds(
    lambda count, people, factor: clause(count, *people, factor=factor),
    st.integers(1, 2),
    st.sets(st.sampled_from(PEOPLE), min_size=1),
    st.sampled_from(Factor),
)
requirements = st.lists(clauses, min_size=1, max_size=3).map(lambda found: requirement(*found))


@settings(max_examples=300, deadline=None)
@given(needs=requirements, order=st.permutations(PEOPLE))
def test_whoever_answers_first_the_gate_ends_satisfied_exactly_when_it_can(
    needs: Requirement, order: list[str]
) -> None:
    """Everyone gives what they are asked for, in any order; nobody is used twice, nobody gives what no place asks."""
    given_so_far: list[Confirmation] = []
    for person in order:
        if quorum.satisfied(needs, given_so_far):
            break
        asked = quorum.asked(needs, given_so_far, person)
        if asked is not None:
            assert any(person in c.people and c.factor is asked for c in needs.clauses)
            given_so_far.append(answer(person, asked))
    assert quorum.satisfied(needs, given_so_far) == fillable(needs, dict.fromkeys(PEOPLE, KEY))
    assert len({one.person for one in given_so_far}) == len(given_so_far) <= needs.total


@settings(max_examples=150, deadline=None)
@given(needs=requirements, given_by=st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(Factor)))
def test_who_is_not_asked_would_not_help_whatever_they_gave(needs: Requirement, given_by: dict[str, Factor]) -> None:
    """And whoever is asked fills one place more."""
    for person in PEOPLE:
        if person in given_by:
            continue
        asked = quorum.asked(needs, [answer(*one) for one in given_by.items()], person)
        before = sum(quorum.assign(needs.clauses, given_by))
        after = sum(quorum.assign(needs.clauses, given_by | {person: asked or KEY}))
        assert after == before + (asked is not None)


@settings(max_examples=200, deadline=None)
@given(needs=requirements, given_by=st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(Factor)))
def test_a_valid_assignment_is_found_wherever_there_is_one(needs: Requirement, given_by: dict[str, Factor]) -> None:
    """The matching agrees with trying every way (traps: greedy assignment, one click that fills every group)."""
    confirmations = [answer(*one) for one in given_by.items()]
    assert quorum.satisfied(needs, confirmations) == fillable(needs, given_by)


SECURITY, RELEASE = ("c", "d"), ("a", "b", "c", "d")
TWO_TEAMS = requirement(clause(1, *SECURITY, factor=CODE), clause(2, *RELEASE))


def test_one_of_security_with_a_code_and_two_of_release_with_a_tap() -> None:
    """Who is in both gives the code; once it is there, the other one of both only taps."""
    assert {one: quorum.asked(TWO_TEAMS, [], one) for one in "abcde"} == {
        "a": TAP,
        "b": TAP,
        "c": CODE,
        "d": CODE,
        "e": None,
    }
    with_code = [answer("c", CODE)]
    assert [quorum.asked(TWO_TEAMS, with_code, one) for one in "abd"] == [TAP, TAP, TAP]
    assert quorum.asked_of_all(TWO_TEAMS, ()) == {TAP, CODE}
    assert quorum.asked_of_all(TWO_TEAMS, tuple(with_code)) == {TAP}


def test_who_fills_no_open_place_is_not_asked() -> None:
    """Two of release have tapped: a third of release is not needed, somebody of security is."""
    tapped = [answer("a", TAP), answer("b", TAP)]
    three = requirement(clause(1, *SECURITY, factor=CODE), clause(2, "a", "b", "x"))
    assert quorum.asked(three, tapped, "x") is None
    assert quorum.asked(three, tapped, "c") is CODE


def test_the_only_one_who_can_fill_a_weak_place_is_not_asked_for_the_strong_one() -> None:
    """Otherwise one answer more would be a code for nothing: others can give it."""
    needs = requirement(clause(1, "a"), clause(1, "a", "b", factor=CODE))
    assert (quorum.asked(needs, [], "a"), quorum.asked(needs, [], "b")) == (TAP, CODE)


def test_somebody_moves_to_a_place_that_needs_what_they_gave() -> None:
    """A code counts where a tap would do, until the code's own place needs it."""
    needs = requirement(clause(1, "a", "b"), clause(1, "a", factor=CODE))
    assert quorum.asked(needs, [answer("a", CODE)], "b") is TAP


@pytest.mark.parametrize("factors", sorted(product([TAP, CODE], repeat=2)))
def test_strong_places_are_filled_first(factors: tuple[Factor, Factor]) -> None:
    """What stays open asks for as little as it can, whatever the order of the clauses."""
    needs = requirement(*(clause(1, "a", "b", factor=factor) for factor in factors))
    left = [c.factor for c, n in zip(needs.clauses, quorum.open_places(needs, [answer("a", CODE)]), strict=True) if n]
    assert left == [min(factors, key=lambda factor: factor.strength)]


def test_many_people_are_looked_through_quickly() -> None:
    """Three hundred people in three clauses cost a few matchings, not one for each person."""
    crowd = tuple(f"p{n:03}" for n in range(300))
    needs = requirement(*(Clause("r", factor, 3, crowd, ("group:all",)) for factor in (TAP, CODE, KEY)))
    assert quorum.asked_of_all(needs, ()) == {KEY}


def test_somebody_is_asked_for_more_where_others_are_needed_elsewhere() -> None:
    """Without the key of e, a must stay at the key, and a place that only a and c can fill stays open."""
    needs = requirement(clause(1, "a", "e", factor=KEY), clause(2, "b", "c", "e", "f"), clause(2, "a", "c"))
    given_so_far = [answer("c", TAP), answer("a", KEY), answer("f", CODE)]
    assert quorum.asked(needs, given_so_far, "e") is KEY
