"""Deliver what was decided: answers to runs, messages to people. At least once on the wire, its effect once.

A lane holds no message: what is delivered is the present state. So a late, doubled or reordered delivery tells the
truth all the same, and a crash between any two lines is caught up from the lane.
"""

from __future__ import annotations

import structlog

from jenkins_mfa.core.gate import Event, Kind, Refused, advance
from jenkins_mfa.core.model import Commit, Denial, Gate, State
from jenkins_mfa.errors import (
    DamagedError,
    JenkinsMfaError,
    MessageGoneError,
    MessageRefusedError,
    MessengerUnavailableError,
    SourceForbiddenError,
    SourceGoneError,
    SourceUnavailableError,
    StoreConflictError,
    StoreError,
)
from jenkins_mfa.usecases import claim, telling, trouble
from jenkins_mfa.usecases.decisions import deny_run
from jenkins_mfa.usecases.desk import Desk, apply, commit_id, decide, gates_of, run_record
from jenkins_mfa.usecases.ports import Abort, Due, Proceed
from jenkins_mfa.usecases.settling import remember, settle_run
from jenkins_mfa.usecases.supersede import supersede
from jenkins_mfa.usecases.telling import Again

log = structlog.get_logger()

LEASE = 10_000  #: ms; renewed while a delivery lasts, so that a killed agent's lanes come back soon
FIRST_RETRY = 500  #: ms, doubling
LONGEST_RETRY = 60_000  #: ms
ABORT_PATIENCE = 60_000  #: ms that a run may take to end after our abort before ops are told


def deliver(desk: Desk, due: Due) -> None:
    """Deliver one leased lane and settle its lease. Raises StoreError only: then the lease runs out by itself."""
    try:
        _route(desk, due)
    except Again as again:
        desk.store.retry_lane(due, again.delay)
    except StoreConflictError:
        desk.store.retry_lane(due, FIRST_RETRY)
    except DamagedError as damaged:
        log.warning("a stored record is damaged", lane=due.lane, record=damaged.record, problem=damaged.reason)
        desk.store.set_aside(damaged)
        desk.store.retry_lane(due, LONGEST_RETRY)
    except StoreError:
        raise
    except (SourceUnavailableError, MessengerUnavailableError) as error:
        wait = int((error.retry_after or 0) * 1000) or min(FIRST_RETRY * 2 ** min(due.tries, 10), LONGEST_RETRY)
        log.warning("delivery put off", lane=due.lane, tries=due.tries, wait_ms=wait, problem=str(error))
        trouble.put_off(desk, due, wait, error)
    except SourceForbiddenError as error:
        log.warning("delivery not permitted", lane=due.lane, problem=str(error))
        trouble.put_off(desk, due, LONGEST_RETRY, error)
    except (MessageGoneError, MessageRefusedError) as error:
        desk.store.park_lane(due, str(error))
    except JenkinsMfaError as error:
        log.warning("delivery failed", lane=due.lane, problem=str(error))
        trouble.put_off(desk, due, LONGEST_RETRY, error)
    except Exception as error:
        # One lane that nobody thought of (its source left the configuration) must not end the others' deliveries.
        log.exception("delivery failed", lane=due.lane)
        trouble.put_off(desk, due, LONGEST_RETRY, error)
    else:
        desk.store.settle_lane(due)


def _route(desk: Desk, due: Due) -> None:
    kind, _, name = due.lane.partition(":")
    _LANES[kind](desk, name)


def _answer(desk: Desk, key: str) -> None:
    """Bring every decided gate of a run to its end, one at a time."""
    while gate := _next(desk, key):
        source, before = desk.source(gate.run), desk.store.now()
        outcome, changed = settle_run(desk, source, gate.run)
        if changed:
            continue
        if gate.external_ref not in outcome.open_refs:
            raise Again(FIRST_RETRY)
        # A pause that was open before the receipt expired may have been passed since: only a later reading tells.
        if gate.state is State.SENDING and claim.lapsed(gate, before):
            _lapse(desk, gate.id)
            continue
        if gate.state is not State.SENDING:
            remember(desk, gate.run, outcome.settlers, outcome.open_refs)
        if gate.state in {State.APPROVED, State.SENDING}:
            with desk.spans.span("claim", gate.jti):
                sent = _claim(desk, gate)
            if sent is None:
                continue
            with desk.spans.span("sign", gate.jti):
                receipt = claim.receipt(desk, sent)
            _send(desk, sent, Proceed(receipt, claim.valid(sent)))
        else:
            _send(desk, gate, Abort(desk.line(gate)))
        if not settle_run(desk, source, gate.run)[1]:
            raise SourceUnavailableError("the answer was sent, but the run still waits", code="still_waits")


