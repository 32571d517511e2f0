"""The traps that policies of others fell into, each by its name."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from builders import NOW, ROSTER, claims, clause, facts, needs, person, policy, rule
from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Confirmation, Factor, History, Requirement, Starter, Trigger
from jenkins_mfa.core.policy import Demand, Roster, evaluate
from jenkins_mfa.policy_file import read_policy


def given(*people: str) -> list[Confirmation]:
    return [Confirmation(one, Factor.TOTP, NOW, "", "") for one in people]


def problems(tmp_path: Path, rules: str) -> list[str]:
    """What is wrong with a policy of these lines."""
    path = tmp_path / "policy.toml"
    default = '[default]\nrequire = [{ factor = "totp", approvers = ["group:release"] }]\n'
    path.write_text(f"version = 1\n{rules}\n{default}")
    return read_policy(path, ROSTER, {"main"}, 86400)[1]


def asking(demand: str) -> str:
    return f'[[rules]]\nname = "r"\nrequire = {demand}\n'


@pytest.mark.parametrize(
    "demand",
    [
        '[{ factor = "totp", count = 0, approvers = ["group:release"] }]',
        '[{ factor = "totp", count = -1, approvers = ["group:release"] }]',
        '[{ factor = "totp", approvers = [] }]',
        '[{ factor = "totp" }]',
        "[]",
    ],
)
def test_approvals_zero_or_left_out_is_refused_at_load(tmp_path: Path, demand: str) -> None:
    """Trap: approvals = 0 passes. The file is refused; and a requirement that asks nobody is never satisfied."""
    assert problems(tmp_path, asking('[{ factor = "totp", approvers = ["alice"] }]')) == []
    assert problems(tmp_path, asking(demand))


def test_approvals_zero_satisfies_nothing() -> None:
    """Trap: approvals = 0 passes. Should one get in all the same, nobody's consent is not consent."""
    empty = replace(rule(), require=(Demand(Factor.TOTP, 0, ("group:release",)),))
    for rules in (policy(empty), policy(replace(rule(), require=()))):
        found = needs(rules, facts(), claims())
        assert found.refusal is not None
        assert not quorum.satisfied(found, [])


def test_administrators_are_not_exempt() -> None:
    """Trap: administrators are exempt from the ban on self-approval: no group and no claim lifts it."""
    roster = {**ROSTER.people, "root": person("root", "release", "admins", "administrators")}
    started = facts(starters=(Starter(Trigger.PERSON, "root", "root"),))
    rules = policy(rule(approvers=("group:release", "root", "group:admins")))
    found = evaluate(rules, Roster(roster), started, claims(details=(("admin", "true"),)), History(NOW))
    assert "root" not in found.people


def test_one_click_fills_one_place() -> None:
    """Trap: one click fills every group; and `approved == needed` blocks once there is one too many."""
    rules = policy(rule("a", approvers=("group:release",)), rule("b", approvers=("group:security",)))
    found = needs(rules, facts(), claims())
    assert not quorum.satisfied(found, given("carol"))
    assert not quorum.satisfied(found, given("carol", "carol"))
    assert quorum.satisfied(found, given("carol", "bob"))
    assert quorum.satisfied(found, given("carol", "bob", "alice"))


def test_no_order_of_answers_deadlocks() -> None:
    """Trap: approvals assigned greedily: carol, who could fill either, never stands in another's way."""
    found = Requirement((clause(1, "alice", "carol"), clause(1, "carol"), clause(1, "bob", "alice")), 60, (), (), "")
    for order in permutations(("alice", "bob", "carol")):
        assert quorum.satisfied(found, given(*order)), order


def test_the_approver_list_follows_the_roster() -> None:
    """Trap: approver list frozen: each look finds who is in the group now."""
    left = Roster({name: one for name, one in ROSTER.people.items() if name != "alice"})
    assert "alice" in ROSTER.named(("group:release",), NOW)
    assert "alice" not in left.named(("group:release", "alice"), NOW)


def test_the_requester_comes_from_the_record() -> None:
    """Trap: requester id taken from the caller: whatever the pipeline says, dan's build is dan's."""
    started = facts(starters=(Starter(Trigger.PERSON, "alice", "alice"),))
    said = claims(details=(("requester", "dan"),), variables=(("BUILD_USER_ID", "dan"),), subject_name="dan")
    assert "alice" not in needs(policy(), started, said).people


@pytest.mark.parametrize("name", ["slack:release", "release", "group:Release", "group:release ", "jenkins:release"])
def test_a_group_of_the_same_name_elsewhere_is_another_one(name: str, tmp_path: Path) -> None:
    """Trap: same-named group of another namespace approves: it stands for nobody, and the file is refused."""
    assert ROSTER.named((name,), NOW) == frozenset()
    assert problems(tmp_path, asking(f'[{{ factor = "totp", approvers = ["{name}"] }}]'))


@pytest.mark.parametrize(
    ("approvers", "count"), [("group:nobody", 1), ("ghost", 1), ("group:release", 4), ("group:security", 2)]
)
def test_misconfiguration_shows_at_load(approvers: str, count: int, tmp_path: Path) -> None:
    """Trap: misconfiguration discovered at 3 a.m.: an unknown group, a person who left, more people than there are."""
    assert problems(tmp_path, asking(f'[{{ factor = "totp", count = {count}, approvers = ["{approvers}"] }}]'))


def test_misconfiguration_is_told_at_opening_not_at_the_deadline() -> None:
    """Trap: misconfiguration discovered at 3 a.m.: who started the build was the only one who could confirm it."""
    started = facts(starters=(Starter(Trigger.PERSON, "carol", "carol"),))
    found = needs(policy(rule(approvers=("group:security",))), started, claims())
    assert found.refusal is not None
    assert found.refusal.code == "too_few_people"
