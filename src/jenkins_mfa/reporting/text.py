"""The report for a terminal: the same figures as the page's tables; the newest of what is told one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from jenkins_mfa.core.policy import Roster
from jenkins_mfa.reporting import sentences
from jenkins_mfa.reporting.model import GateLine, Report, Row
from jenkins_mfa.words import people, render
from jenkins_mfa.words.parts import Fact, Parts, Word, join, say
from jenkins_mfa.words.tree import line

MOST = 20  #: gates in one list


def text(report: Report, roster: Roster) -> str:
    """All lines."""
    return "\n".join([*_head(report), *_figures(report, roster), *_lists(report, roster), *_notes()]) + "\n"


def columns(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table: the first column to the left, figures to the right."""
    whole = [[head.upper() for head in heads], *map(list, rows)]
    widths = [max(len(row[n]) for row in whole) for n in range(len(heads))]
    lines = []
    for first, *rest in whole:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return lines


def _head(report: Report) -> Iterator[str]:
    yield f"jenkins-mfa report, {sentences.period(report.scope)}"
    about = sentences.about(report.scope)
    if about:
        yield render.terminal(about)
    for record in report.damaged:
        yield f"Damaged, and counted nowhere: {record}"
    yield ""
    yield sentences.summary(report)


def _figures(report: Report, roster: Roster) -> Iterator[str]:
    if not report.total.gates:
        return
    names = ((render.terminal((Fact(name),)), row) for name, row in report.pipelines.items())
    places = ((render.terminal(sentences.place(place)), row) for place, row in report.environments.items())
    hours = ((f"{hour:02d}:00", row) for hour, row in enumerate(report.hours))
    yield from ("", *_groups("pipeline", names, report))
    yield from ("", *_groups("environment", places, report))
    factors = [(sentences.factor(row.factor), f"{row.gates:,}", f"{row.given:,}") for row in report.factors]
    yield from ("", *columns(["factor", "asked", "given"], factors))
    if report.people:
        yield from ("", *_people(report, roster))
    yield from ("", *_groups("hour (UTC)", hours, report))


def _groups(head: str, rows: Iterable[tuple[str, Row]], report: Report) -> list[str]:
    outcomes = list(report.total.outcomes)
    made = [
        [
            name,
            f"{row.gates:,}",
            *(f"{row.outcomes.get(o, 0):,}" for o in outcomes),
            sentences.took(row.times),
            sentences.slowest(row.times),
        ]
        for name, row in rows
        if row.gates
    ]
    return columns([head, "gates", *(o.value for o in outcomes), "median", "p95"], made)


def _people(report: Report, roster: Roster) -> list[str]:
    rows = [
        [
            render.terminal(people.person(roster, row.person)),
            f"{row.answers - row.denials:,}",
            f"{row.denials:,}",
            sentences.took(row.times),
            sentences.slowest(row.times),
        ]
        for row in report.people
    ]
    return columns(["person", "confirmations", "denials", "median", "p95"], rows)


def _lists(report: Report, roster: Roster) -> Iterator[str]:
    for outcome, title in sentences.LISTS.items():
        yield from _list(title, [(one, sentences.why(one, roster)) for one in report.notable[outcome]], roster)
    exempted = [(one, join([(Word(name),) for name in one.exemptions])) for one in report.exempted]
    yield from _list("Exemptions", exempted, roster)
    yield from _holes(report, roster)
    broken = [(one, sentences.glass(one, report, roster)) for one in report.break_glass]
    yield from _list("Break-glass", broken, roster)
    if report.each is not None:
        yield from ("", f"Each gate: {len(report.each):,}")
        for one in report.each:
            yield from _whole(one, report, roster)


def _holes(report: Report, roster: Roster) -> Iterator[str]:
    if report.holes is None:
        yield from ("", sentences.NO_HOLES)
    elif report.holes:
        yield from ("", f"{sentences.HOLES}: {len(report.holes):,}")
        for one in reversed(report.holes[-MOST:]):
            said = say("{build}: {said}", build=sentences.of(one), said=sentences.hole(one, roster))
            yield f"  {sentences.minute(one.entry.at)}  {render.terminal(said)}"
        if len(report.holes) > MOST:
            yield f"  and {len(report.holes) - MOST:,} more before; all of them: --format json or csv"


def _list(title: str, found: list[tuple[GateLine, Parts]], roster: Roster) -> Iterator[str]:
    if not found:
        return
    yield from ("", f"{title}: {len(found):,}")
    for one, why in reversed(found[-MOST:]):
        yield f"  {sentences.minute(one.opened_at)}  {_build(one)}, {_decider(one, roster)}{render.terminal(why)}"
    if len(found) > MOST:
        yield f"  and {len(found) - MOST:,} more before; all of them: --format json or csv"


def _build(one: GateLine) -> str:
    return render.terminal(people.build(one.run))


def _decider(one: GateLine, roster: Roster) -> str:
    """Who denied it, as the beginning of their reason."""
    if one.denial is None or one.denial.person is None:
        return ""
    return f"{render.terminal(people.person(roster, one.denial.person))}: "


def _whole(one: GateLine, report: Report, roster: Roster) -> Iterator[str]:
    """A gate with all that an auditor compares."""
    why = sentences.why(one, roster)
    said = say("{outcome}: {why}", outcome=Word(one.outcome.value), why=why)
    yield f"  {sentences.clock(one.opened_at)}  {one.jti}  {_build(one)}"
    yield f"    {render.terminal(said) if why != sentences.UNTOLD else one.outcome.value}"
    told = {
        "environment": sentences.place(one.place),
        "started by": sentences.behind(one.starters, roster),
        "authors": sentences.behind(one.authors, roster),
        "answers": sentences.timed(one, roster),
        "rules": (Word(", ".join((*one.rules, *one.exemptions)) or sentences.NONE),),
    }
    if one.break_glass:
        told["break-glass"] = sentences.glass(one, report, roster)
    for name, value in told.items():
        yield _row(name, render.terminal(value))
    for number, branch in enumerate(sentences.reasons(one)):
        yield _row("" if number else "why", render.terminal(line(branch)))
    yield from _proof(one)


def _proof(one: GateLine) -> Iterator[str]:
    """Digests (SHA-256), whole, and where the trail stood when the receipt was signed."""
    yield _row("policy", one.policy_sha256 or sentences.NONE)
    yield _row("request", one.request_sha256)
    if one.receipt_sha256:
        yield _row("receipt", one.receipt_sha256)
        yield _row("trail", f"{one.trail_seq} {one.trail_head}")


def _row(name: str, value: str) -> str:
    return f"    {name:<12} {value}"


def _notes() -> Iterator[str]:
    yield ""
    yield from sentences.NOTES