def _next(desk: Desk, key: str) -> Gate | None:
    """The next gate of a run that has an answer to be delivered; a claimed one first."""
    waiting = [gate for gate in gates_of(desk, run_record(desk, key)) if gate.state.answered]
    return min(waiting, key=lambda gate: gate.state is not State.SENDING, default=None)


def _send(desk: Desk, gate: Gate, answer: Proceed | Abort) -> None:
    """A pause that is gone says nothing by itself: the reading that follows tells.

    Another thread or replica may have made the gate what it is now, and not know yet whether that stays.
    """
    desk.store.confirm(gate)
    try:
        with desk.spans.span("deliver", gate.jti):
            desk.source(gate.run).answer(gate.external_ref, answer)
    except SourceGoneError:
        log.info("the pause was gone", gate=gate.jti)
    else:
        log.info("answer sent", gate=gate.jti, answer=type(answer).__name__.lower())


def _claim(desk: Desk, gate: Gate) -> Gate | None:
    """The gate in sending, ready for its proceed; None when it turned out not to be ready, and was changed instead."""

    def attempt() -> Gate | None:
        fresh = desk.store.gate(gate.id)
        if fresh is None or fresh.state not in {State.APPROVED, State.SENDING}:
            return None
        try:
            return claim.take(desk, fresh)
        except claim.NotOursError as error:
            _refuse(desk, fresh, error.code)
            raise

    try:
        return decide(attempt)
    except claim.NotOursError as error:
        log.warning("no receipt can be made", gate=gate.jti, problem=str(error))
        if gate.state is State.SENDING:
            raise SourceUnavailableError("the claimed receipt cannot be signed again", code=error.code) from error
        return None


def _refuse(desk: Desk, gate: Gate, code: str) -> None:
    """A gate that gets no receipt: denied while that can be done, and told to ops in any case."""
    now = desk.store.now()
    if gate.state in {State.PENDING, State.APPROVED}:
        deny_run(desk, gate, Denial(now, None, code, f"{code}:{gate.jti}:{gate.version}"))
    else:
        alert = claim.alert_about(gate, code, now)
        run = claim.bumped(run_record(desk, gate.run.key))
        desk.store.commit(Commit(commit_id(alert.id), (run,), alerts=(alert,)))


def _lapse(desk: Desk, gate_id: str) -> None:
    """The receipt has expired and the pause is still open: the approval is over."""

    def attempt() -> None:
        gate = desk.store.gate(gate_id)
        if gate is None:
            return
        cause = f"lapsed:{gate.jti}:{gate.version}"
        step = advance(gate, Event(Kind.LAPSED, desk.store.now(), "agent", cause))
        if not isinstance(step, Refused):
            apply(desk, cause, step)

    decide(attempt)


def _ended(desk: Desk, gate_id: str) -> None:
    """After an abort: look whether the run really ended; a pipeline that caught the abort goes on (an alert), or went
    on before anybody looked.
    """
    gate = desk.store.gate(gate_id)
    if gate is None or gate.ending is None:
        return
    outcome = desk.source(gate.run).outcome(gate.run)
    if outcome.finished and not outcome.well:
        return
    now = desk.store.now()
    if not outcome.finished and now < gate.ending.at + ABORT_PATIENCE:
        raise Again(5_000)
    alert = claim.alert_about(gate, "abort_outrun" if outcome.finished else "abort_caught", now)
    run = run_record(desk, gate.run.key)
    desk.store.commit(Commit(commit_id(alert.id), (claim.bumped(run),), alerts=(alert,)))


_LANES = {
    "answer": _answer,
    "tell": telling.tell,
    "many": telling.many,
    "flood": telling.flood,
    "home": telling.home,
    "note": telling.note,
    "ended": _ended,
    "alert": telling.alert,
    "announce": telling.announce,
    "supersede": supersede,
}

#: Kinds of lanes that wait for the messenger, for whom gates are only announced to, and for sources: none may hold the
#: others up.
TO_PEOPLE = frozenset({"tell", "many", "flood", "home", "alert"})
TO_ANNOUNCER = frozenset({"announce"})
TO_SOURCES = frozenset(_LANES) - TO_PEOPLE - TO_ANNOUNCER
