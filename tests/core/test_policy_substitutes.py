"""Remarks about substitutes: whoever is named beside those for whom they stand in leaves a place open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import ROSTER, policy, rule
from jenkins_mfa.core.policy import Absence, Person, Policy, Roster
from jenkins_mfa.core.policy.analysis import Remark, remarks


def told(rules: Policy, people: dict[str, Person], now: int = 0) -> list[Remark]:
    """The remarks about substitutes."""
    roster = Roster({**ROSTER.people, **people}, ROSTER.groups)
    return [one for one in remarks(rules, roster, "chat:T1", now) if one.code == "substitute_named"]


def away(name: str, substitute: str, start: int = 100, end: int = 200) -> dict[str, Person]:
    return {name: replace(ROSTER.people[name], absence=Absence(start, end, substitute))}


@pytest.mark.parametrize(
    ("approvers", "substitute", "now", "found"),
    [
        (("alice", "bob"), "bob", 0, True),
        (("alice", "bob"), "bob", 199, True),
        (("alice", "bob"), "bob", 200, False),
        (("alice", "bob"), "eve", 0, False),
        (("alice", "bob", "carol"), "bob", 0, False),
        (("alice", "group:security"), "carol", 0, False),
        (("bob", "carol"), "bob", 0, False),
    ],
)
def test_a_substitute_who_is_named_beside_whoever_is_away(
    approvers: tuple[str, ...], substitute: str, now: int, found: bool
) -> None:
    """Two are needed, and one is away: told until the absence ends, and only where one is missing then."""
    gone = away("alice", substitute)
    rules = policy(rule("pair", approvers=approvers, quorum=2))
    assert bool(told(rules, gone, now)) is found
    unsure = policy(rule("pair", approvers=(*approvers, "group:slack"), quorum=2), outside={"slack": "S1"})
    assert told(unsure, gone, now) == []


def test_everybody_who_is_away_is_looked_at() -> None:
    """Also who comes after somebody who is there, or who is back already."""
    rules = policy(rule("pair", approvers=("alice", "bob"), quorum=2))
    remark = Remark("finding", "substitute_named", "pair", {"other": "alice", "until": "200"}, ("bob",))
    assert told(rules, away("bob", "alice")) == [remark]
    assert told(rules, away("alice", "eve", 0, 1) | away("bob", "alice"), 1) == [remark]


@pytest.mark.parametrize(
    ("start", "end", "found"), [(100, 200, False), (100, 101, False), (50, 100, True), (101, 200, True)]
)
def test_whoever_stands_in_for_another_then_fills_the_place(start: int, end: int, found: bool) -> None:
    """Alice's place is open from the beginning of her absence, unless eve stands in for carol by then."""
    rules = policy(rule("three", approvers=("alice", "bob", "carol"), quorum=3))
    assert bool(told(rules, away("alice", "bob") | away("carol", "eve", start, end))) is found
