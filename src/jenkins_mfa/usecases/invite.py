"""An administrator invites somebody to enrol: a one-time address that is handed over outside the messenger (S11)."""

from __future__ import annotations

from jenkins_mfa.core.model import Alert, Commit
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
    told = {"person": person, "by": by}
    alerts = tuple(Alert(f"invited:{ticket.id}:{to}", "invited", now, values=told, to=to) for to in ("", person))
    return Commit(commit_id(cause, "invite", person), (ticket,), (tickets.made(ticket),), alerts=alerts), token
