"""One-time addresses of the agent's own pages: whoever holds the token opens what it is for, once, in time (S6).

Only the token's SHA-256 is stored. It is looked up by that digest, so no secret is ever compared; 256 bits are not
guessed, which is why an unknown token is no event of the trail: anybody could fill it.
"""

from __future__ import annotations

import base64
import enum
import hashlib
from dataclasses import replace
from typing import TypedDict, Unpack

from jenkins_mfa.core.model import Act, Alert, Commit, Entry, Factor, Gate, TicketRecord
from jenkins_mfa.core.units import DAY
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases.desk import Desk, commit_id, decide, whole

TOKEN_BYTES = 32
LIFETIME = 600_000  #: ms; SP 800-63B-4, 4.1.2.2: at most ten minutes
OPERATOR = "operator:"  #: before the login of an operator whom the roster does not know
UNOPENED = DAY  #: ms that an address for an enrolment may lie unopened: it alone enrols nobody


class For(enum.StrEnum):
    """What a ticket opens. One of them never serves another."""

    ENROL = "enrol"
    ANSWER = "answer"
    ACT = "act"
    OWN = "own"


class Terms(TypedDict, total=False):
    """What a ticket is bound to: when it ends (ms UTC) unless it does sooner, the gate that it answers, the act."""

    until: int
    gate: Gate
    act: Act


def make(desk: Desk, purpose: For, person: str, by: str, **terms: Unpack[Terms]) -> tuple[str, TicketRecord]:
    """A new token, and what was stored of it. Raises Refusal for somebody who is not in the roster."""
    token, ticket = fresh(desk, purpose, person, by, **terms)
    desk.store.commit(Commit(commit_id("ticket", ticket.id), (ticket,), (made(ticket),)))
    return token, ticket


def fresh(desk: Desk, purpose: For, person: str, by: str, **terms: Unpack[Terms]) -> tuple[str, TicketRecord]:
    """A new token (43 characters of base64url, shown once and kept nowhere) and what is to be stored of it, together
    with `made`.

    It ends after LIFETIME (for an enrolment UNOPENED, and LIFETIME once it was opened), or at `until` (ms UTC) if that
    comes first. `by` is who gives it out, for the trail. Raises
    Refusal for somebody who is not in the roster.
    """
    if person not in desk.roster.people:
        raise Refusal("not_in_roster", {"account": person})
    raw = desk.randomness.bytes(TOKEN_BYTES)
    token = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    now = desk.store.now()
    longest = now + (UNOPENED if purpose is For.ENROL else LIFETIME)
    expires, gate = min(longest, terms.get("until", longest)), terms.get("gate")
    jti = gate.jti if gate else ""
    return token, TicketRecord(_id(token), 1, purpose.value, person, by, now, expires, jti, act=terms.get("act"))


def made(ticket: TicketRecord) -> Entry:
    """What the trail says of a new one."""
    return _entry("ticket:made", ticket, ticket.by, ticket.issued)


def proved(desk: Desk, person: str, kind: Factor, proof: str, now: int) -> tuple[TicketRecord, Entry]:
    """An enrolment that its person has opened with the authenticator `proof`, for one of this kind: no address leads to
    it, and nobody has to be asked any more. To be committed together with what the proof has used up.
    """
    nobody = _id(desk.randomness.hex(TOKEN_BYTES))
    use, ends = For.ENROL.value, now + LIFETIME
    opened = TicketRecord(nobody, 1, use, person, person, now, ends, "", now, now, proof=proof, kind=kind.value)
    return opened, _entry("ticket:made", opened, person, now, kind=kind.value)


def address(url: str, token: str) -> str:
    """The one-time address of a token; `url` is where the pages are. Behind # no server and no proxy sees it."""
    return f"{url}/open#{token}"


def turn_in(desk: Desk, token: str) -> TicketRecord:
    """Use a token up: of all who do, one succeeds. Nothing else turns it in; looking at an address changes nothing.

    Raises Refusal: `ticket_unknown`, `ticket_used`, `ticket_over`, or `not_in_roster` for a person who left since. What
    is begun with it must be over at its `expires`.
    """
    ticket_id, cause = _id(token), desk.randomness.hex(16)

    def attempt() -> TicketRecord:
        now = desk.store.now()
        ticket = whole(desk, lambda: desk.store.ticket(ticket_id))
        if ticket is None:
            raise Refusal("ticket_unknown")
        reason = _unusable(desk, ticket, now)
        ends = ticket.used_at == 0 and ticket.purpose == For.ENROL and not reason
        expires = now + LIFETIME if ends else ticket.expires
        used = replace(ticket, version=ticket.version + 1, used_at=ticket.used_at or now, expires=expires)
        if reason:
            entry = _entry("ticket:refused", ticket, ticket.person, now, reason=reason)
            desk.store.commit(Commit(commit_id("ticket-refused", cause), (used,), (entry,)))
            raise Refusal(reason, {"account": ticket.person})
        # The cause is this call's own: a second holder's commit must not be taken for the first one's, sent again.
        entry = _entry("ticket:used", ticket, ticket.person, now)
        asks = (_asks(used, now),) if ticket.purpose == For.ENROL else ()
        desk.store.commit(Commit(commit_id("ticket-used", cause), (used,), (entry,), alerts=asks))
        return used

    return decide(attempt)


def _unusable(desk: Desk, ticket: TicketRecord, now: int) -> str:
    """Why a ticket opens nothing; empty when it does."""
    if ticket.used_at:
        return "ticket_used"
    if now >= ticket.expires or called_lost(desk, ticket):
        return "ticket_over"
    return "" if ticket.person in desk.roster.people else "not_in_roster"


def called_lost(desk: Desk, ticket: TicketRecord) -> bool:
    """Whether the ticket was made before what its person, or whoever gave it out, answers with was last called lost,
    so that it counts no more: it may have been somebody else who gave it out. Nor does one of whom the roster has lost
    since, nor one of before an older store was taken up, which does not know whether it was used. Where that cannot be
    read it does not count either, but for an enrolment, which mends its person's record.
    """
    if desk.continuity.before(ticket.issued):
        return True
    record = whole(desk, lambda: desk.store.person(ticket.person))
    mine = ticket.purpose != For.ENROL if record is None else record.lost_at >= ticket.issued
    return mine or _giver_gone(desk, ticket)


def _giver_gone(desk: Desk, ticket: TicketRecord) -> bool:
    """The same about who gave it out, where that is another person, and not an operator by their login alone."""
    if ticket.by == ticket.person or ticket.by.startswith(OPERATOR):
        return False
    record = whole(desk, lambda: desk.store.person(ticket.by))
    return ticket.by not in desk.roster.people or record is None or record.lost_at >= ticket.issued


def _asks(ticket: TicketRecord, now: int) -> Alert:
    """The second channel of an enrolment (S11): the person is asked in the messenger whether it is them."""
    return Alert(f"enrol_asks:{ticket.id}", "enrol_asks", now, values={"ticket": ticket.id}, to=ticket.person)


def _id(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _entry(event: str, ticket: TicketRecord, actor: str, now: int, **details: str) -> Entry:
    about = {"person": ticket.person, "use": ticket.purpose}
    about |= {"act": ticket.act.name, "target": ticket.act.target} if ticket.act else {}
    return Entry(event, now, actor, ticket.gate, details={**about, **details})
