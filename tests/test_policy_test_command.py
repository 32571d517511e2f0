"""`policy test`: cases beside a policy, what is told of those that differ, and files that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from jenkins_mfa.cli import main

ROSTER = """\
version = 1
groups = ["release"]
[people.alice]
name = "Alice Wu"
groups = ["release"]
identities = { "slack:T0TEST" = "U1" }
[people.bob]
name = "Bob Ray"
groups = ["release"]
identities = { "slack:T0TEST" = "U2" }
[people.dan]
name = "Dan Fox"
identities = { "jenkins:main" = "dan" }
"""

POLICY = """\
version = 1
[calendars.office]
zone = "Europe/Berlin"
weekdays = ["mon", "tue", "wed", "thu", "fri"]
hours = ["09:00-17:00"]
[[environments]]
name = "production"
pipelines = ["*/deploy"]
tags = ["sensitive"]
[[rules]]
name = "production"
when = { environment = "production" }
require = [{ factor = "totp", approvers = ["group:release"] }]
[[rules]]
name = "night"
when = { tags = "sensitive", outside = "office" }
require = [{ factor = "push", approvers = ["alice"] }]
[[rules]]
name = "often"
when = { rate = { more_than = 3, within_minutes = 60 } }
require = [{ factor = "push", approvers = ["bob"] }]
mode = "observe"
[[rules]]
name = "robot"
when = { pipeline = "robot/*", only_triggers = "schedule" }
confirm = "none"
[default]
require = [{ factor = "totp", count = 2, approvers = ["group:release"] }]
"""

DAY, NIGHT = "2026-03-04T12:00:00+01:00", "2026-03-04T23:00:00+01:00"

RIGHT = f"""\
[[cases]]
name = "by day, one code"
pipeline = "shop/deploy"
requesters = ["dan"]
at = {DAY}
[cases.expect]
clauses = [{{ rule = "production", factor = "totp", count = 1, approvers = ["group:release"] }}]
rules = ["production"]
tags = ["sensitive"]
passes = false

[[cases]]
name = "by night, Alice too"
pipeline = "shop/deploy"
requesters = ["dan"]
at = {NIGHT}
[cases.expect]
clauses = [{{ rule = "night" }}, {{ rule = "production" }}]
reasons = ["outside", "outside office"]

[[cases]]
name = "Alice cannot confirm what she started"
pipeline = "shop/deploy"
requesters = ["alice"]
at = {NIGHT}
[cases.expect]
refused = "too_few_people"

[[cases]]
name = "a stranger costs one more"
pipeline = "shop/deploy"
unknown_requesters = ["someone"]
at = {DAY}
[cases.expect]
clauses = [{{ rule = "production" }}, {{ rule = "unknown requester" }}]

[[cases]]
name = "the fourth of an hour is noted"
pipeline = "shop/deploy"
requesters = ["dan"]
earlier_gates = {{ count = 3, minutes_ago = 20 }}
at = {DAY}
[cases.expect]
observed = [{{ rule = "often", approvers = ["bob"] }}]

[[cases]]
name = "the robot passes"
pipeline = "robot/nightly"
trigger = "schedule"
at = {NIGHT}
[cases.expect]
passes = true
clauses = []
rules = ["robot"]

