"""An administrator invites somebody to enrol: a one-time address that is handed over outside the messenger (S11)."""

from __future__ import annotations

from jenkins_mfa.core.model import Alert, Commit, TicketRecord
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import tickets
from jenkins_mfa.usecases.desk import Desk, commit_id
from jenkins_mfa.usecases.tickets import For


def invite(desk: Desk, person: str, by: str, cause: str, now: int) -> tuple[Commit, str]:
    """What invites `person` (roster id), and the token for `by` alone. Both the person and ops are told, without it.

    Raises Refusal for oneself: a further authenticator of one's own would take only what one has already.
    """
    if person not in desk.roster.people:
        raise Refusal("unknown_person", {"target": person})
    if person == by:
        raise Refusal("own_invitation")
    token, ticket = tickets.fresh(desk, For.ENROL, person, by)
    return _commit(ticket, cause, now), token


def at_terminal(desk: Desk, person: str, by: str) -> tuple[str, TicketRecord]:
    """The same at the operator's terminal, where the login is the authority, for oneself too: done at once.

    Returns the token, and what was stored of it. Raises Refusal for somebody who is not in the roster.
    """
    token, ticket = tickets.fresh(desk, For.ENROL, person, by)
    desk.store.commit(_commit(ticket, ticket.id, ticket.issued))
    return token, ticket


def _commit(ticket: TicketRecord, cause: str, now: int) -> Commit:
    told = {"person": ticket.person, "by": ticket.by}
    alerts = tuple(Alert(f"invited:{ticket.id}:{to}", "invited", now, values=told, to=to) for to in ("", ticket.person))
    return Commit(commit_id(cause, "invite", ticket.person), (ticket,), (tickets.made(ticket),), alerts=alerts)
