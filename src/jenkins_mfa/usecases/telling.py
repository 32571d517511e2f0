"""Tell people: the lanes of messages and of the line on the run's own page. Each shows the present state."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import structlog

from jenkins_mfa.core import holds
from jenkins_mfa.core.flood import concerns, name_of
from jenkins_mfa.core.home import concerned
from jenkins_mfa.core.model import APPROVERS, Alert, Commit, Gate, Message, State, ToldRecord, Trouble
from jenkins_mfa.errors import MessengerError, MessengerUnavailableError, StoreConflictError
from jenkins_mfa.usecases import explain, trouble
from jenkins_mfa.usecases import home as homes
from jenkins_mfa.usecases.claim import alert_about
from jenkins_mfa.usecases.desk import Desk, commit_id, decide, gates_of, run_record, whole

log = structlog.get_logger()

FLOOD_UNTOLD = 2_000  #: ms until it is looked again where a flood can be told
#: Alerts that approvers read too: somebody goes past what they decide, or uses what they have decided elsewhere.
FOR_APPROVERS = frozenset(
    {
        "bypassed",
        "token_stolen",
        "ended_unclear",
        "aborted_by_other",
        "proceeded_again",
        "twin",
        "gate_missing",
        "receipt_twice",
        "receipt_elsewhere",
        "receipt_unknown",
    }
)
PARTLY_TOLD = 2_000  #: ms until a gate is told again where some of its messages could not be shown


class Again(Exception):
    """The lane is not finished; look again after `delay` ms."""

    def __init__(self, delay: int) -> None:
        super().__init__(delay)
        self.delay = delay


def tell(desk: Desk, gate_id: str) -> None:
    """Show people the gate's present state; remember where."""
    gate = desk.store.gate(gate_id)
    if gate is None or gate.untold:
        return
    told, failing = desk.store.told(gate_id), trouble.of(desk.store, gate)
    _announce(desk, gate, failing)
    if holds.in_line(gate) and not told.messages:
        return  # one message stands for all that wait their turn
    if not told.stale and (told.shown > gate.version or _is_shown(gate, told, failing)):
        return
    # Asked before anything is posted: a store that is away afterwards would have it posted again.
    pages = homes.lanes(desk.store, concerned(gate)) if told.shown != gate.version else ()
    stuck = _stuck(desk, gate) if not told.messages else ()
    asked_after = -1 if told.messages else _asked_after(desk, gate)
    desk.store.confirm(gate)
    others = sum(1 for other in gates_of(desk, run_record(desk, gate.run.key)) if not other.state.settled)
    with desk.spans.span("announce", gate.jti):
        after = desk.messenger.tell(gate, told, others - (not gate.state.settled), failing)
    refused = trouble.unshown(gate, after, desk.store.now()) if after.refused and not told.refused else ()
    cause = commit_id("told", gate.jti, str(after.version), str(after.shown))
    try:
        desk.store.commit(Commit(cause, (after,), (), pages, (*refused, *stuck), asked_after if after.messages else -1))
    except StoreConflictError:
        _overtaken(desk, gate)
        raise
    if not _is_shown(gate, after, failing):
        raise Again(PARTLY_TOLD)


def _asked_after(desk: Desk, gate: Gate) -> int:
    """How many ms ago the gate opened, or was let out of its line; -1 for a test, which no run waits for."""
    return -1 if gate.run.test else max(0, desk.store.now() - max(gate.opened_at, gate.released_at))


def _stuck(desk: Desk, gate: Gate) -> tuple[Alert, ...]:
    """What ops read when people are asked who could not answer together with what they have enrolled."""
    lacking = () if gate.held or gate.run.test else explain.stuck(desk.store, gate)
    if not lacking:
        return ()
    return (replace(alert_about(gate, "nobody_can", desk.store.now()), values={"people": ",".join(lacking)}),)


def _overtaken(desk: Desk, gate: Gate) -> None:
    """Another replica has told meanwhile, perhaps something newer than what was shown just now: tell once more."""

    def attempt() -> None:
        told = desk.store.told(gate.id)
        cause = commit_id("overtaken", gate.jti, str(told.version))
        after = replace(told, version=told.version + 1, stale=True)
        desk.store.commit(Commit(cause, (after,), lanes=(f"tell:{gate.id}",)))

    decide(attempt)


def _announce(desk: Desk, gate: Gate, failing: Trouble | None) -> None:
    """Before people are told: a messenger that is away does not keep the state from who is only to hear of it. Nobody
    is to hear of tests.
    """
    if desk.announcer is None or gate.run.test:
        return
    if not _is_shown(gate, desk.store.told(f"announced:{gate.id}"), failing):
        cause = commit_id("announce", gate.jti, str(gate.version))
        desk.store.commit(Commit(cause, (), lanes=(f"announce:{gate.id}",)))


def announce(desk: Desk, gate_id: str) -> None:
    """Announce the gate's present state, once each; nothing where nobody is to hear of it (any more)."""
    gate, told = desk.store.gate(gate_id), desk.store.told(f"announced:{gate_id}")
    if desk.announcer is None or gate is None:
        return
    failing = trouble.of(desk.store, gate)
    if _is_shown(gate, told, failing):
        return
    desk.store.confirm(gate)
    after = desk.announcer.tell(gate, told, 0, failing)
    desk.store.commit(Commit(commit_id("announced", gate.jti, str(after.version), str(after.shown)), (after,)))


