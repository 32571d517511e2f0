"""What a change of the policy means for a gate: stricter, looser, other people, refused, passes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import clause, requirement
from jenkins_mfa.core.model import Clause, Factor, Reason, Requirement
from jenkins_mfa.core.policy.compare import Change, Kind, compare

ONE = clause(1, factor=Factor.PUSH)
CODE = clause(1, factor=Factor.TOTP)
TWO = clause(2, factor=Factor.PUSH)
ALICE = clause(1, "alice", factor=Factor.PUSH)
DAN = clause(1, "dan", factor=Factor.PUSH)
NIGHT = clause(1, rule="night", factor=Factor.PUSH)

REFUSED = replace(requirement(TWO), refusal=Reason("too_few_people"))
PASSING = replace(requirement(), clauses=(), rules=("robot",), passes_by=("robot",))


@pytest.mark.parametrize(
    ("old", "new", "kind", "rules"),
    [
        (requirement(ONE), requirement(CODE), Kind.STRICTER, ("production",)),
        (requirement(ONE), requirement(TWO), Kind.STRICTER, ("production",)),
        (requirement(ONE), requirement(ONE, NIGHT), Kind.STRICTER, ("night",)),
        (requirement(ONE), requirement(ALICE), Kind.STRICTER, ("production",)),
        (requirement(ONE), requirement(DAN), Kind.OTHER_PEOPLE, ("production",)),
        (requirement(TWO), requirement(ONE), Kind.LOOSER, ("production",)),
        (requirement(CODE), requirement(TWO), Kind.BOTH, ("production",)),
        (requirement(ONE), REFUSED, Kind.REFUSED, ("production",)),
        (PASSING, REFUSED, Kind.REFUSED, ("production", "robot")),
        (requirement(ONE), PASSING, Kind.PASSES, ("production", "robot")),
        (REFUSED, PASSING, Kind.PASSES, ("production", "robot")),
        (PASSING, requirement(ONE), Kind.STRICTER, ("production", "robot")),
        (REFUSED, requirement(ONE), Kind.LOOSER, ("production",)),
    ],
)
def test_what_becomes_of_a_gate(old: Requirement, new: Requirement, kind: Kind, rules: tuple[str, ...]) -> None:
    """The kind, and the rules that make the difference."""
    found = compare(old, new)
    assert found == Change(kind, rules, "too_few_people" if kind is Kind.REFUSED else "")


def test_the_same_under_other_names_and_in_another_order_is_no_difference() -> None:
    """Names of rules, order, times and channels ask nobody for anything."""
    assert compare(requirement(ONE, CODE), requirement(CODE, replace(ONE, rule="other"))) is None
    assert compare(requirement(ONE), replace(requirement(ONE), ttl=60, channels=("C1",))) is None
    assert compare(PASSING, replace(PASSING, passes_by=("other",))) is None
    assert compare(REFUSED, replace(REFUSED, clauses=(ONE,))) is None


def test_kinds_have_the_names_that_a_report_shows() -> None:
    """In the order of the report."""
    assert [*Kind] == ["refused", "passes", "stricter", "looser", "other people", "stricter and looser"]


CLAUSES = st.lists(
    st.builds(
        lambda count, people, factor: clause(count, *people, factor=factor),
        st.integers(1, 3),
        st.sets(st.sampled_from(["alice", "bob", "carol"]), min_size=1),
        st.sampled_from([Factor.PUSH, Factor.TOTP]),
    ),
    min_size=1,
    max_size=4,
)
TURNED = {Kind.STRICTER: Kind.LOOSER, Kind.LOOSER: Kind.STRICTER}


@given(CLAUSES, CLAUSES)
def test_turned_round_it_is_the_opposite(one: list[Clause], other: list[Clause]) -> None:
    """What is stricter one way is looser the other way; all else is the same both ways."""
    there, back = compare(requirement(*one), requirement(*other)), compare(requirement(*other), requirement(*one))
    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert back.kind is TURNED.get(there.kind, there.kind)


@given(CLAUSES, CLAUSES)
def test_whatever_is_added_is_never_looser(clauses: list[Clause], added: list[Clause]) -> None:
    """More clauses on top of the same are stricter."""
    found = compare(requirement(*clauses), requirement(*clauses, *added))
    assert found is not None
    assert found.kind is Kind.STRICTER
