"""What becomes of a delivery that failed: it is tried again or given up, and people are told once for each reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from jenkins_mfa.core.model import Alert, Commit, Gate, ToldRecord, Trouble
from jenkins_mfa.core.units import DAY
from jenkins_mfa.errors import (
    JenkinsMfaError,
    MessengerError,
    MessengerUnavailableError,
    SourceForbiddenError,
    SourceGoneError,
    SourceUnavailableError,
)
from jenkins_mfa.usecases.claim import NotOursError, alert_about, bumped
from jenkins_mfa.usecases.desk import Desk, commit_id, gates_of, run_record
from jenkins_mfa.usecases.ports import Due

PARK_AFTER = 200  #: tries, several hours of them, before a lane of people's messages is given up
UNHEARD_AFTER = 8  #: tries, about two minutes of them, before ops are told that nobody hears what is announced
STARTING = "starting"  #: reason of a source that is loading its runs after an outage
OPS_AFTER = 60_000  #: ms of failing before ops are told that an answer does not reach its run


class Troubles(Protocol):
    """Where it is kept why a lane is not delivered."""

    def trouble(self, lane: str) -> Trouble | None:
        """As in the Store port."""


def put_off(desk: Desk, due: Due, wait: int, error: Exception) -> None:
    """Try again in `wait` ms. Answers to runs are retried until they are done or their run has ended; messages are
    given up at some point, unless it is the operator who has to act, or the messenger has said when it will take them.
    Raises StoreError.
    """
    kind, _, key = due.lane.partition(":")
    if kind == "answer" and _reason(error) == STARTING:
        desk.store.retry_lane(due, wait)  # what failed before that lasts no longer for it
    elif kind == "answer":
        _told(desk, due, key, wait, _reason(error))
    elif kind == "announce":
        _unheard(desk, due, wait, str(error))
    elif due.tries > PARK_AFTER and not isinstance(error, SourceForbiddenError) and not _told_when(error):
        # What nobody foresaw may hold anything in its text.
        desk.store.park_lane(due, str(error) if isinstance(error, JenkinsMfaError) else type(error).__name__)
    else:
        desk.store.retry_lane(due, wait)


def _unheard(desk: Desk, due: Due, wait: int, problem: str) -> None:
    """Whoever only hears of gates misses a state in the end, and each later one is tried anew. Ops are told once a day,
    not once for each gate.
    """
    if due.tries > PARK_AFTER:
        desk.store.settle_lane(due)
        return
    if due.tries == UNHEARD_AFTER and desk.store.courtesy("unheard", due.token, DAY):
        now = desk.store.now()
        alert = Alert(f"unheard:{now}", "unheard", now, values={"problem": problem})
        desk.store.commit(Commit(commit_id(alert.id), (), alerts=(alert,)))
    desk.store.retry_lane(due, wait)


def of(store: Troubles, gate: Gate) -> Trouble | None:
    """Why the gate's run does not get its answer."""
    return store.trouble(f"answer:{gate.run.key}") if gate.state.answered else None


def unshown(gate: Gate, told: ToldRecord, at: int) -> tuple[Alert, ...]:
    """What ops must read when people see a short text in place of the gate."""
    return (replace(alert_about(gate, "unshown", at), values={"reason": told.refused}),)


def _told(desk: Desk, due: Due, key: str, wait: int, reason: str) -> None:
    """The messages of the run's gates show a new reason; ops are told of what lasts."""
    run = run_record(desk, key)
    gates = [gate for gate in gates_of(desk, run) if gate.state.answered]
    known, now = desk.store.trouble(due.lane), desk.store.now()
    if gates and known and known.at - known.since < OPS_AFTER <= now - known.since:
        alert = replace(alert_about(gates[0], "undelivered", now), values={"reason": reason})
        desk.store.commit(Commit(commit_id(alert.id, due.token), (bumped(run),), alerts=(alert,)))
    desk.store.retry_lane(due, wait, reason, [f"tell:{gate.id}" for gate in gates])


def _told_when(error: Exception) -> bool:
    return isinstance(error, MessengerUnavailableError) and bool(error.retry_after)


def _reason(error: Exception) -> str:
    """A code of words for what went wrong; the log has the whole."""
    match error:
        case SourceUnavailableError() | NotOursError():
            return error.code
        case SourceForbiddenError():
            return "forbidden"
        case SourceGoneError():
            return "gone"
        case MessengerError():
            return "accounts"
    return "unforeseen"
