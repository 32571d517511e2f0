"""The findings of `check`: each has a stable id, a severity, evidence, a mend and a link that leads somewhere."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_files import write
from command import run
from jenkins_mfa.cli.catalogue import FINDINGS, Severity
from jenkins_mfa.cli.report import Part, report
from jenkins_mfa.words import findings, roster

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src/jenkins_mfa"
ADAPTERS = {"source": SOURCE / "sources/jenkins/check.py", "slack": SOURCE / "slack/check.py"}
LOOKS = ("keys", "web", "store", "sources", "slack")  #: any of them may not be possible at all


def first_arguments(file: Path, name: str) -> Iterator[str]:
    """The first argument of every call of `name`, where it is a text."""
    calls = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    for call in calls:
        named = isinstance(call.func, ast.Name) and call.func.id == name
        if named and isinstance(call.args[0], ast.Constant):
            yield str(call.args[0].value)


def test_every_finding_of_the_code_is_in_the_catalogue_and_the_other_way_round() -> None:
    """An id that nothing finds any more, or one that nobody can look up, is a mistake."""
    found = {one for file in (SOURCE / "cli").glob("*.py") for one in first_arguments(file, "Part")}
    found |= {f"{kind}.{code}" for kind, file in ADAPTERS.items() for code in first_arguments(file, "Finding")}
    found |= {f"policy.{code}" for code in findings.SAYINGS} | {f"roster.{code}" for code in roster.FAULTS}
    found |= {f"{name}.unusable" for name in LOOKS}
    found |= {"trail.behind", "trail.unread"}  # one of them, by the error
    assert found == set(FINDINGS)


def test_the_docs_list_every_finding_with_its_severity() -> None:
    """docs/findings.md is the catalogue with words."""
    page = (ROOT / "docs/findings.md").read_text()
    told = dict(re.findall(r"^\| `([a-z]+\.[a-z_]+)` \| ([a-z]+) \|", page, re.MULTILINE))
    assert told == {name: severity.value for name, (severity, _) in FINDINGS.items()}


@pytest.mark.parametrize("link", sorted({link for _, link in FINDINGS.values()}))
def test_every_link_of_a_finding_leads_to_a_heading(link: str) -> None:
    """A path in the project, with an anchor as it is made of a heading."""
    name, _, anchor = link.partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / name).read_text(), re.MULTILINE)
    assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_json_has_the_documented_shape_and_the_same_exit_code(tmp_path: Path) -> None:
    """One document: every member, the sum of each severity, and for all that is not right a mend."""
    path = write(tmp_path)
    text, looked = run("check", config=path), run("check", "--json", config=path)
    document = json.loads(looked.stdout)
    assert text.returncode == looked.returncode == 1
    assert list(document) == ["v", "ok", "summary", "findings"]
    assert (document["v"], document["ok"]) == (1, False)
    rows = document["findings"]
    assert all(list(row) == ["id", "severity", "subject", "evidence", "mend", "link"] for row in rows)
    counted = [Severity(row["severity"]) for row in rows]
    assert document["summary"] == {
        "errors": counted.count(Severity.ERROR),
        "warnings": counted.count(Severity.WARNING),
        "information": counted.count(Severity.INFORMATION),
    }
    wrong = [row for row in rows if row["severity"] != "information"]
    assert {"source.reachable", "slack.reachable"} <= {row["id"] for row in wrong}
    assert all(row["evidence"] and row["mend"] for row in wrong)
    assert all(FINDINGS[row["id"]] == (row["severity"], row["link"]) for row in wrong)


def test_the_text_says_how_bad_each_finding_is_and_where_to_read_on(tmp_path: Path) -> None:
    """The word first, the mend and the link below; what is right has neither."""
    (tmp_path / "config.toml").write_text("nonsense")
    done = run("check", config=tmp_path / "config.toml")
    assert done.returncode == 2
    assert done.stdout.startswith("error    config        ")
    assert re.search(r"^ {9}docs          docs/configuration\.md#the-file$", done.stdout, re.MULTILINE)
    assert done.stdout.endswith(f"These docs are in {ROOT / 'docs'}.\n1 finding. Nothing was changed.\n")


def test_s12_nothing_that_a_finding_tells_does_anything_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """S12: what agents say of themselves stands in the store without a seal, and what Jenkins answered is in it."""
    told = "version 1.2.3\x9b2J\u202e, last seen 1 s ago"
    report([Part("agent.runs", True, told), Part("delivery.parked", False, told, told)], False)
    said = capsys.readouterr().out
    assert said.count("1.2.3\\u009b2J\\u202e") == 3
    assert not {"\x9b", "\u202e"} & set(said)
