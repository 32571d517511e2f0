"""Absence: who stands in, from when until when, and how far a chain of substitutes goes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW, ROSTER, claims, facts, policy, rule
from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Confirmation, Factor, History
from jenkins_mfa.core.policy import Absence, Person, Roster, evaluate
from jenkins_mfa.roster_file import read_roster

START, END = NOW, NOW + 3_600_000


def away(**substitutes: str) -> Roster:
    """The roster of the tests, in which people are away and have these substitutes."""
    people = dict(ROSTER.people)
    for who, substitute in substitutes.items():
        people[who] = replace(people[who], absence=Absence(START, END, substitute))
    return Roster(people)


@pytest.mark.parametrize(
    ("at", "stands_in"), [(START - 1, False), (START, True), (END - 1, True), (END, False), (0, False)]
)
def test_a_substitute_stands_in_from_the_start_until_before_the_end(at: int, stands_in: bool) -> None:
    """To the millisecond; whoever is away may still answer."""
    found = away(alice="eve").named(["alice"], at)
    assert found == ({"alice", "eve"} if stands_in else {"alice"})


def test_a_chain_goes_to_the_third_substitute_and_no_further() -> None:
    """alice → bob → carol → dan; eve, whom dan names, is a fourth."""
    roster = away(alice="bob", bob="carol", carol="dan", dan="eve")
    assert roster.named(["alice"], NOW) == {"alice", "bob", "carol", "dan"}


def test_a_chain_ends_with_whoever_is_there() -> None:
    """bob is back: carol does not stand in for alice."""
    roster = away(alice="bob", bob="carol")
    people = {**roster.people, "bob": replace(roster.people["bob"], absence=Absence(0, NOW, "carol"))}
    assert Roster(people).named(["alice"], NOW) == {"alice", "bob"}


def test_a_substitute_who_is_named_too_fills_one_place() -> None:
    """One person, one place: bob for himself is not bob for alice as well."""
    two = policy(rule(approvers=("alice", "bob"), quorum=2))
    found = evaluate(two, away(alice="bob"), facts(), claims(), History(NOW))
    bob, alice = (Confirmation(one, Factor.TOTP, NOW, "", "") for one in ("bob", "alice"))
    assert quorum.open_places(found, [bob]) == (1,)
    assert quorum.open_places(found, [bob, alice]) == (0,)


def test_groups_stay_as_they_are() -> None:
    """Who is away as a member of a group has no substitute there."""
    assert away(alice="eve").named(["group:release"], NOW) == {"alice", "bob", "carol"}


def test_a_substitute_who_is_behind_the_build_may_not_answer() -> None:
    """S9: dan started it, whoever he stands in for."""
    rules = policy(rule(approvers=("alice", "bob")))
    found = evaluate(rules, away(alice="dan"), facts(), claims(), History(NOW))
    assert found.people == ("alice", "bob")


@given(st.dictionaries(st.sampled_from(sorted(ROSTER.people)), st.sampled_from([*sorted(ROSTER.people), "nobody"])))
def test_whatever_the_roster_says_it_ends(substitutes: dict[str, str]) -> None:
    """Circles, which the file may not have, and substitutes who have left: a few people, always of the roster."""
    found = away(**substitutes).named(["alice"], NOW)
    assert "alice" in found
    assert len(found) <= 4
    assert found <= ROSTER.people.keys()


def read(folder: Path, *absences: str) -> tuple[dict[str, Person], list[str]]:
    """A roster file of a, b, c …, each with its absence."""
    lines = ["version = 1", 'groups = ["g"]']
    for name, absence in zip("abcdefgh", absences, strict=False):
        lines += [f"[people.{name}]", f'name = "{name}"', f'identities = {{ "jenkins:main" = "{name}" }}']
        lines += [f"absence = {{ {absence} }}"] if absence else []
    path = folder / "roster.toml"
    path.write_text("\n".join(lines))
    roster, problems = read_roster(path, {"jenkins:main"})
    return dict(roster.people), problems


def by(substitute: str, until: str = "2026-01-01T00:00:00+01:00") -> str:
    """An absence."""
    return f'until = {until}, substitute = "{substitute}"'


def test_three_substitutes_in_a_row_are_read(tmp_path: Path) -> None:
    """From now on where no start is given; times are moments, with their offset."""
    people, problems = read(tmp_path, by("b"), by("c"), by("d"), "")
    assert problems == []
    assert people["a"].absence == Absence(0, 1_767_222_000_000, "b")


@pytest.mark.parametrize(
    ("absences", "told"),
    [
        ((by("a"),), "a → a goes round in a circle"),
        ((by("b"), by("a")), "a → b → a goes round in a circle"),
        ((by("b"), by("c"), by("a")), "a → b → c → a goes round in a circle"),
        ((by("b"), by("c"), by("d"), by("e"), ""), "a → b → c → d → e is longer than 3 substitutes"),
        ((by("nobody"),), '"nobody" (not in the roster)'),
        ((f"start = 2026-01-02T00:00:00Z, {by('b')}", ""), "it is not after start"),
        (('substitute = "b"', ""), "until"),
        (("until = 2026-01-01T00:00:00Z", ""), "substitute"),
        (('until = "2026-01-01", substitute = "b"', ""), "until"),
        (("until = 2026-01-01T00:00:00, substitute = 'b'", ""), "until"),
        ((f"{by('b')}, colour = 1", ""), "colour: this key is not known"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(tmp_path: Path, absences: tuple[str, ...], told: str) -> None:
    """Circles, chains that are too long, people who are not there, times that are none or no moments."""
    _, problems = read(tmp_path, *absences)
    assert any(told in problem for problem in problems), problems
