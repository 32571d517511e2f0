"""Where an enrolment stands: the ticket that goes one way, and what the trail says of it."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import TypeVar

from jenkins_mfa.core.model import Commit, Entry, TicketRecord
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import tickets
from jenkins_mfa.usecases.desk import Desk, commit_id, decide, whole
from jenkins_mfa.usecases.tickets import For

T = TypeVar("T")


class Stage(enum.StrEnum):
    """Where an enrolment stands."""

    OPENED = "opened"
    VOUCHED = "vouched"
    SHOWN = "shown"
    OVER = "over"


def ticket_of(desk: Desk, ticket_id: str) -> TicketRecord:
    """The ticket of an enrolment. Raises Refusal where it is none."""
    ticket = whole(desk, lambda: desk.store.ticket(ticket_id))
    if ticket is None or ticket.purpose != For.ENROL:
        raise Refusal("ticket_unknown")
    return ticket


def stage_of(desk: Desk, ticket: TicketRecord, now: int) -> Stage:
    """The state machine, as one look at the ticket."""
    gone = ticket.person not in desk.roster.people or tickets.called_lost(desk, ticket)
    if gone or _proof_gone(desk, ticket) or ticket.done_at or not ticket.used_at or now >= ticket.expires:
        return Stage.OVER
    if not ticket.vouched_at:
        return Stage.OPENED
    return Stage.SHOWN if ticket.sealed else Stage.VOUCHED


def _proof_gone(desk: Desk, ticket: TicketRecord) -> bool:
    """Whether the authenticator with which its person opened it is switched off by now, or cannot be read."""
    if not ticket.proof:
        return False
    record = whole(desk, lambda: desk.store.person(ticket.person))
    return record is None or not any(one.id == ticket.proof and one.usable for one in record.authenticators)


def entry_of(event: str, ticket: TicketRecord, actor: str, now: int, **details: str) -> Entry:
    """An event about it."""
    return Entry(event, now, actor, details={"person": ticket.person, "use": ticket.purpose, **details})


def audited(desk: Desk, ticket_id: str, via: str, cause: str, attempt: Callable[[], T]) -> T:
    """Decide, and put a refusal into the trail before it is told; one that names no ticket of ours is no event."""
    try:
        return decide(attempt)
    except Refusal as refusal:
        if refusal.code != "ticket_unknown":
            ticket = ticket_of(desk, ticket_id)
            problem = {"problem": refusal.values["problem"]} if "problem" in refusal.values else {}
            entry = entry_of("ticket:refused", ticket, via, desk.store.now(), reason=refusal.code, **problem)
            desk.store.commit(Commit(commit_id("ticket-refused", cause), (), (entry,)))
        raise
