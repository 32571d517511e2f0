"""Bad rosters, one case each, with the line of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from jenkins_mfa.roster_file import read_roster

ROSTER = """\
version = 1
groups = ["release"]

[people.bob]
name = "Bob Ray"
groups = ["release"]
identities = { "slack:T1" = "U1", "jenkins:main" = "bray" }

[people.eve]
name = "Eve Lin"
identities = { "slack:T1" = "U2" }
"""

CASES = [
    (
        'identities = { "slack:T1" = "U2" }',
        "",
        9,
        "[people.eve] identities: there is none, so nobody could ever be this person",
    ),
    ('"U2" }', '"U1" }', 11, "[people.eve] identities: slack:T1 U1 already belongs to bob"),
    ('{ "slack:T1" = "U2" }', '{ "chat:T9" = "U2" }', 11, '"chat:T9" is not known; allowed: jenkins:main, slack:T1'),
    ('{ "slack:T1" = "U2" }', "{ }", 11, "[people.eve] identities: there is none"),
    ('{ "slack:T1" = "U2" }', '{ "slack:T1" = 7 }', 11, "(table); allowed: a table of texts"),
    (
        'groups = ["release"]\nid',
        'groups = ["relase"]\nid',
        6,
        '[people.bob] groups: "relase" is not known; allowed: release',
    ),
    ('"Eve Lin"', '"*Eve*"', 10, '[people.eve] name: seen: "*Eve*" (text); allowed: 1 to 40 characters without markup'),
    (
        '"U2" }',
        '"eve" }',
        11,
        '[people.eve] identities: slack:T1: seen: "eve" (text); allowed: a member id such as U0123ABCD: in Slack',
    ),
    ('"U2" }', '"u2" }', 11, '[people.eve] identities: slack:T1: seen: "u2" (text); allowed: a member id'),
    ('"U2" }', '" U2" }', 11, '[people.eve] identities: slack:T1: seen: " U2" (text); allowed: a member id'),
    ('"U2" }', '"B2" }', 11, '[people.eve] identities: slack:T1: seen: "B2" (text); allowed: a member id'),
    ("[people.eve]", '[people."Eve Lin"]', 9, "[people.Eve Lin]: the id may hold a-z, 0-9, dot, dash and underscore"),
    (
        'name = "Eve Lin"',
        'nam = "Eve Lin"',
        10,
        "[people.eve] nam: this key is not known; nearest: name, which is missing",
    ),
    ("groups = [", "groups = 1 # [", 2, "groups: seen: 1 (number); allowed"),
]


@pytest.mark.parametrize(("old", "new", "line", "told"), CASES)
def test_each_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, told: str) -> None:
    """Who people are decides who may answer: nothing in it is guessed."""
    assert old in ROSTER
    path = tmp_path / "roster.toml"
    path.write_text(ROSTER.replace(old, new, 1))
    _, found = read_roster(path, {"slack:T1", "jenkins:main"})
    assert any(problem.startswith(f"roster.toml line {line} ") and told in problem for problem in found), found


def test_a_roster_without_a_fault(tmp_path: Path) -> None:
    """The base of the cases; groups are known even where nobody is in them."""
    path = tmp_path / "roster.toml"
    path.write_text(ROSTER.replace('groups = ["release"]\n\n', 'groups = ["release", "dba"]\n\n'))
    roster, found = read_roster(path, {"slack:T1", "jenkins:main"})
    assert found == []
    assert roster.groups == {"release", "dba"}
    assert roster.members("dba") == ()
