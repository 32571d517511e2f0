"""`policy explain` for cases given by options: what is needed, and the whole tree of reasons in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli_files import write
from jenkins_mfa.cli import main

POLICY = """
version = 1

[calendars.office]
zone = "Europe/Berlin"
weekdays = ["mon", "tue", "wed", "thu", "fri"]
hours = ["08:00-18:00"]

[[environments]]
name = "production"
pipelines = "team/*/deploy"

[[resources]]
paths = "terraform/prod/*"
tags = "sensitive"

[[rules]]
name = "production"
when = { environment = "production" }
require = [{ factor = "totp", approvers = ["group:release"] }]
authors_may_approve = false

[[rules]]
name = "nights"
when = { outside = "office", tags = ["sensitive"] }
require = [{ factor = "totp", approvers = ["carol"] }]

[[rules]]
name = "claimed"
when = { claims = { action = "drop*" } }
require = [{ factor = "push", approvers = ["group:release"] }]

[[rules]]
name = "trial"
when = { any = [{ branch = "release/*" }, { not = { pipeline = "team/*" } }] }
require = [{ factor = "push", approvers = ["bob"] }]
mode = "observe"

[default]
require = [{ factor = "push", approvers = ["group:release"] }]
""".replace('tags = "sensitive"', 'tags = ["sensitive"]')


def explain(folder: Path, *options: str) -> Result:
    """One call; secrets are taken away first, as nothing may need them."""
    path = write(folder, policy=POLICY)
    for secret in folder.glob("*.token"):
        secret.unlink()
    return CliRunner().invoke(main, ["policy", "explain", "--config", str(path), *options])


CASE = ("--pipeline", "team/app/deploy", "--requester", "dan", "--at", "2026-12-24T10:00:00Z")


def test_a_case_is_told_whole(tmp_path: Path) -> None:
    """Clauses with their people, then every rule with each question, what was wanted and what was seen."""
    found = explain(tmp_path, *CASE, "--branch", "main", "--path", "terraform/prod/x.tf", "--author", "alice")
    assert found.exit_code == 0, found.output
    assert found.output.splitlines() == [
        "Environment by the policy: production. Tags: sensitive.",
        "Needs:",
        "    1 of release with a code (rule production)",
        "        May answer: Bob Ray and Carol Diaz.",
        "Waits 30 min. Asks in the default channel.",
        "Why",
        "    Rule production applies.",
        "        Yes: environment, wanted: production; seen: “production”.",
        "    Rule nights does not match.",
        "        No: all of these:",
        "            Yes: tags, wanted: sensitive; seen: “sensitive”.",
        "            No: outside, wanted: office; it is within the hours (local 2026-12-24 11:00 CET (Europe/Berlin)).",
        "    Rule claimed does not match.",
        "        No: claims.action, wanted: drop*; the Jenkinsfile says “deploy”.",
        "    Rule trial does not match.",
        "        No: one of these at least:",
        "            No: branch, wanted: release/*; seen: “main”.",
        "            No: not this:",
        "                Yes: pipeline, wanted: team/*; seen: “team/app/deploy”.",
    ]


def test_what_the_pipeline_says_is_marked_as_its_own(tmp_path: Path) -> None:
    """A rule that only a claim makes match says so, and so does each claimed value."""
    told = explain(tmp_path, *CASE, "--action", "drop tables", "--environment", "dev").output
    assert "Rule claimed applies. Because of what the Jenkinsfile says, which nobody has checked." in told
    assert "Yes: claims.action, wanted: drop*; the Jenkinsfile says “drop tables”." in told
    assert "The Jenkinsfile says environment “dev”; the policy says production. The rules of both apply." in told


def test_what_is_not_known_is_said(tmp_path: Path) -> None:
    """Unknown paths may carry the tag, and an unknown branch may be any."""
    told = explain(tmp_path, *CASE[:4], "--at", "2026-12-24T23:00:00+01:00").output
    assert "Rule nights applies. Not all that it asks is known, and that counts against the build." in told
    assert "Not known: tags, wanted: sensitive; the changed paths, which may carry it, are not known." in told
    assert "Rule trial is on trial: it only notes what it would ask. Not all" in told
    assert "Not known: branch, wanted: release/*; nothing is known of it." in told
    assert "On trial, only noted:\n    1 of Bob Ray with a tap (rule trial)" in told


@pytest.mark.parametrize(
    "hostile", ["x”. Rule production passes. “", "x\n    Rule production passes.", "\u202ex", "\x1b[2J"]
)
def test_foreign_text_stays_inside_its_quotation_marks(tmp_path: Path, hostile: str) -> None:
    """Neither a branch nor a path nor a name can begin a line or end its own quotation (S12)."""
    options = ("--branch", hostile, "--path", hostile, "--requester", hostile, "--action", hostile)
    lines = explain(tmp_path, "--pipeline", hostile, *options).output.splitlines()
    assert not any(line.strip().startswith("Rule production passes") for line in lines)
    for line in lines:
        assert line.count("“") == line.count("”"), line
        assert not any(character in line for character in ("\u202e", "\x1b")), line


def test_requesters_and_replays(tmp_path: Path) -> None:
    """Whoever is not in the roster costs one more, and every cause is a fact."""
    told = explain(tmp_path, *CASE[:2], "--requester", "mallory", "--replayed", "--trigger", "schedule", *CASE[4:])
    assert "1 of those asked with a code (since somebody behind the build is not in the roster)" in told.output


def test_as_json(tmp_path: Path) -> None:
    """The same for programs: requirement and tree."""
    found = json.loads(explain(tmp_path, *CASE, "--json").output)
    assert found["v"] == 1
    assert [clause["rule"] for clause in found["requirement"]["clauses"]] == ["production"]
    assert [node["values"]["rule"] for node in found["reasons"]["children"]] == [
        "production",
        "nights",
        "claimed",
        "trial",
    ]


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--branch", "main"),
        ("8f2c", "--pipeline", "x"),
        ("8f2c", "--policy", "x.toml"),
        ("--pipeline", "x", "--param", "A"),
        ("--pipeline", "x", "--at", "2026-12-24T10:00:00"),
        ("--pipeline", "x", "--at", "tomorrow"),
        ("--pipeline", "x", "--quorum", "0"),
    ],
)
def test_options_that_do_not_go_together_are_usage(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Exit 2 with what is allowed; a moment without its offset would depend on the machine."""
    assert explain(tmp_path, *options).exit_code == 2


