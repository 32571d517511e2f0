"""When a rule applies, in words."""

from __future__ import annotations

from pathlib import Path

from cli_files import write
from jenkins_mfa import config as configuration
from jenkins_mfa.words import conditions, render
from jenkins_mfa.words.tree import line

RULES = """\
version = 1

[[rules]]
name = "all"
require = [{ factor = "totp", approvers = ["group:release"] }]

[[rules]]
name = "much"
require = [{ factor = "totp", approvers = ["group:release"] }]

[rules.when]
pipeline = ["team one/*", "team two/*"]
requesters = ["alice"]
replayed = true
rate = { more_than = 5, within_minutes = 60 }
parameters = { VERSION = "1.*" }
any = [{ branch = "main" }, { not = { trigger = "person" } }]

[default]
require = [{ factor = "totp", approvers = ["group:release"] }]
"""


def told(folder: Path, name: str) -> list[str]:
    path = write(folder, policy=RULES)
    rules = {rule.name: rule for rule in configuration.load(path).policy.rules}
    return [render.terminal(line(branch)) for branch in conditions.branches(rules[name].when)]


def test_each_question_is_a_line(tmp_path: Path) -> None:
    """By the policy's own keys; what is combined stands below."""
    found = told(tmp_path, "much")
    assert set(found) >= {
        "pipeline: team one/*, team two/*",
        "requesters: alice",
        "replayed: yes",
        "rate: more than 5 within 60 min",
        "parameters: VERSION = 1.*",
        "one of these at least:",
        "    branch: main",
        "    not this:",
        "        trigger: person",
    }


def test_a_rule_without_conditions_says_nothing(tmp_path: Path) -> None:
    """It applies to everything."""
    assert told(tmp_path, "all") == []
