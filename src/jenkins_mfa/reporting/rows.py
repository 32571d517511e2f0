"""The report as CSV: one line a gate (RFC 4180), with times in ISO 8601 in UTC."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from jenkins_mfa.core.policy import Roster
from jenkins_mfa.reporting import sentences
from jenkins_mfa.reporting.model import Behind, GateLine
from jenkins_mfa.words import render

HEADS = (
    "gate", "opened_at", "seconds_to_decision", "source", "pipeline", "run", "url", "environment",
    "environment_claimed", "outcome", "factor_asked", "started_by", "authors", "answers", "denied_by", "reason",
    "rules", "passed_by", "exemptions", "break_glass", "policy_sha256", "request_sha256", "receipt", "trail_seq",
    "trail_head",
)  # fmt: skip
#: How a spreadsheet tells that a cell is to be calculated; a name or a reason must never be.
CALCULATED = ("=", "+", "-", "@")


def rows(found: Iterable[GateLine], roster: Roster) -> Iterator[str]:
    """A line with names, then the gates, one at a time: there may be very many."""
    yield _line(HEADS)
    for one in found:
        yield _line(_row(one, roster))


def _line(row: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([_cell(text) for text in row])
    return out.getvalue()


def _row(one: GateLine, roster: Roster) -> tuple[str, ...]:
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
        ", ".join(one.rules),
        ", ".join(one.passes_by),
        ", ".join(one.exemptions),
        one.break_glass,
        one.policy_sha256,
        one.request_sha256,
        one.jti if one.trail_seq else "",
        str(one.trail_seq or ""),
        one.trail_head,
    )


def _people(found: tuple[Behind, ...]) -> str:
    """Roster ids; the source's own name for who is not in the roster."""
    return "; ".join(one.person or one.subject for one in found)


def _cell(text: str) -> str:
    plain = text.isascii() and text.isprintable()
    shown = text if plain else render.visible(text, quoted=False)
    return f"'{shown}" if shown.startswith(CALCULATED) else shown
