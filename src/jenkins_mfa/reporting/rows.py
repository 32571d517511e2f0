"""The report as CSV: one line a gate (RFC 4180), with times in ISO 8601 in UTC."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from jenkins_mfa.core.policy import Roster
from jenkins_mfa.reporting import sentences
from jenkins_mfa.reporting.model import Behind, GateLine, Hole, Report
from jenkins_mfa.words import render
from jenkins_mfa.words.parts import sentences as in_a_row

HEADS = (
    "gate", "opened_at", "seconds_to_decision", "source", "pipeline", "run", "url", "environment",
    "environment_claimed", "outcome", "factor_asked", "started_by", "authors", "answers", "denied_by", "reason",
    "rules", "reasons", "passed_by", "exemptions", "break_glass", "broken_by", "broken_because", "reviewed_by",
    "policy_sha256", "request_sha256", "receipt", "receipt_sha256", "trail_seq", "trail_head",
)  # fmt: skip
#: How a spreadsheet tells that a cell is to be calculated; a name or a reason must never be.
CALCULATED = ("=", "+", "-", "@")


def rows(report: Report, roster: Roster) -> Iterator[str]:
    """A line with names, then each gate of the report, one at a time: there may be very many. What went past gates
    follows, each in a line with its event in the place of an outcome.
    """
    yield _line(HEADS)
    for one in report.each or ():
        yield _line((*_happened(one, roster), *_asked(one), *_broken(one, report), *_proof(one)))
    for hole in report.holes or ():
        yield _line(tuple(_hole(hole, roster).get(head, "") for head in HEADS))


def _hole(one: Hole, roster: Roster) -> dict[str, str]:
    by = one.entry.details.get("person") or one.entry.details.get("by") or ""
    return {
        "gate": one.entry.gate,
        "opened_at": render.iso(one.entry.at),
        "source": one.entry.source,
        "pipeline": one.pipeline,
        "run": one.run,
        "outcome": one.entry.event,
        "started_by": str(by),
        "reason": render.terminal(sentences.hole(one, roster)),
    }


def _line(row: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([_cell(text) for text in row])
    return out.getvalue()


def _happened(one: GateLine, roster: Roster) -> tuple[str, ...]:
    answers = [f"{c.person} {c.factor.value} {render.iso(c.at)}" for c in one.confirmations]
    why = sentences.why(one, roster)
    return (
        one.jti,
        render.iso(one.opened_at),
        "" if one.waited is None else f"{one.waited / 1000:.1f}",
        one.run.source,
        one.run.pipeline,
        one.run.id,
        one.run.url,
        "" if one.place.claimed else one.place.name,
        one.claimed,
        one.outcome.value,
        one.asked.value if one.asked else "",
        _people(one.starters),
        _people(one.authors),
        "; ".join(answers),
        (one.denial.person or "jenkins-mfa") if one.denial else "",
        one.denial.reason
        if one.denial and one.denial.person
        else ""
        if why == sentences.UNTOLD
        else render.terminal(why),
    )


def _asked(one: GateLine) -> tuple[str, ...]:
    why = in_a_row([branch.said for branch in sentences.reasons(one)])
    return ", ".join(one.rules), render.terminal(why), ", ".join(one.passes_by), ", ".join(one.exemptions)


def _broken(one: GateLine, report: Report) -> tuple[str, ...]:
    """By which rule and whom the glass was broken, why, and who has reviewed that."""
    if not one.break_glass:
        return "", "", "", ""
    by = f"{one.broken.person} {render.iso(one.broken.at)}" if one.broken else ""
    review = (report.reviews or {}).get(one.jti)
    reviewed = f"{review.person} {render.iso(review.at)}" if review else "nobody yet"
    if report.reviews is None:
        reviewed = "not known"
    return one.break_glass, by, one.broken.reason if one.broken else "", reviewed


def _proof(one: GateLine) -> tuple[str, ...]:
    receipt = one.jti if one.receipt_sha256 else ""
    seq = str(one.trail_seq or "")
    return one.policy_sha256, one.request_sha256, receipt, one.receipt_sha256, seq, one.trail_head


def _people(found: tuple[Behind, ...]) -> str:
    """Roster ids; the source's own name for who is not in the roster."""
    return "; ".join(one.person or one.subject for one in found)


def _cell(text: str) -> str:
    plain = text.isascii() and text.isprintable()
    shown = text if plain else render.visible(text, quoted=False)
    return f"'{shown}" if shown.startswith(CALCULATED) else shown
