"""The tables of the page: every figure of the plots, and the gates that are told one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from jenkins_mfa.core.policy import Roster, brief
from jenkins_mfa.reporting import sentences
from jenkins_mfa.reporting.model import GateLine, Outcome, Report, Row
from jenkins_mfa.words import people
from jenkins_mfa.words.html import Content, Html, many, parts, tag
from jenkins_mfa.words.parts import Fact
from jenkins_mfa.words.tree import line

MOST = 200  #: single gates in one list; the whole is in the other forms
Cells = Sequence[Content]


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Cells], *, numbers: int = 0, below: Sequence[Content] = ()
) -> Html:
    """A table that scrolls by itself where it is too wide; its last `numbers` columns are figures, and what is `below`
    a row, if anything, goes over its whole width.

    The roles are said although they follow from the elements: the style sheet makes blocks of them on a phone.
    """
    first = len(heads) - numbers
    head = [
        tag("th", text, scope="col", role="columnheader", class_="n" if i >= first else None)
        for i, text in enumerate(heads)
    ]
    body: list[Html] = []
    for number, row in enumerate(rows):
        cells = [_cell(cell, i, heads[i], figure=i >= first) for i, cell in enumerate(row)]
        body.append(tag("tr", *cells, role="row", class_="with" if below else None))
        if below:
            body.append(tag("tr", tag("td", below[number], role="cell", colspan=len(heads)), role="row"))
    made = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", *head, role="row"), role="rowgroup"),
        tag("tbody", *body, role="rowgroup"),
        role="table",
    )
    return tag("div", made, class_="scroll", tabindex="0", role="region", aria_label=caption)


def _cell(cell: Content, column: int, head: str, *, figure: bool) -> Html:
    if column == 0:
        return tag("th", cell, scope="row", role="rowheader")
    return tag("td", cell, role="cell", class_="n" if figure else None, data_head=head)


def grouped(caption: str, head: str, rows: Iterable[tuple[Content, Row]], report: Report) -> Html:
    """Gates that share something, a column for each outcome that there is."""
    outcomes = list(report.total.outcomes)
    made = [
        (
            name,
            f"{row.gates:,}",
            *(f"{row.outcomes[o]:,}" if row.outcomes.get(o) else "" for o in outcomes),
            sentences.took(row.times),
            sentences.slowest(row.times),
        )
        for name, row in rows
        if row.gates
    ]
    heads = [head, "gates", *(o.value for o in outcomes), "median", "p95"]
    return table(caption, heads, made, numbers=len(heads) - 1)


def by_pipeline(report: Report) -> Html:
    """A row a pipeline."""
    rows = ((parts((Fact(name),)), row) for name, row in report.pipelines.items())
    return grouped("By pipeline", "pipeline", rows, report)


def by_environment(report: Report) -> Html:
    """A row an environment."""
    rows = ((parts(sentences.place(place)), row) for place, row in report.environments.items())
    return grouped("By environment", "environment", rows, report)


def by_hour(report: Report) -> Html:
    """A row an hour of the day."""
    rows = ((f"{hour:02d}:00", row) for hour, row in enumerate(report.hours))
    return grouped("By hour of the day (UTC)", "hour", rows, report)


def by_factor(report: Report) -> Html:
    """A row a factor."""
    rows = [(sentences.factor(row.factor), f"{row.gates:,}", f"{row.given:,}") for row in report.factors]
    return table("By factor", ["factor", "gates that asked for it", "answers given with it"], rows, numbers=2)


def by_person(report: Report, roster: Roster) -> Html:
    """A row a person."""
    rows = [
        (
            parts(people.person(roster, row.person)),
            f"{sum(row.confirmations.values()):,}",
            f"{row.denials:,}",
            sentences.took(row.times),
            sentences.slowest(row.times),
        )
        for row in report.people
    ]
    return table("By person", ["person", "confirmations", "denials", "median", "p95"], rows, numbers=4)


def build(one: GateLine) -> Html:
    """Which build, with a link to it."""
    return parts(people.build(one.run))


def listed(outcome: Outcome, found: tuple[GateLine, ...], roster: Roster) -> Html | None:
    """The gates of one outcome, newest first."""
    return chosen(sentences.LISTS[outcome], _WHY[outcome], found, roster, lambda one: parts(sentences.why(one, roster)))


def broken(report: Report, roster: Roster) -> Html | None:
    """The gates whose glass was broken."""

    def tell(one: GateLine) -> Html:
        return parts(sentences.glass(one, report, roster))

    return chosen("Break-glass", "by whom, why", report.break_glass, roster, tell)


_WHY = {
    Outcome.BYPASSED: "by whom",
    Outcome.DENIED: "reason",
    Outcome.REFUSED: "reason",
    Outcome.EXPIRED: "answers",
    Outcome.WITHDRAWN: "how",
    Outcome.PASSED: "by",
}


def chosen(
    caption: str, head: str, found: tuple[GateLine, ...], roster: Roster, tell: Callable[[GateLine], Content]
) -> Html | None:
    """Some gates with one thing about each, newest first; None for none."""
    if not found:
        return None
    rows = [
        (
            sentences.minute(one.opened_at),
            build(one),
            parts(sentences.place(one.place)),
            parts(sentences.behind(one.starters, roster)),
            parts(sentences.approvers(one, roster)),
            tell(one),
        )
        for one in reversed(found[-MOST:])
    ]
    heads = ["opened (UTC)", "build", "environment", "started by", "answered by", head]
    made = table(f"{caption}: {len(found):,}", heads, rows)
    return many((made, more(len(found))))


def holes(report: Report, roster: Roster) -> Html | None:
    """What the trail says went past gates, newest first; None for nothing."""
    if report.holes is None:
        return tag("p", sentences.NO_HOLES)
    if not report.holes:
        return None
    rows = [
        (sentences.minute(one.entry.at), parts(sentences.of(one)), parts(sentences.hole(one, roster)))
        for one in reversed(report.holes[-MOST:])
    ]
    count = len(report.holes)
    return many((table(f"{sentences.HOLES}: {count:,}", ["at (UTC)", "build", "what"], rows), more(count)))


def more(count: int) -> Html | None:
    """That a list goes on elsewhere."""
    if count <= MOST:
        return None
    return tag("p", f"The newest {MOST} of {count:,}. All of them: --format json, or csv.", class_="note")


def audit(found: tuple[GateLine, ...], report: Report, roster: Roster) -> Html:
    """Each gate, with all that an auditor compares."""
    rows = [_audited(one, roster) for one in found]
    heads = ["opened (UTC)", "build", "outcome", "started by", "authors", "answers (UTC)", "rules"]
    below = [many((_glass(one, report, roster), _why(one), _proof(one))) for one in found]
    return table(f"Each gate: {len(found):,}", heads, rows, below=below)


def _audited(one: GateLine, roster: Roster) -> Cells:
    why = sentences.why(one, roster)
    said = many((one.outcome.value, tag("br"), parts(why)) if why != sentences.UNTOLD else (one.outcome.value,))
    loosened = [f"exemption {name}" for name in one.exemptions]
    broken = [f"break-glass {one.break_glass}"] if one.break_glass else []
    return (
        sentences.clock(one.opened_at),
        build(one),
        said,
        parts(sentences.behind(one.starters, roster)),
        parts(sentences.behind(one.authors, roster)),
        parts(sentences.timed(one, roster)),
        ", ".join((*one.rules, *loosened, *broken)) or sentences.NONE,
    )


def _glass(one: GateLine, report: Report, roster: Roster) -> Html | None:
    return tag("p", "Break-glass: ", parts(sentences.glass(one, report, roster))) if one.break_glass else None


def _why(one: GateLine) -> Html | None:
    """Which rules matched, in a line; with all that they asked and saw, once it is opened."""
    branches = sentences.reasons(one)
    if not branches:
        return None
    lines = (tag("div", parts(line(branch))) for branch in branches)
    return tag("details", tag("summary", f"Why: {brief.effects(one.reasons) or 'no rule'}"), *lines, class_="why")


def _proof(one: GateLine) -> Html:
    """Ids and digests, whole, and where the trail stood."""
    told = [("gate", one.jti), ("policy", one.policy_sha256 or sentences.NONE), ("request", one.request_sha256)]
    if one.receipt_sha256:
        told += [("receipt", one.receipt_sha256), ("trail", f"{one.trail_seq} {one.trail_head}")]
    return tag("span", *(tag("span", tag("b", name), f" {value}") for name, value in told), class_="proof")
