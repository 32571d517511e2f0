"""`[slack_groups]` of policy.toml: which groups may be in it, and what then cannot be said or asked any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import NOW, ROSTER
from jenkins_mfa.core.policy import Policy, Roster
from jenkins_mfa.core.policy.analysis import remarks
from jenkins_mfa.policy_file import read_policy
from jenkins_mfa.words import findings
from jenkins_mfa.words.render import terminal

#: Nobody of the roster is in `dba`.
KNOWN = Roster(ROSTER.people, frozenset({"release", "security", "developers", "dba"}))
BASE = """
version = 1
[slack_groups]
release = "S0123ABCD"
dba = "S0999ZZZZ"
[default]
require = [{ factor = "push", count = 5, approvers = ["group:dba"] }]
"""


def parse(tmp_path: Path, text: str) -> tuple[Policy, list[str]]:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    return read_policy(path, KNOWN, {"main"}, 86400)


def test_a_group_in_it_may_have_any_number_of_members(tmp_path: Path) -> None:
    """It needs no own members, and nobody says that a count is too high for it."""
    found, problems = parse(tmp_path, BASE)
    assert problems == []
    assert found.outside == {"release": "S0123ABCD", "dba": "S0999ZZZZ"}


def test_break_glass_may_be_reviewed_by_a_group_in_it(tmp_path: Path) -> None:
    """Who is in it no file tells; that a third person reviews is looked at when somebody does."""
    glass = (
        '[[rules]]\nname = "g"\nbreak_glass = true\nreview_by = ["group:dba"]\n'
        'require = [{ factor = "totp", count = 2, approvers = ["alice", "bob"] }]\n'
    )
    assert parse(tmp_path, BASE + glass)[1] == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('relase = "S0123ABCD"', "[slack_groups] relase: roster.toml has no such group; allowed: dba, developers, "),
        ('security = "release-team"', '[slack_groups] security: seen: "release-team" (text); allowed: a user group'),
        ('security = "C0123ABCD"', '[slack_groups] security: seen: "C0123ABCD" (text); allowed: a user group\'s id'),
        ("security = 5", "[slack_groups] security: seen: 5 (number); allowed: a user group's id"),
        ('"a b" = "S0123ABCD"', "[slack_groups] a b: the name of a group may hold a-z"),
    ],
)
def test_bad_entries(tmp_path: Path, line: str, told: str) -> None:
    """Each has its place."""
    (problem,) = parse(tmp_path, BASE.replace("[default]", f"{line}\n[default]"))[1]
    assert told in problem


def test_too_many_groups(tmp_path: Path) -> None:
    """Slack answers about twenty questions a minute."""
    many = "".join(f'g{n} = "S0{n:03}"\n' for n in range(16))
    problems = parse(tmp_path, BASE.replace("[default]", f"{many}[default]"))[1]
    assert any(problem.endswith("slack_groups: 18 groups; 15 are allowed") for problem in problems)


@pytest.mark.parametrize("key", ["requesters", "only_requesters", "commit_authors", "only_commit_authors"])
@pytest.mark.parametrize("negated", [False, True])
def test_whether_a_rule_applies_does_not_rest_on_what_slack_says(tmp_path: Path, key: str, negated: bool) -> None:
    """An empty group would switch a rule off: one that asks, or, under not, one that lets pass."""
    asked = f'{{ {key} = ["group:release", "dan"] }}'
    when = f"{{ not = {asked} }}" if negated else asked
    rule = f'[[rules]]\nname = "r"\nwhen = {when}\nrequire = [{{ factor = "push", approvers = ["alice"] }}]\n'
    (problem,) = parse(tmp_path, BASE + rule)[1]
    assert f'{key}: "group:release" is in [slack_groups]' in problem
    assert parse(tmp_path, BASE + rule.replace("group:release", "group:developers"))[1] == []


def test_it_is_listed_under_what_loosens_and_nothing_is_said_of_its_size(tmp_path: Path) -> None:
    """Not too few people, not that nobody is in it, not who of the roster's own has no account."""
    found = remarks(parse(tmp_path, BASE)[0], KNOWN, "chat:T1", NOW)
    assert [(one.kind, one.code) for one in found] == [("loosens", "outside")] * 2
    assert terminal(findings.sentence(found[1], KNOWN)) == (
        "whoever may edit Slack's user group S0123ABCD chooses who may approve as group release"
    )
