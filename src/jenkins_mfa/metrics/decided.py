"""What this agent has committed since it started: each agent counts its own, and sums over all are right."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from jenkins_mfa.core.model import Commit, Gate

OUTCOMES = {"gate:approved": "approved", "gate:denied": "denied", "gate:expired": "expired"}
BUCKETS = (5, 15, 30, 60, 120, 300, 600, 1800, 3600, 14400, 86400)  #: seconds


class Decided:
    """Counters of the trail's events and of confirmations by factor, and how long decisions took."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._events = Counter(
            "jenkins_mfa_events", "Events that this agent has put into the trail", ["event"], registry=registry
        )
        self._confirmations = Counter(
            "jenkins_mfa_confirmations", "Confirmations that counted, by factor", ["factor"], registry=registry
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
        opened = {record.jti: record.opened_at for record in commit.records if isinstance(record, Gate)}
        for entry in commit.entries:
            self._events.labels(entry.event).inc()
            if entry.event == "gate:confirmed":
                self._confirmations.labels(str(entry.details.get("factor", ""))).inc()
            outcome = OUTCOMES.get(entry.event)
            if outcome and entry.gate in opened:
                self._seconds.labels(outcome).observe(max(0, entry.at - opened[entry.gate]) / 1000)
