"""The Messenger port for a webhook: what became of gates, as JSON, signed. Nobody answers through it, so it vouches for
nobody, and shows nothing that somebody could be made to confirm.

What a Jenkinsfile says is left out: whoever reads a webhook sees builds, not what they were asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jenkins_mfa.core.home import Home
from jenkins_mfa.core.model import Alert, Gate, State, ToldRecord, Trouble
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.errors import MessengerUnavailableError
from jenkins_mfa.hook import Hook, NotTakenError
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.words import alerts, render, state

Json = dict[str, Any]


@dataclass(frozen=True)
class WebhookMessenger:
    """Announces to one webhook. A call that is not taken is the caller's to repeat: MessengerUnavailableError."""

    hook: Hook
    rules: Rules
    issuer: str = "webhook:"  #: of no account

    @property
    def roster(self) -> Roster:
        """Who is who now."""
        return self.rules.roster

    def tell(self, gate: Gate, told: ToldRecord, others: int, trouble: Trouble | None) -> ToldRecord:
        """Announce the present state; `others` are announced by themselves."""
        del others
        reason = trouble.reason if trouble else ""
        kind = "gate.held" if gate.state is State.PENDING and gate.held else f"gate.{gate.state.value}"
        name = f"{gate.id}-{gate.generation}-{gate.version}{f'-{reason}' if reason else ''}"
        self._send(name, kind, described(gate, trouble))
        return replace(told, version=told.version + 1, shown=gate.version, trouble=reason)

    def tell_line(self, requester: str, waiting: Sequence[Gate], most: int, told: ToldRecord) -> ToldRecord:
        """Announce how many gates of a requester wait their turn."""
        about = {"requester": requester, "waiting": len(waiting), "at_a_time": most}
        return self._count("requester.waiting", len(waiting), about, told)

    def tell_flood(self, pipeline: str, waiting: int, asked: Sequence[Gate], told: ToldRecord) -> ToldRecord:
        """Announce how many pauses of a pipeline wait unasked."""
        del asked
        return self._count("pipeline.flooded", waiting, {"pipeline": pipeline, "waiting": waiting}, told)

    def _count(self, kind: str, count: int, about: Json, told: ToldRecord) -> ToldRecord:
        after = replace(told, version=told.version + 1, shown=count)
        self._send(f"{kind.replace('.', '-')}-{after.version}", kind, about)
        return after

    def alert(self, alert: Alert, gate: Gate | None) -> None:
        """Announce what ops read, in their words."""
        text = "\n".join(render.terminal(line) for line in alerts.alert(alert, gate, self.roster))
        about = {"id": alert.id, "at": render.iso(alert.at), "to": alert.to, "gate": gate.jti if gate else None}
        self._send(alert.id.replace(".", "-"), f"alert.{alert.code}", {**about, "text": text})

    def show_home(self, home: Home) -> None:
        """Nobody has a page here."""

    def cannot_show(self, gate: Gate) -> str:
        """Everything fits."""
        del gate
        return ""

    def inactive(self, people: Iterable[str]) -> frozenset[str]:
        """Nobody has an account here. Raises MessengerUnavailableError: nobody is vouched for."""
        del people
        raise MessengerUnavailableError("a webhook vouches for nobody")

    def _send(self, name: str, kind: str, data: Json) -> None:
        """One call; its own moment stands in its headers."""
        body = json.dumps({"type": kind, "data": data}, ensure_ascii=False).encode(errors="replace")
        try:
            self.hook.call(name, "application/json", body)
        except NotTakenError as error:
            raise MessengerUnavailableError(f"the webhook did not take it: {error}", error.retry_after) from None


def described(gate: Gate, trouble: Trouble | None) -> Json:
    """What is told of a gate: no claim, no number, no nonce, no receipt."""
    starters = [start.person or start.subject for start in gate.facts.starters]
    denial = gate.denial
    return {
        "id": gate.jti,
        "version": gate.version,
        "state": gate.state.value,
        "says": state.word(gate, trouble),
        "source": gate.run.source,
        "pipeline": gate.run.pipeline,
        "run": gate.run.id,
        "url": gate.run.url,
        "environments": list(gate.requirement.environments) if gate.requirement else [],
        "requesters": [one for one in dict.fromkeys(starters) if one],
        "opened_at": render.iso(gate.opened_at),
        "deadline": render.iso(gate.deadline),
        "confirmations": [
            {"person": one.person, "factor": one.factor.value, "at": render.iso(one.at)} for one in gate.confirmations
        ],
        "denial": {"person": denial.person, "reason": denial.reason, "at": render.iso(denial.at)} if denial else None,
        "undelivered": trouble.reason if trouble else None,
    }
