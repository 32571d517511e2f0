"""Both reports as JSON documents: stable keys, times in ISO 8601 in UTC, lengths of time in seconds."""

from __future__ import annotations

from typing import Any

import msgspec

from jenkins_mfa.core.policy import Roster
from jenkins_mfa.reporting import sentences
from jenkins_mfa.reporting.model import Behind, GateLine, Hole, Outcome, PersonRow, Report, Row, Scope, Times
from jenkins_mfa.reporting.observe import ObserveReport, Trial
from jenkins_mfa.words import render

Document = dict[str, Any]


def document(report: Report, roster: Roster) -> Document:
    """The report. `gates` is null where single gates were not asked for; else it holds all of them."""
    return {
        "scope": _scope(report.scope),
        "total": _row(report.total),
        "pipelines": [{"pipeline": name} | _row(row) for name, row in report.pipelines.items()],
        "environments": [
            {"environment": place.name, "claimed": place.claimed} | _row(row)
            for place, row in report.environments.items()
        ],
        "factors": [
            {"factor": row.factor.value if row.factor else None, "asked": row.gates, "given": row.given}
            for row in report.factors
        ],
        "people": [_person(row) for row in report.people],
        "hours_utc": [{"hour": hour} | _row(row) for hour, row in enumerate(report.hours)],
        "days": [{"day": render.iso(day)[:10], "outcomes": _outcomes(counts)} for day, counts in report.days.items()],
        **{_key(outcome): _gates(found, report, roster) for outcome, found in report.notable.items()},
        "exempted": _gates(report.exempted, report, roster),
        "break_glass": _gates(report.break_glass, report, roster),
        "holes": None if report.holes is None else [_hole(one, roster) for one in report.holes],
        "gates": None if report.each is None else _gates(report.each, report, roster),
        "damaged": list(report.damaged),
    }


def observed(report: ObserveReport) -> Document:
    """What rules on trial would have asked for."""
    return {
        "scope": _scope(report.scope),
        "gates": report.gates,
        "trials": [_trial(one) for one in report.trials],
        "silent": list(report.silent),
        "damaged": list(report.damaged),
    }


def _key(outcome: Outcome) -> str:
    return outcome.name.lower()


def _outcomes(counts: Any) -> Document:
    return {_key(outcome): counts[outcome] for outcome in Outcome if counts.get(outcome)}


def _scope(scope: Scope) -> Document:
    return {
        "since": render.iso(scope.since),
        "until": render.iso(scope.until),
        "pipeline": scope.pipeline or None,
        "environment": scope.environment or None,
    }


def _times(found: Times | None) -> Document | None:
    if found is None:
        return None
    return {"count": found.count, "median": found.median / 1000, "p95": found.p95 / 1000}


def _row(row: Row) -> Document:
    return {"gates": row.gates, "outcomes": _outcomes(row.outcomes), "seconds_to_decision": _times(row.times)}


def _person(row: PersonRow) -> Document:
    given = {factor.value: count for factor, count in row.confirmations.items()}
    answered = {"confirmations": given, "denials": row.denials}
    return {"person": row.person, **answered, "seconds_to_answer": _times(row.times)}


def _behind(found: tuple[Behind, ...]) -> list[Document]:
    return [{"person": one.person, "subject": one.subject} for one in found]


def _hole(one: Hole, roster: Roster) -> Document:
    """`reasons` are codes, as in the trail; `person` is a roster id, `subject` the source's own name."""
    about = {name: str(value) for name, value in one.entry.details.items()}
    return {
        "at": render.iso(one.entry.at),
        "event": one.entry.event,
        "source": one.entry.source,
        "pipeline": one.pipeline,
        "run": one.run,
        "gate": one.entry.gate or None,
        "reasons": about.get("reason", "").split(),
        "person": about.get("person") or None,
        "subject": about.get("by") or None,
        "commit": about.get("commit") or None,
        "says": render.terminal(sentences.hole(one, roster)),
    }


def _gates(found: tuple[GateLine, ...], report: Report, roster: Roster) -> list[Document]:
    return [_gate(one, roster) | _glass(one, report) for one in found]


def _gate(one: GateLine, roster: Roster) -> Document:
    why = sentences.why(one, roster)
    return {
        "gate": one.jti,
        "opened_at": render.iso(one.opened_at),
        "seconds_to_decision": None if one.waited is None else one.waited / 1000,
        "source": one.run.source,
        "pipeline": one.run.pipeline,
        "run": one.run.id,
        "url": one.run.url,
        "environment": None if one.place.claimed else one.place.name or None,
        "environment_claimed": one.claimed or None,
        "outcome": _key(one.outcome),
        "why": None if why == sentences.UNTOLD else render.terminal(why),
        "factor": one.asked.value if one.asked else None,
        "started_by": _behind(one.starters),
        "authors": _behind(one.authors),
        "confirmations": [
            {"person": c.person, "factor": c.factor.value, "at": render.iso(c.at)} for c in one.confirmations
        ],
        "denial": _denial(one),
        "rules": list(one.rules),
        "reasons": None if one.reasons.code == "none" else msgspec.to_builtins(one.reasons),
        "passed_by": list(one.passes_by),
        "exemptions": list(one.exemptions),
        "policy_sha256": one.policy_sha256 or None,
        "request_sha256": one.request_sha256,
        "receipt": _receipt(one),
    }


def _glass(one: GateLine, report: Report) -> Document:
    """By which rule and by whom the glass was broken, whether that was reviewed (null: not known), and by whom."""
    if not one.break_glass:
        return {"break_glass": None, "broken": None, "reviewed": None, "review": None}
    broken, review = one.broken, (report.reviews or {}).get(one.jti)
    return {
        "break_glass": one.break_glass,
        "broken": broken and {"person": broken.person, "at": render.iso(broken.at), "reason": broken.reason},
        "reviewed": None if report.reviews is None else review is not None,
        "review": review and {"person": review.person, "at": render.iso(review.at), "note": review.note},
    }


def _denial(one: GateLine) -> Document | None:
    denial = one.denial
    if denial is None:
        return None
    return {"person": denial.person, "reason": denial.reason, "at": render.iso(denial.at)}


def _receipt(one: GateLine) -> Document | None:
    """Its id and digest, and where the trail stood when it was signed."""
    if not one.receipt_sha256:
        return None
    stood = {"trail_seq": one.trail_seq, "trail_head": one.trail_head}
    return {"jti": one.jti, "sha256": one.receipt_sha256, **stood}


def _trial(one: Trial) -> Document:
    return {
        "rule": one.rule,
        "pipeline": one.pipeline,
        "would_have_asked": one.gates,
        "of": one.of,
        "nobody_asked_otherwise": one.fresh,
        "nobody_could_answer": one.hopeless,
        "confirmations": one.answers,
        "asks": [
            {"factor": ask.factor.value, "count": ask.count, "approvers": list(ask.approvers)} for ask in one.asks
        ],
        "people": list(one.people),
        "hours_utc": list(one.hours),
        "seconds_each": None if one.wait is None else one.wait / 1000,
        "seconds_in_all": None if one.total is None else one.total / 1000,
        "measured_on": {"gates": one.measured, "basis": one.basis},
    }
