"""The report's page: well formed, by itself, and nothing that others wrote becomes a part of it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from small_history import CODE, HOUR, MINUTE, MONDAY, SCOPE, approved, given, made, report

from builders import ROSTER, clause, requirement
from jenkins_mfa.core.model import BrokenGlass, Denial, Ending, Gate, Reason, State
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.core.units import DAY
from jenkins_mfa.reporting import plots, plots_wait, svg
from jenkins_mfa.reporting.model import Outcome, Reviewed, Scope, Slot
from jenkins_mfa.reporting.page import page
from jenkins_mfa.words.html import Html, chip, tag
from report_sample import sample_page

VOID = {"meta", "br", "rect", "line", "circle", "path"}
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></svg></style><b>Approved by Alice Wu</b>",
    "&lt;b&gt; ' onmouseover='x",
    "abc\u202edeyorppA",
    "javascript:alert(1)",
    "x" * 5000,
)


class Parsed(HTMLParser):
    """What is in a page; every element that begins also ends, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1] if self._open else "", data))


def made_page(*more: Gate, roster: Roster = ROSTER, environment: str = "production") -> str:
    """The page of the small history, and `more`."""
    found = report(*more, scope=replace(SCOPE, environment=environment), each=bool(environment))
    return page(found, roster, SCOPE.until, "1.2.3")


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    """No script, no handler, nothing fetched: links to builds are all that leads out, and they tell nothing."""
    for text in (made_page(), sample_page()):
        parsed = Parsed(text)
        names = {name for name, _ in parsed.tags}
        assert not names & {"script", "link", "img", "iframe", "object", "embed", "use", "image", "form", "base"}
        for name, attributes in parsed.tags:
            assert not [key for key in attributes if key.startswith("on") or key in {"src", "style", "xlink:href"}]
            if "href" in attributes:
                assert name == "a"
                assert (attributes["href"] or "").startswith("https://ci.example.com/")
                assert attributes["rel"] == "noreferrer noopener"
        assert "@import" not in text
        assert "url(" not in text
        policy = next(a["content"] for _, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy")
        assert "default-src 'none'" in (policy or "")
        assert "script" not in (policy or "")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_others_wrote_stays_text_in_a_chip_of_its_own(text: str) -> None:
    """Names of jobs and branches, reasons, users, claimed environments: in no element but code, q, or a plot's text,
    where quotation marks that cannot be ended stand around them.
    """
    at = MONDAY + 9 * HOUR
    gates = [
        made(
            40, text, at, state=State.ABORTED, denial=Denial(at + MINUTE, "alice", text, "tap"), decided_at=at + MINUTE
        ),
        made(41, text, at, state=State.BYPASSED, ending=Ending("bypassed", at, text)),
        approved(42, text, at, requirement(clause(1)), given(text, at + MINUTE)),
    ]
    shown = made_page(*gates, environment="")
    parsed, calm = Parsed(shown), Parsed(made_page(environment=""))
    assert {name for name, _ in parsed.tags} == {name for name, _ in calm.tags}
    piece = text[:14].replace("\u202e", "\\u202e")
    holders = {holder for holder, data in parsed.texts if piece in data}
    assert {"code", "q"} <= holders <= {"code", "q", "text", "title", "desc"}
    for holder, data in parsed.texts:
        if holder in {"text", "title"} and piece in data:
            assert "“" in data.split(piece)[0]
    assert "\u202e" not in shown


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_others_wrote_stays_in_a_chip_among_the_reasons_and_reviews(text: str) -> None:
    """What a rule saw, what was typed for broken glass and at its review: the auditor's list keeps their looks too."""
    seen = Reason("claims.action", {"wanted": "deploy", "seen": text[:200]})
    rule = Reason("rule", {"rule": "production", "on": "claim", "effect": "applies"}, children=(seen,))
    asked = replace(CODE, reasons=Reason("requirement", children=(rule,)), break_glass="hotfix")
    broken = BrokenGlass("carol", MONDAY + MINUTE, text, "command", CODE)
    one = replace(approved(44, "a", MONDAY, asked, given("bob", MONDAY + MINUTE)), broken=broken)
    found = report(one, scope=replace(SCOPE, environment="production"), each=True)
    found = replace(found, reviews={one.jti: Reviewed("dan", MONDAY + HOUR, text)})
    shown = page(found, ROSTER, SCOPE.until, "1.2.3")
    parsed, calm = Parsed(shown), Parsed(made_page())
    assert {name for name, _ in parsed.tags} == {name for name, _ in calm.tags}
    piece = text[:14].replace("\u202e", "\\u202e")
    holders = [holder for holder, data in parsed.texts if piece in data]
    assert sorted(holders) == ["code", "q", "q", "q", "q"]
    assert "\u202e" not in shown


def test_reasons_are_a_line_that_opens_and_a_review_has_its_name() -> None:
    """The auditor's list: which rules matched at once, what they saw when it is opened; digests whole."""
    parsed = Parsed(made_page())
    assert {data for holder, data in parsed.texts if holder == "summary"} == {"Why: production applies"}
    assert sum(name == "details" for name, _ in parsed.tags) == 6
    shown = re.sub(r"<[^>]+>", "", made_page())
    for said in (
        "Yes: environment, wanted: production; seen: production.",
        "Break-glass: rule hotfix by Carol 2026-03-02 09:31:00: Site is down; reviewed by Dan 2026-03-03 00:00:00: Ri",
        f"receipt {'02' * 32}",
    ):
        assert said in shown, said


def test_a_link_leads_only_to_a_web_page() -> None:
    """An address of another kind is not a link."""
    run = replace(made(43, "a", MONDAY).run, url="javascript:alert(1)")
    assert "javascript:" not in made_page(replace(made(43, "a", MONDAY), run=run))


def test_plots_say_what_they_are_and_tables_hold_their_figures() -> None:
    """Each plot has a title and a description under names that are unique; each table a caption."""
    parsed = Parsed(made_page())
    drawn = [attributes for name, attributes in parsed.tags if name == "svg" and attributes.get("role") == "img"]
    assert len(drawn) == 8
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids)) == 16
    assert all(set((one["aria-labelledby"] or "").split()) <= set(ids) for one in drawn)
    assert sum(name == "table" for name, _ in parsed.tags) == sum(name == "caption" for name, _ in parsed.tags)
    for said in ("By pipeline", "By environment", "By factor", "By person", "By hour of the day (UTC)", "Each gate: 9"):
        assert said in {data for _, data in parsed.texts}


