"""What the trail says went past gates, in each form of the report."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from small_history import HOUR, MONDAY, SCOPE, report

from builders import ROSTER
from jenkins_mfa.core.model import Entry
from jenkins_mfa.reporting import document, rows, text
from jenkins_mfa.reporting.page import page

ABOUT: dict[str, str | int] = {"reason": "ungated", "by": "dan.f", "person": "dan", "commit": "4f2c" * 10}
MISSING = Entry("gate:missing", MONDAY + HOUR, "agent", "", "main", "main:web/deploy:12:1", ABOUT)
REPLAYED = replace(MISSING, run="main:web/deploy:13:1", details=ABOUT | {"reason": "replayed restarted"})
NAMED: dict[str, str | int] = {"reason": "misdirected", "named": "mfa-agent,eve", "by": "", "person": "", "commit": ""}
MISDIRECTED = replace(MISSING, run="main:db/migrate:3:1", details=NAMED)
AGAIN = Entry("gate:reopened", MONDAY, "agent", "g_02.2", "main", "main:web/deploy:9:1", {"target": "g_01.1"})
TWICE = Entry("receipt:refused", MONDAY, "consumer:prod", "g_01.1", "main", "main:a:1:1", {"reason": "redeemed"})
ALL = (MISSING, REPLAYED, MISDIRECTED, AGAIN, TWICE)


def test_each_hole_has_its_line_in_the_text() -> None:
    """Build, why, who started it, from which commit; whom an input names; what came back; what was refused."""
    shown = text.text(report(trail=ALL), ROSTER)
    assert "Gates missing, inputs that came back, receipts refused: 5" in shown
    wanted = (
        "“web/deploy” #12: It ended well, and no gate of it was let go on. Started by Dan, commit “4f2c",
        "“web/deploy” #13: It was replayed: its script need not be the one in the repository. It was restarted from a",
        "“db/migrate” #3: One of its inputs looks like a gate, and others than the agent may settle it.",
        "Submitter: “mfa-agent,eve”.",
        "“web/deploy” #9: The input came back after its gate “g_01.1” had ended",
        "“a” #1: The receipt was not taken from prod: it was redeemed before.",
    )
    for line in wanted:
        assert line in shown


def test_the_page_shows_them_before_all_figures() -> None:
    """In a table of their own; foreign text stays text."""
    evil = replace(MISSING, run="main:<b>x</b>:1:1", details=ABOUT | {"by": "<script>alert(1)</script>", "person": ""})
    made = page(report(trail=(*ALL, evil)), ROSTER, MONDAY, "1.0")
    assert made.index("Something went past a gate") < made.index("Outcomes over time")
    assert "It was replayed" in made
    assert "<script>" not in made
    assert "<b>x</b>" not in made
    assert "Something went past a gate" not in page(report(), ROSTER, MONDAY, "1.0")


def test_json_has_codes_person_and_commit() -> None:
    """For machines; the sentence is beside them."""
    first, second, *_, last = document.document(report(trail=ALL), ROSTER)["holes"]
    assert first.pop("says").startswith("It ended well")
    assert first == {
        "at": "2026-03-02T01:00:00.000Z",
        "event": "gate:missing",
        "source": "main",
        "pipeline": "web/deploy",
        "run": "12",
        "gate": None,
        "reasons": ["ungated"],
        "person": "dan",
        "subject": "dan.f",
        "commit": "4f2c" * 10,
    }
    assert second["reasons"] == ["replayed", "restarted"]
    assert (last["event"], last["gate"], last["reasons"]) == ("receipt:refused", "g_01.1", ["redeemed"])


def test_csv_has_a_line_for_each_behind_the_gates() -> None:
    """In the same columns; the event stands in the place of an outcome."""
    read = list(csv.DictReader(io.StringIO("".join(rows.rows(report(each=True, trail=ALL), ROSTER)))))
    found = [(row["pipeline"], row["run"], row["outcome"], row["started_by"]) for row in read[-5:]]
    assert found[:2] == [("web/deploy", "12", "gate:missing", "dan"), ("web/deploy", "13", "gate:missing", "dan")]
    assert found[3:] == [("web/deploy", "9", "gate:reopened", ""), ("a", "1", "receipt:refused", "")]
    assert "commit “4f2c" in read[-5]["reason"]
    assert len(read) == 11 + 5


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        (replace(SCOPE, pipeline="db/*"), ["3"]),
        (replace(SCOPE, since=MONDAY + HOUR), ["12", "13", "3"]),
        (replace(SCOPE, until=MONDAY + HOUR), ["9", "1"]),
        (replace(SCOPE, environment="production"), ["12", "13", "3", "9", "1"]),
    ],
)
def test_the_scope_is_that_of_the_report_but_for_environments(scope: object, seen: list[str]) -> None:
    """What has no gate has no environment: it is told whatever the report is about. Other events are none of it."""
    opened = replace(AGAIN, event="gate:opened")
    found = report(scope=scope, trail=(*ALL, opened)).holes  # type: ignore[arg-type]
    assert found is not None
    assert [one.run for one in found] == seen


def test_a_trail_that_cannot_be_read_is_said() -> None:
    """Never taken for one without holes."""
    unread = report(trail=None)
    says = "What went past gates is not known: the trail cannot be read."
    assert says in text.text(unread, ROSTER)
    assert says in page(unread, ROSTER, MONDAY, "1.0")
    assert document.document(unread, ROSTER)["holes"] is None


def test_a_long_list_is_told_in_part_and_says_so() -> None:
    """The newest twenty."""
    many = [replace(MISSING, at=MONDAY + n, run=f"main:a:{n}:1") for n in range(25)]
    lines = text.text(report(trail=many), ROSTER).splitlines()
    assert "  and 5 more before; all of them: --format json or csv" in lines
    assert not [line for line in lines if "“a” #4:" in line]
