"""What this agent has committed since it started: each agent counts its own, and sums over all are right."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from jenkins_mfa.core.model import Commit, Gate

OUTCOMES = {"gate:approved": "approved", "gate:denied": "denied", "gate:expired": "expired"}
ANSWERS = {"gate:confirmed": "counted", "gate:denied": "denied", "answer:refused": "refused"}
ASKED = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)  #: seconds
BUCKETS = (5, 15, 30, 60, 120, 300, 600, 1800, 3600, 14400, 86400)  #: seconds


class Decided:
    """Counters of the trail's events and of answers by factor, and how long messages and decisions took."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._events = Counter(
            "jenkins_mfa_events", "Events that this agent has put into the trail", ["event"], registry=registry
        )
        self._answers = Counter(
            "jenkins_mfa_answers", "People's answers to gates", ["factor", "outcome"], registry=registry
        )
        self._asked = Histogram(
            "jenkins_mfa_message_seconds", "From a gate's opening to its message", buckets=ASKED, registry=registry
        )
        self._seconds = Histogram(
            "jenkins_mfa_decision_seconds",
            "From a gate's opening to its decision",
            ["outcome"],
            buckets=BUCKETS,
            registry=registry,
        )

    def note(self, commit: Commit) -> None:
        """Count a commit that was acknowledged."""
        if commit.asked_after >= 0:
            self._asked.observe(commit.asked_after / 1000)
        if given := answer(commit):
            self._answers.labels(*given).inc()
        opened = {record.jti: record.opened_at for record in commit.records if isinstance(record, Gate)}
        for entry in commit.entries:
            self._events.labels(entry.event).inc()
            outcome = OUTCOMES.get(entry.event)
            if outcome and entry.gate in opened:
                self._seconds.labels(outcome).observe(max(0, entry.at - opened[entry.gate]) / 1000)


def answer(commit: Commit) -> tuple[str, str] | None:
    """Factor and outcome of the answer that a person gave to a gate; None where the commit is of no answer.

    An answer's own event is the first one: a denial is one answer, also where it ends several gates of its run.
    """
    first = next(iter(commit.entries), None)
    if first is None or first.event not in ANSWERS or not first.gate or first.actor == "agent":
        return None
    return str(first.details.get("factor", "")), ANSWERS[first.event]
