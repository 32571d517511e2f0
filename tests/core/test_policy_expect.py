"""What a test of a policy compares, what it leaves open, and that a refusal never passes unnoticed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import clause, requirement
from jenkins_mfa.core.model import Clause, Factor, Reason
from jenkins_mfa.core.policy.expect import Ask, Difference, Expected, differences, holding

ONE = clause(1, rule="one", factor=Factor.TOTP)
TWO = clause(2, rule="two", factor=Factor.PUSH)


def test_what_is_not_named_is_not_compared() -> None:
    """No expectation differs from no requirement that can be met."""
    assert differences(Expected(), requirement(ONE, TWO)) == []


def test_a_refusal_that_is_not_expected_stands_for_all() -> None:
    """A gate that nobody can confirm meets none of what is expected, even where its clauses are as named."""
    refused = replace(requirement(ONE), refusal=Reason("too_few_people"))
    named = Expected(clauses=(Ask(rule="one"),))
    assert differences(named, refused) == [Difference("refused", (), ("too_few_people",))]
    assert differences(Expected(refused="too_few_people"), refused) == []
    assert differences(Expected(refused="no_rule"), requirement()) == [Difference("refused", ("no_rule",), ())]


def test_clauses_are_all_that_there_are() -> None:
    """One clause too many, one too few: both are told, with what stands in the other's place."""
    found = requirement(ONE, TWO)
    assert differences(Expected(clauses=(Ask(rule="one"), Ask(count=2))), found) == []
    assert differences(Expected(clauses=(Ask(rule="one"),)), found) == [Difference("clauses", (), (TWO,))]
    more = Ask(rule="three")
    assert differences(Expected(clauses=(Ask(), Ask(), more)), found) == [Difference("clauses", (more,), ())]


ASKS = st.builds(
    Ask,
    rule=st.sampled_from([None, "one", "two"]),
    factor=st.sampled_from([None, Factor.PUSH, Factor.TOTP]),
    count=st.sampled_from([None, 1, 2]),
)
CLAUSES = st.builds(
    lambda rule, factor, count: clause(count, rule=rule, factor=factor),
    st.sampled_from(["one", "two"]),
    st.sampled_from([Factor.PUSH, Factor.TOTP]),
    st.integers(1, 2),
)


@given(st.lists(CLAUSES, min_size=1, max_size=4), st.data())
def test_each_clause_named_whole_or_in_part_finds_its_own(clauses: list[Clause], data: st.DataObject) -> None:
    """However much each leaves open and in whatever order they are written: clauses meet what was made from them."""

    def opened(one: Clause) -> Ask:
        keep = data.draw(st.tuples(st.booleans(), st.booleans(), st.booleans()))
        return Ask(
            *(value if kept else None for value, kept in zip((one.rule, one.factor, one.count), keep, strict=True))
        )

    asks = data.draw(st.permutations([opened(one) for one in clauses]))
    assert differences(Expected(clauses=tuple(asks)), requirement(*clauses)) == []


@given(st.lists(ASKS, max_size=4), st.lists(CLAUSES, min_size=1, max_size=4))
def test_no_clause_is_counted_twice(asks: list[Ask], clauses: list[Clause]) -> None:
    """As many are left on one side as on the other, but for the difference of their numbers."""
    found = differences(Expected(clauses=tuple(asks)), requirement(*clauses))
    missing, instead = (len(found[0].missing), len(found[0].instead)) if found else (0, 0)
    assert len(asks) - missing == len(clauses) - instead


SEEN = replace(
    requirement(ONE),
    rules=("one", "too"),
    tags=("big", "pci"),
    observed=(TWO,),
    reasons=Reason("requirement", children=(Reason("outside", {"wanted": "office"}), Reason("rate"))),
)


@pytest.mark.parametrize(
    ("named", "difference"),
    [
        (Expected(rules=frozenset({"x", "too", "a"})), Difference("rules", ("a", "x"), ("one",))),
        (Expected(rules=frozenset()), Difference("rules", (), ("one", "too"))),
        (Expected(tags=frozenset({"pci", "x", "a"})), Difference("tags", ("a", "x"), ("big",))),
        (Expected(passes=True), Difference("passes", ("true",), ("false",))),
        (Expected(ttl_seconds=60), Difference("ttl_seconds", ("60",), ("1800",))),
        (Expected(observed=(Ask(rule="x"),)), Difference("observed", (Ask(rule="x"),), (TWO,))),
        (Expected(observed=()), Difference("observed", (), (TWO,))),
        (
            Expected(reasons=frozenset({"outside night", "inside", "rate"})),
            Difference("reasons", ("inside", "outside night"), ("outside", "outside office", "requirement")),
        ),
    ],
    ids=lambda value: value.part if isinstance(value, Difference) else "",
)
def test_each_part_is_compared(named: Expected, difference: Difference) -> None:
    """Whatever is named and differs is told, with what is missing and what is there, in order."""
    assert differences(named, SEEN) == [difference]


def test_each_part_that_is_as_named_is_no_difference() -> None:
    """All of them at once, and none of them."""
    held = frozenset(("requirement", "outside", "outside office", "rate"))
    named = Expected((Ask("one"),), (Ask("two"),), frozenset(("one", "too")), held, frozenset(("pci", "big")), False)
    assert differences(replace(named, ttl_seconds=1800), SEEN) == []
    assert differences(Expected(), SEEN) == []


def test_what_lets_pass_is_named_among_the_rules() -> None:
    """And that it passes can be asked for, or ruled out."""
    free = replace(SEEN, passes_by=("free",))
    named = frozenset({"one", "too", "free"})
    assert differences(Expected(rules=named, passes=True), free) == []
    assert differences(Expected(passes=False), free) == [Difference("passes", ("false",), ("true",))]


def test_only_reasons_that_hold_count() -> None:
    """A question that was answered no, or is not known, is no reason."""
    tree = Reason(
        "requirement",
        children=(
            Reason("outside", {"wanted": "office"}),
            Reason("branch", {"wanted": "main"}, holds=False),
            Reason("tags", {"wanted": "pci"}, holds=None),
        ),
    )
    assert set(holding(tree)) == {"requirement", "outside", "outside office"}
