"""The report as text, CSV and JSON, and the moments that people give it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from small_history import HOUR, MINUTE, MONDAY, SCOPE, approved, given, made, report

from builders import ROSTER, clause, requirement
from jenkins_mfa.core.model import Denial, State
from jenkins_mfa.reporting import document, rows, text
from jenkins_mfa.reporting.model import Scope

GOLDEN = Path(__file__).parent / "small_history.txt"


def test_the_text_is_what_it_was() -> None:
    """Word for word; the file beside this one holds it."""
    found = report(scope=replace(SCOPE, environment="production"), each=True)
    assert text.text(found, ROSTER) == GOLDEN.read_text()


def test_a_list_that_is_long_is_told_in_part_and_says_so() -> None:
    """The newest twenty, and where the others are."""
    many = [
        made(100 + n, "a", MONDAY + n, state=State.DENIED, denial=Denial(MONDAY + n, "bob", f"r{n}", "x"))
        for n in range(25)
    ]
    lines = text.text(report(*many), ROSTER).splitlines()
    assert "Denials: 26" in lines
    assert "  and 6 more before; all of them: --format json or csv" in lines
    assert not [line for line in lines if "“r4”" in line]


def test_foreign_text_cannot_start_a_line() -> None:
    """A job's name with a line break stays one line, in quotation marks."""
    odd = made(50, "a\nBypasses: 0\u202e”", MONDAY)
    lines = text.text(report(odd), ROSTER).splitlines()
    assert "Bypasses: 0" not in lines
    assert [line for line in lines if line.startswith("“a\\nBypasses: 0\\u202e\\u201d”")]


def test_csv_has_a_line_for_each_gate() -> None:
    """Read back by the csv module: names on top, the known figures below."""
    found = report(each=True)
    read = list(csv.DictReader(io.StringIO("".join(rows.rows(found.each or (), ROSTER)), newline="")))
    assert [row["run"] for row in read] == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]
    third = next(row for row in read if row["run"] == "3")
    assert third["seconds_to_decision"] == "1800.0"
    assert third["answers"] == "alice totp 2026-03-02T23:15:00.000Z; carol totp 2026-03-02T23:40:00.000Z"
    assert (third["receipt"], third["trail_seq"], third["authors"]) == (f"g_{3:032x}.1", "73", "zed")
    fourth = next(row for row in read if row["run"] == "4")
    assert (fourth["denied_by"], fourth["reason"], fourth["outcome"]) == ("alice", "Not today", "denied")


@pytest.mark.parametrize(
    ("unreviewed", "said", "reviewed"),
    [
        ((), "reviewed", True),
        ((f"g_{2:032x}",), "not reviewed yet", False),
        (None, "whether it was reviewed is not known", None),
    ],
)
def test_broken_glass_says_who_why_and_whether_it_was_reviewed(
    unreviewed: tuple[str, ...] | None, said: str, reviewed: bool | None
) -> None:
    """In text as in JSON."""
    found = report(unreviewed=unreviewed)
    assert f"#2, rule hotfix by Carol: “Site is down”; {said}\n" in text.text(found, ROSTER)
    (told,) = document.document(found, ROSTER)["break_glass"]
    assert (told["broken"]["person"], told["reviewed"]) == ("carol", reviewed)


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"])
def test_no_cell_of_a_csv_is_calculated(start: str) -> None:
    """What a spreadsheet would take for a formula, or for the end of a line, is shown as text."""
    denial = Denial(MONDAY + MINUTE, "bob", start, "x")
    odd = made(60, start, MONDAY, state=State.DENIED, denial=denial)
    whole = "".join(rows.rows(report(odd, each=True).each or (), ROSTER))
    read = list(csv.reader(io.StringIO(whole, newline="")))
    cells = [cell for row in read for cell in row]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]
    assert len([cell for cell in cells if start.strip() in cell]) == 2


def test_json_has_times_in_iso_and_lengths_in_seconds() -> None:
    """The same figures, and null where there is none."""
    found = json.loads(json.dumps(document.document(report(), ROSTER)))
    assert found["scope"] == {
        "since": "2026-03-02T00:00:00.000Z",
        "until": "2026-03-09T00:00:00.000Z",
        "pipeline": None,
        "environment": None,
    }
    assert found["total"]["gates"] == 11
    assert found["total"]["seconds_to_decision"] == {"count": 4, "median": 420.0, "p95": 1800.0}
    assert found["pipelines"][2]["seconds_to_decision"] is None
    assert found["denied"][0]["denial"]["reason"] == "Not today"
    assert found["denied"][0]["receipt"] is None
    assert found["gates"] is None
    assert found["people"][0]["confirmations"] == {"totp": 2}


def test_somebody_who_left_the_roster_is_still_named() -> None:
    """By the id that the record holds, and as what they are now."""
    gone = approved(70, "a", MONDAY + HOUR, requirement(clause(1, "zoe")), given("zoe", MONDAY + HOUR + MINUTE))
    assert "“zoe” (not in the roster)" in text.text(report(gone), ROSTER)


def test_an_empty_report_is_a_sentence() -> None:
    """No table of nothing."""
    assert "No gate opened in this time." in text.text(report(scope=Scope(0, 1)), ROSTER)