def _is_shown(gate: Gate, told: ToldRecord, failing: Trouble | None) -> bool:
    """Whether what was told last is the gate as it stands, with the trouble that its delivery has."""
    return (told.shown, told.trouble) == (gate.version, failing.reason if failing else "")


class Tellings(Protocol):
    """The part of the store that `adopt` needs."""

    def told(self, gate_id: str) -> ToldRecord:
        """Which messages tell about a gate."""

    def commit(self, commit: Commit) -> None:
        """Write all of it in one step. Raises StoreConflictError when somebody else was first."""


def adopt(store: Tellings, gate_id: str, message: Message) -> None:
    """A message about a gate that nobody remembers, as its posting was never confirmed: from now on its lane keeps it
    right. Where nothing else is known to stand in its channel, it is the gate's own. Raises StoreError.
    """

    def attempt() -> None:
        told = store.told(gate_id)
        places = [(one.channel, one.ts) for one in (*told.messages, *told.copies)]
        if (message.channel, message.ts) in places:
            return
        if any(one.channel == message.channel for one in told.messages):
            after = replace(told, version=told.version + 1, stale=True, copies=(*told.copies, message))
        else:
            after = replace(told, version=told.version + 1, stale=True, messages=(*told.messages, message))
        cause = commit_id("adopted", gate_id, message.channel, message.ts, str(after.version))
        store.commit(Commit(cause, (after,), lanes=(f"tell:{gate_id}",)))

    decide(attempt)


def many(desk: Desk, requester: str) -> None:
    """Say how many gates of a requester wait their turn, in one message, which changes with them."""
    waiting = [g for g in desk.store.open_gates() if g.state is State.PENDING and holds.in_line(g, requester)]
    told = desk.store.told(f"many:{requester}")
    if told.shown == len(waiting):
        return
    after = desk.messenger.tell_line(requester, waiting, desk.asks_per_requester, told)
    cause = commit_id("many", requester, str(after.version), str(after.shown))
    desk.store.commit(Commit(cause, (after,)))


def flood(desk: Desk, pipeline: str) -> None:
    """Say how many pauses of a pipeline, or of a whole source, wait unasked (by its key), in one message that follows
    their number.
    """
    waiting = next((one.waiting for one in desk.store.floods().floods if one.pipeline == pipeline), 0)
    told = desk.store.told(f"flood:{pipeline}")
    if told.shown == waiting:
        return
    open_ones = [gate for gate in desk.store.open_gates() if concerns(pipeline, gate.run)]
    asked = [gate for gate in open_ones if gate.state is State.PENDING]
    if waiting and not asked and not told.messages:
        raise Again(FLOOD_UNTOLD)  # its gates are being opened just now; approvers read of it where those stand
    after = desk.messenger.tell_flood(name_of(pipeline), waiting, asked, told)
    desk.store.commit(Commit(commit_id("flood", pipeline, str(after.version), str(after.shown)), (after,)))


def home(desk: Desk, person: str) -> None:
    """Show somebody (roster id) their own page as it is now. What cannot be shown is left to the next change or
    opening, except where the messenger says when it will take it.
    """
    if person not in desk.roster.people or not homes.lanes(desk.store, {person}):
        return
    try:
        desk.messenger.show_home(homes.of(desk, person))
    except MessengerError as error:
        if isinstance(error, MessengerUnavailableError) and error.retry_after:
            raise Again(round(error.retry_after * 1000)) from None
        log.info("a home was not shown", person=person, problem=str(error))


def note(desk: Desk, gate_id: str) -> None:
    """Write the present state on the run's own page: one line for all gates of a run."""
    gate = desk.store.gate(gate_id)
    if gate is None:
        return
    withdrawn = gate.state is State.WITHDRAWN
    if withdrawn and not all(other.state.settled for other in gates_of(desk, run_record(desk, gate.run.key))):
        return  # the line speaks of a gate that waits still
    if withdrawn or gate.state in {State.PENDING, State.RESUMED}:
        desk.source(gate.run).note(gate.run, desk.line(gate), ended=withdrawn)


def alert(desk: Desk, alert_id: str) -> None:
    """Tell ops, or those whom it is for, what has happened; then approvers, where it is about what they decide."""
    found = desk.store.alert(alert_id)
    if found is None:
        return
    gate = whole(desk, lambda: desk.store.gate(found.gate)) if found.gate else None
    desk.messenger.alert(found, gate)
    if pages := homes.lanes(desk.store, {found.to} & desk.roster.people.keys()):
        desk.store.commit(Commit(commit_id("alert-home", found.id), (), lanes=pages))
    if found.code in FOR_APPROVERS and not found.to and not (gate and _news(gate)):
        channels = gate.requirement.channels if gate and gate.requirement else ()
        places = [f"{APPROVERS}{channel}" for channel in channels or ("",)]
        copies = tuple(replace(found, id=f"{found.id}:{place}", to=place) for place in places)
        desk.store.commit(Commit(commit_id("approvers", found.id), (), alerts=copies))


def _news(gate: Gate) -> bool:
    """Whether the gate's own message is new and says it: it was denied before anybody was asked."""
    return gate.denial is not None and gate.denial.cause == f"open:{gate.id}"