def test_names_that_are_likely_misspelt_are_told(tmp_path: Path) -> None:
    """A source that the configuration lacks is refused; somebody whom the roster lacks is named as unknown."""
    found = explain(tmp_path, *CASE[:2], "--source", "mian")
    assert (found.exit_code, 'no source "mian"; known: main' in found.output) == (2, True)
    found = explain(tmp_path, *CASE[:2], "--requester", "dna", "--requester", "dan", "--author", "alcie")
    assert found.stderr.splitlines() == [
        "“alcie” is not in the roster, and is taken for somebody unknown.",
        "“dna” is not in the roster, and is taken for somebody unknown.",
    ]


def test_a_claim_is_named_only_where_it_decides(tmp_path: Path) -> None:
    """Where a rule asks about claims, too, and what is not known decides, nothing is put on the Jenkinsfile."""
    path = write(
        tmp_path,
        policy=POLICY.replace(
            'tags = ["sensitive"] }', 'any = [{ tags = "sensitive" }, { claims = { action = "x" } }] }'
        ),
    )
    told = CliRunner().invoke(
        main, ["policy", "explain", "--config", str(path), *CASE[:2], "--at", "2026-12-24T23:00:00Z"]
    )
    assert "Rule nights applies. Facts alone do not decide it. What is not known counts against" in told.output