def test_figures_of_the_small_history_are_on_the_page() -> None:
    """The tiles and what has to be looked at."""
    shown = re.sub(r"<[^>]+>", "|", made_page(environment=""))
    for said in ("|11||gates|", "|7 min||median to decision||p95 30 min|", "Somebody went past jenkins-mfa", "hotfix"):
        assert said in shown, said


def test_an_empty_history_is_a_page_too() -> None:
    """Nothing to divide by, nothing to draw."""
    nothing = page(report(scope=Scope(0, 1)), ROSTER, SCOPE.until, "1.2.3")
    Parsed(nothing)
    assert "No gate opened in this time." in nothing


def test_damaged_records_are_named_on_top() -> None:
    """A report that leaves something out says so."""
    found = replace(report(), damaged=("gate:<b>",))
    assert "gate:&lt;b&gt;" in page(found, ROSTER, SCOPE.until, "1.2.3")


def test_bars_are_days_then_weeks_and_have_no_gaps() -> None:
    """Days without a gate have their place; weeks begin on Mondays, and nothing is lost on the way."""
    day = DAY
    days = {MONDAY: {Outcome.APPROVED: 2}, MONDAY + 4 * day: {Outcome.DENIED: 1}}
    found, step = plots.bars(days)
    assert (step, list(found)) == (day, [MONDAY + n * day for n in range(5)])
    days[MONDAY + 69 * day] = {Outcome.APPROVED: 3}
    days[MONDAY - day] = {Outcome.EXPIRED: 1}
    found, step = plots.bars(days)
    assert (step, min(found), len(found)) == (7 * day, MONDAY - 7 * day, 11)
    assert found[MONDAY] == {Outcome.APPROVED: 2, Outcome.DENIED: 1}
    assert found[MONDAY + 63 * day] == {Outcome.APPROVED: 3}


@pytest.mark.parametrize("most", [0, 1, 3, 4, 9, 11, 99, 1234, 100_000])
def test_axes_have_few_round_marks_up_to_the_greatest(most: int) -> None:
    """Whole numbers, evenly apart, none twice."""
    marks = svg.nice(most)
    assert marks[0] == 0
    assert marks[-1] >= most
    assert 2 <= len(marks) <= 7
    assert len({after - before for before, after in pairwise(marks)}) == 1


@pytest.mark.parametrize(("least", "most"), [(0, 0), (1, 1), (5_000, 5_000), (900, 10**10), (60_000, 60_000)])
def test_the_axis_of_times_holds_everything_inside(least: int, most: int) -> None:
    """A single time, none at all and four months stand between the ends."""
    axis = svg.Log(least, most, 10, 110)
    assert 10 <= axis.at(least) <= axis.at(most) <= 110
    assert axis.marks(1)


def test_colours_of_the_heat_map_follow_the_median() -> None:
    """Just under a limit is faster than at it; where nobody decided there is a colour of its own."""
    assert [plots_wait.speed(ms) for ms in (None, 0, 119_999, 120_000, 3_599_999, 3_600_000)] == [
        "f s0", "f s1", "f s1", "f s2", "f s4", "f s5",
    ]  # fmt: skip
    assert "3 asked, median 5 min" in plots_wait.when({(0, 9): Slot(3, 300_000)})


def test_markup_escapes_what_is_not_markup() -> None:
    """Text and attributes; only Html goes through as it is."""
    assert tag("b", "<i>", Html("<i></i>"), None, class_='"x"') == '<b class="&quot;x&quot;">&lt;i&gt;<i></i></b>'
    assert chip("") == "<code>(empty)</code>"
    assert len(chip("x" * 5000)) < 1_100
