"""One-time addresses: a token opens once, in time, for one person (S6; attack row 26)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

import pytest
from test_races import at_once

from builders import ROSTER
from clock import Clock
from fakes import desk
from jenkins_mfa.core.model import TicketRecord
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.errors import Refusal
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases import tickets
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.wiring import SystemRandomness
from memory_store import MemoryStore


@pytest.fixture
def here(memory_store: MemoryStore) -> Desk:
    """A desk with real randomness."""
    return replace(desk(memory_store), randomness=SystemRandomness())


def refused(here: Desk, token: str) -> str:
    with pytest.raises(Refusal) as caught:
        tickets.turn_in(here, token)
    return caught.value.code


def events(here: Desk) -> list[str]:
    assert isinstance(here.store, MemoryStore)
    return [linked.entry.event for linked in here.store.trail]


def test_s6_a_token_opens_what_it_was_made_for_and_is_stored_as_its_digest(here: Desk) -> None:
    """S6: at least 112 bits, stored hashed; the token itself is in no record and no event."""
    token, made = tickets.make(here, tickets.For.ENROL, "bob", "alice")
    raw = base64.urlsafe_b64decode(token + "=")
    assert len(raw) == tickets.TOKEN_BYTES >= 112 // 8
    assert made.id == hashlib.sha256(token.encode()).hexdigest()
    turned = tickets.turn_in(here, token)
    assert (turned.purpose, turned.person, turned.by, turned.used_at) == ("enrol", "bob", "alice", here.store.now())
    assert events(here) == ["ticket:made", "ticket:used"]
    assert isinstance(here.store, MemoryStore)
    written = [*(linked.raw.decode() for linked in here.store.trail), str(here.store.ticket(made.id))]
    assert not any(token in text for text in written)


def test_s6_a_token_opens_once(here: Desk) -> None:
    """S6, attack row 26: single use; the second use is refused and in the trail."""
    token, _ = tickets.make(here, tickets.For.ENROL, "bob", "alice")
    tickets.turn_in(here, token)
    assert refused(here, token) == "ticket_used"
    assert refused(here, token) == "ticket_used"
    assert events(here) == ["ticket:made", "ticket:used", "ticket:refused", "ticket:refused"]


def test_s6_a_token_ends_after_ten_minutes_or_before(here: Desk, clock: Clock) -> None:
    """S6, SP 800-63B-4, 4.1.2.2: short-lived, never past what it is about."""
    token, ticket = tickets.make(here, tickets.For.ACT, "bob", "alice", until=here.store.now() + 86_400_000)
    short, sooner = tickets.make(here, tickets.For.ANSWER, "bob", "bob", until=here.store.now() + 5_000)
    assert (ticket.expires, sooner.expires) == (here.store.now() + tickets.LIFETIME, here.store.now() + 5_000)
    clock.move(seconds=5)
    assert refused(here, short) == "ticket_over"
    clock.move(seconds=594.999)
    still = tickets.make(here, tickets.For.ACT, "carol", "alice")[0]
    clock.move(seconds=0.001)
    assert refused(here, token) == "ticket_over"
    assert tickets.turn_in(here, still).person == "carol"


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "../ticket", "\ud800", "ü" * 43])
def test_what_is_no_token_opens_nothing_and_fills_no_trail(here: Desk, token: str) -> None:
    """Nobody guesses 256 bits; the trail is not to be filled by strangers."""
    tickets.make(here, tickets.For.ENROL, "bob", "alice")
    assert refused(here, token) == "ticket_unknown"
    assert events(here) == ["ticket:made"]


def test_row_37_neither_the_digest_nor_another_spelling_opens(here: Desk) -> None:
    """What is in the store, or in a dump of it, is no token (attack row 37)."""
    token, ticket = tickets.make(here, tickets.For.ENROL, "bob", "alice")
    assert refused(here, ticket.id) == "ticket_unknown"
    assert refused(here, token + "=") == "ticket_unknown"
    assert tickets.turn_in(here, token).id == ticket.id


def test_a_token_is_for_the_person_that_it_was_made_for(here: Desk) -> None:
    """For nobody unknown, and for nobody who left since."""
    with pytest.raises(Refusal) as caught:
        tickets.make(here, tickets.For.ENROL, "nobody", "alice")
    assert caught.value.code == "not_in_roster"
    token, _ = tickets.make(here, tickets.For.ENROL, "bob", "alice")
    people = {name: person for name, person in ROSTER.people.items() if name != "bob"}
    left = replace(here, rules=Rules(here.policy, Roster(people)))
    assert refused(left, token) == "not_in_roster"
    assert refused(here, token) == "ticket_used"


def test_a_ticket_that_was_written_by_somebody_else_opens_nothing(here: Desk) -> None:
    """T8: whoever can write to the store puts a ticket there, or changes one: it is not sealed."""
    token, ticket = tickets.make(here, tickets.For.ENROL, "bob", "alice")
    assert isinstance(here.store, MemoryStore)
    here.store._records[f"ticket:{ticket.id}"] = replace(ticket, person="eve")
    assert refused(here, token) == "ticket_unknown"
    assert "record:damaged" in events(here)


def test_s6_of_two_replicas_that_turn_in_one_token_one_wins(store: RedisStore) -> None:
    """S6: single use is the version of one record; trap: two commits with one id are taken for one, sent again."""
    replicas = [replace(desk(store), randomness=SystemRandomness()) for _ in range(8)]
    for _ in range(5):
        token, _ticket = tickets.make(replicas[0], tickets.For.ANSWER, "bob", "bob")
        found = at_once(*((lambda one=one, token=token: tickets.turn_in(one, token)) for one in replicas))
        assert sum(isinstance(one, TicketRecord) for one in found) == 1
        lost = [one for one in found if isinstance(one, Refusal)]
        assert {one.code for one in lost} == {"ticket_used"}
        assert len(lost) == len(replicas) - 1


def test_a_ticket_does_not_stay_for_ever(store: RedisStore) -> None:
    """Every tap by somebody with a key makes one: a day after its end the server drops it, and it opens nothing."""
    here = replace(desk(store), randomness=SystemRandomness())
    token, ticket = tickets.make(here, tickets.For.ANSWER, "bob", "bob")
    key = store._wire.key(f"ticket:{ticket.id}")
    day = 86_400_000
    assert day < store._wire.client.pttl(key) <= day + tickets.LIFETIME
    tickets.turn_in(here, token)
    assert day < store._wire.client.pttl(key) <= day + tickets.LIFETIME
    assert refused(here, token) == "ticket_used"
    store._wire.client.delete(key)
    assert refused(here, token) == "ticket_unknown"
