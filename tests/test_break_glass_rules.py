"""What a rule for break-glass must say in policy.toml: two named people, the strongest factor, and who reviews."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import ROSTER
from jenkins_mfa.policy_file import read_policy

REQUIRE = 'require = [{ factor = "totp", count = 2, approvers = ["alice", "bob"] }]'
REVIEW = 'review_by = ["group:security"]'
DEFAULT = '[default]\nrequire = [{ factor = "totp", approvers = ["group:release"] }]\n'


def problems(tmp_path: Path, *lines: str, name: str = "emergency") -> list[str]:
    """What is wrong with a policy of one rule."""
    path = tmp_path / "policy.toml"
    path.write_text("\n".join(["version = 1", "[[rules]]", f'name = "{name}"', *lines, DEFAULT]))
    return read_policy(path, ROSTER, {"main"}, 86400)[1]


def test_a_rule_of_two_named_people_and_a_reviewer_is_right(tmp_path: Path) -> None:
    """And so is one for certain builds, by what no pipeline can bring about."""
    assert problems(tmp_path, "break_glass = true", REQUIRE, REVIEW) == []
    assert problems(tmp_path, "break_glass = true", REQUIRE, REVIEW, 'when = { pipeline = "*/deploy" }') == []
    two = 'require = [{ factor = "totp", approvers = ["alice"] }, { factor = "webauthn", approvers = ["bob"] }]'
    assert problems(tmp_path, "break_glass = true", two, REVIEW) == []


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (['require = [{ factor = "totp", approvers = ["alice"] }]', REVIEW], "at least two people"),
        (['require = [{ factor = "totp", count = 2, approvers = ["group:release"] }]', REVIEW], "not by group"),
        (['require = [{ factor = "push", count = 2, approvers = ["alice", "bob"] }]', REVIEW], "strongest factor"),
        ([REQUIRE], "review_by: it is missing"),
        ([REQUIRE, "review_by = []"], "review_by: it is missing"),
        ([REQUIRE, 'review_by = ["alice", "bob"]'], "names nobody beside those who confirm"),
        ([REQUIRE, 'review_by = ["zoe"]'], "not in the roster"),
        ([REQUIRE, REVIEW, 'mode = "observe"'], "cannot be observed"),
        ([REQUIRE, REVIEW, "escalate_after = 60", 'escalate_to = ["carol"]'], "only the people that it names"),
        ([REQUIRE, REVIEW, 'when = { claims = { environment = "x" } }'], "when"),
        ([REVIEW, 'when = { pipeline = "x" }', 'confirm = "none"'], "do not go with"),
    ],
)
def test_what_would_make_it_a_bypass_is_refused(tmp_path: Path, lines: list[str], says: str) -> None:
    """One person, a group, a tap, nobody who looks afterwards, further people in time, what the pipeline says."""
    found = problems(tmp_path, "break_glass = true", *lines)
    assert any(says in one for one in found), found


def test_who_reviews_stands_with_break_glass_only(tmp_path: Path) -> None:
    """Elsewhere it would do nothing."""
    assert "goes together with break_glass" in "".join(problems(tmp_path, REQUIRE, REVIEW, name="normal"))
