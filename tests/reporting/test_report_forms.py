"""The report as text, CSV and JSON, and the moments that people give it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from small_history import CODE, HOUR, MINUTE, MONDAY, REVIEWS, SCOPE, WHY, approved, given, made, report

from builders import ROSTER, clause, requirement
from jenkins_mfa.core.model import Denial, State
from jenkins_mfa.reporting import document, rows, text
from jenkins_mfa.reporting.model import Report, Reviewed, Scope

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
    read = read_csv(found)
    assert [row["run"] for row in read] == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]
    third = next(row for row in read if row["run"] == "3")
    assert third["seconds_to_decision"] == "1800.0"
    assert third["answers"] == "alice totp 2026-03-02T23:15:00.000Z; carol totp 2026-03-02T23:40:00.000Z"
    assert (third["receipt"], third["trail_seq"], third["authors"]) == (f"g_{3:032x}.1", "73", "zed")
    fourth = next(row for row in read if row["run"] == "4")
    assert (fourth["denied_by"], fourth["reason"], fourth["outcome"]) == ("alice", "Not today", "denied")


@pytest.mark.parametrize(
    ("reviews", "said", "cell", "reviewed"),
    [
        (REVIEWS, "reviewed by Dan 2026-03-03 00:00:00: “Right so”", "dan 2026-03-03T00:00:00.000Z", True),
        ({}, "not reviewed yet", "nobody yet", False),
        (None, "whether it was reviewed is not known", "not known", None),
    ],
    ids=["reviewed", "not yet", "not known"],
)
def test_broken_glass_says_who_why_and_whether_it_was_reviewed(
    reviews: Mapping[str, Reviewed] | None, said: str, cell: str, reviewed: bool | None
) -> None:
    """In every form, in the list of broken glass and in the auditor's."""
    found = report(reviews=reviews, each=True)
    told = f"rule hotfix by Carol 2026-03-02 09:31:00: “Site is down”; {said}\n"
    assert f"#2, {told}" in text.text(found, ROSTER)
    assert f"    break-glass  {told}" in text.text(found, ROSTER)
    whole = document.document(found, ROSTER)
    (glass,), second = whole["break_glass"], whole["gates"][1]
    assert glass == second
    assert (second["broken"]["person"], second["reviewed"]) == ("carol", reviewed)
    assert [one["broken"] for one in whole["gates"] if one["gate"] != second["gate"]] == [None] * 10
    row = read_csv(found)[1]
    assert (row["break_glass"], row["broken_because"], row["reviewed_by"]) == ("hotfix", "Site is down", cell)
    assert row["broken_by"] == "carol 2026-03-02T09:31:00.000Z"


def test_an_auditor_reads_which_rules_applied_and_why() -> None:
    """JSON has the policy's tree whole, text its lines, CSV the same in one cell; none where it was not asked."""
    found = report(each=True)
    first = "    why          Rule production applies.\n                     Yes: environment, wanted: production"
    assert f"{first}; seen: “production”.\n    policy " in text.text(found, ROSTER)
    gates = {one["run"]: one for one in document.document(found, ROSTER)["gates"]}
    assert gates["1"]["reasons"] == msgspec.to_builtins(WHY)
    assert gates["5"]["reasons"] is None
    cells = {row["run"]: row["reasons"] for row in read_csv(found)}
    assert cells["1"] == "Rule production applies. Yes: environment, wanted: production; seen: “production”."
    assert cells["5"] == ""


def test_an_auditor_reads_the_digest_of_each_receipt_that_was_signed() -> None:
    """A plain pause takes no receipt, so it has no digest, and nothing says where the trail stood for it."""
    plain = approved(80, "plain", MONDAY, CODE, given("bob", MONDAY + MINUTE))
    assert plain.claim is not None
    plain = replace(plain, claim=replace(plain.claim, kid="", receipt_sha256=""))
    found = report(plain, each=True)
    gates = {one["run"]: one["receipt"] for one in document.document(found, ROSTER)["gates"]}
    signed = {"jti": f"g_{1:032x}.1", "sha256": "01" * 32, "trail_seq": 71, "trail_head": "ab" * 32}
    assert (gates["1"], gates["4"], gates["80"]) == (signed, None, None)
    rows = {row["run"]: (row["receipt"], row["receipt_sha256"], row["trail_seq"]) for row in read_csv(found)}
    assert (rows["1"], rows["80"]) == ((f"g_{1:032x}.1", "01" * 32, "71"), ("", "", ""))
    lines = text.text(found, ROSTER).splitlines()
    assert [line.split()[-1] for line in lines if line.startswith("    receipt ")] == ["01" * 32, "02" * 32, "03" * 32]


def read_csv(found: Report) -> list[dict[str, str]]:
    """The report's CSV as the csv module reads it."""
    return list(csv.DictReader(io.StringIO("".join(rows.rows(found, ROSTER)), newline="")))


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"])
def test_no_cell_of_a_csv_is_calculated(start: str) -> None:
    """What a spreadsheet would take for a formula, or for the end of a line, is shown as text."""
    denial = Denial(MONDAY + MINUTE, "bob", start, "x")
    odd = made(60, start, MONDAY, state=State.DENIED, denial=denial)
    whole = "".join(rows.rows(report(odd, each=True), ROSTER))
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
