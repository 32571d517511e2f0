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


@pytest.mark.parametrize(
    ("named", "part"),
    [
        (Expected(rules=frozenset({"other"})), "rules"),
        (Expected(tags=frozenset({"pci"})), "tags"),
        (Expected(passes=True), "passes"),
        (Expected(ttl_seconds=60), "ttl_seconds"),
        (Expected(observed=(Ask(),)), "observed"),
        (Expected(reasons=frozenset({"outside office"})), "reasons"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_part_is_compared(named: Expected, part: str) -> None:
    """Whatever is named and differs is told by its name."""
    assert [one.part for one in differences(named, requirement(ONE))] == [part]


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
