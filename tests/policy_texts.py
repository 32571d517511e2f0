"""Texts of policies for tests: a right one to break, and what is told of it then."""

from __future__ import annotations

import tempfile
from pathlib import Path

from builders import ROSTER
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.policy_file import read_policy

NOW = 1_764_000_000_000
#: 1 version, 3-4 default, 6-13 calendar, 15-18 environment, then the rules.
BASE = """\
version = 1

[default]
require = [{ factor = "push", approvers = ["group:release"] }]

[calendars.office]
zone = "Europe/Berlin"

[[calendars.office.freezes]]
name = "xmas"
start = "2026-12-21 00:00"
end = "2027-01-04 00:00"
reason = "Away."

[[environments]]
name = "production"
pipelines = "team/*"
tags = ["pci"]

"""
FIRST = BASE.count("\n") + 1  #: the line on which what is added begins
ASK = 'require = [{ factor = "totp", approvers = ["group:release"] }]\n'


def problems(text: str, now: int = NOW) -> list[str]:
    """What is wrong with a policy of this text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.toml"
        path.write_text(text, encoding="utf-8")
        try:
            _, found = read_policy(path, ROSTER, {"main"}, 86400, now)
        except ConfigError as error:
            return error.problems
    return found


def one(text: str) -> str:
    """The only problem of a policy."""
    found = problems(text)
    assert len(found) == 1, found
    return found[0]


def rule(when: str = "", more: str = "", ask: str = ASK) -> str:
    """The base with one more rule, whose header is the first line, `when` the third."""
    return f'{BASE}[[rules]]\nname = "x"\n{when}\n{ask}{more}'