[[cases]]
name = "the robot's job by hand, as it asks for itself"
pipeline = "robot/nightly"
requesters = ["dan"]
replayed = true
claims = {{ environment = "staging", quorum = 2, factor = "totp", details = {{ version = "1.4" }} }}
at = {NIGHT}
[cases.expect]
rules = ["default"]
ttl_seconds = 1800
"""

CASE = '[[cases]]\nname = "one"\npipeline = "shop/deploy"\n'


def run(folder: Path, cases: str, *options: str) -> Result:
    """The command on these cases."""
    (folder / "policy_tests").mkdir(exist_ok=True)
    (folder / "policy.toml").write_text(POLICY)
    (folder / "roster.toml").write_text(ROSTER)
    (folder / "policy_tests" / "all.toml").write_text(cases)
    return CliRunner().invoke(main, ["policy", "test", str(folder), *options])


def test_cases_that_are_right(tmp_path: Path) -> None:
    """Day and night, requesters, strangers, rate, robots: each is told in a line, and the sum is all right."""
    result = run(tmp_path, RIGHT)
    assert result.exit_code == 0, result.output
    assert result.output.count("right    all.toml: ") == 7
    assert result.output.endswith("7 cases, all right.\n")


def test_a_case_that_differs_says_what_is_missing_and_what_is_there(tmp_path: Path) -> None:
    """Exit 1, and the difference as a sentence below the case."""
    result = run(tmp_path, RIGHT.replace("count = 1", "count = 2"))
    assert result.exit_code == 1
    assert "finding  all.toml: by day, one code\n" in result.output
    assert (
        "clauses: expected 2 of group:release with a code (rule production); "
        "seen 1 of group:release with a code (rule production)" in result.output
    )
    assert result.output.endswith("7 cases, 1 finding.\n")


def test_a_refused_gate_meets_no_other_expectation(tmp_path: Path) -> None:
    """A case that names rules only is wrong once nobody can fill them."""
    result = run(tmp_path, RIGHT.replace('refused = "too_few_people"', 'rules = ["production", "night"]'))
    assert result.exit_code == 1
    assert "refused: expected not refused; seen too_few_people" in result.output


def test_json_and_junit_tell_the_same(tmp_path: Path) -> None:
    """Programs read one document; a CI system reads a suite for each file, with the difference in the failure."""
    file = tmp_path / "out.xml"
    result = run(tmp_path, RIGHT.replace("count = 1", "count = 2"), "--json", "--junit", str(file))
    document = json.loads(result.output)
    assert (document["v"], document["ok"], len(document["cases"])) == (1, False, 7)
    root = ElementTree.parse(file).getroot()
    assert (root.get("tests"), root.get("failures")) == ("7", "1")
    failures = root.findall("testsuite/testcase/failure")
    assert [failure.text for failure in failures] == ["\n".join(document["cases"][0]["differs"])]
    assert len(root.findall("testsuite/testcase")) == 7


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{CASE}requesters = ['dan']\nat = {DAY}\n", "nothing is expected"),
        (f"{CASE}requesters = ['dan']\n[cases.expect]\npasses = true\n", "at is missing"),
        (f"{CASE}at = {DAY}\n[cases.expect]\npasses = true\n", "nobody is behind the build"),
        (f"{CASE}at = {DAY}\nrequesters = ['zoe']\n[cases.expect]\npasses = true\n", 'seen: "zoe" (not in the roster)'),
        (f"{CASE}at = {DAY}\ntrigger = 'cron'\n[cases.expect]\npasses = true\n", 'seen: "cron"'),
        (f"{CASE}at = {DAY}\ntrigger = 'schedule'\n[cases.expect]\npass = true\n", "all.toml line 7"),
        (f"{CASE}at = {DAY}\ntrigger = 'schedule'\n[cases.expect]\npass = true\n", "nearest: passes"),
        (f"{CASE}zz = 1\nat = {DAY}\ntrigger = 'schedule'\n[cases.expect]\npasses = true\n", "all.toml line 4"),
        (f"{CASE}at = {DAY}\ntrigger = 'scm'\n[cases.expect]\nclauses = [{{ count = 0 }}]\n", "1 to 20"),
        (2 * f"{CASE}at = {DAY}\ntrigger = 'scm'\n[cases.expect]\npasses = true\n", "two cases have this name"),
        ("", "there is no case"),
        ("[[cases]\n", "not TOML"),
    ],
)
def test_cases_that_cannot_be_used(tmp_path: Path, text: str, told: str) -> None:
    """Exit 2 with the place and what is allowed: a case that is misspelt must not pass for one that holds."""
    result = run(tmp_path, text)
    assert result.exit_code == 2
    assert told in result.output, result.output


def test_without_cases_there_is_nothing_to_trust(tmp_path: Path) -> None:
    """An empty directory of cases is exit 2, not success."""
    run(tmp_path, RIGHT)
    (tmp_path / "policy_tests" / "all.toml").unlink()
    result = CliRunner().invoke(main, ["policy", "test", str(tmp_path)])
    assert result.exit_code == 2
    assert "holds no *.toml" in result.output
