"""Two channels, each once: the address and the tap; either alone enrols nobody (S11, attack rows 21, 25 to 28)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from builders import policy, rule
from desk_world import World
from enrol_world import PARTY, Place, refused
from jenkins_mfa.core.audit_evidence import examine
from jenkins_mfa.core.binding import ActBinding, Decision
from jenkins_mfa.core.credential import Registration, key_sha256
from jenkins_mfa.core.model import Factor, State, TicketRecord
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.usecases import credentials, invite, loss, tickets
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.enrolment import TRIES, Enrolment
from jenkins_mfa.usecases.enrolment_stage import Stage
from jenkins_mfa.usecases.key_answers import Given, KeyAnswers, asks
from key_world import KEYED


def test_s11_address_and_tap_and_code_enrol_a_code_app_that_counts() -> None:
    """S11: announced to the person and to ops, in the trail with who invited; the proving code's step is burnt."""
    place = Place(rules=policy(rule()))
    ticket = place.vouched()
    seed = place.page.show(ticket)
    code = place.code(seed)
    made = place.page.prove(ticket, code)
    assert (made.by, place.usable()) == ("alice", [Factor.TOTP])
    assert place.alerts == [("enrol_asks", "bob"), ("enrolled", ""), ("enrolled", "bob")]
    assert [event for event, _ in place.events] == [
        "ticket:made",
        "ticket:used",
        "ticket:vouched",
        "authenticator:enrolled",
    ]
    last = place.store.trail[-1].entry
    assert (last.actor, last.details["by"], last.details["kind"]) == ("bob", "alice", "totp")
    place.open()
    refused("code_used", lambda: World.code(place, "bob", code))
    place.clock.move(seconds=30)
    assert World.code(place, "bob", place.code(seed)).gate.state is State.APPROVED


def test_row_26_the_address_alone_enrols_nobody() -> None:
    """Attack row 26: whoever reads it first still needs the tap in the person's own Slack."""
    place = Place()
    ticket = place.opened()
    assert place.page.stage(ticket) is Stage.OPENED
    for act in (
        lambda: place.page.show(ticket),
        lambda: place.page.prove(ticket, "123456"),
        lambda: place.page.begin_key(ticket),
        lambda: place.page.finish_key(ticket, b"{}", ""),
    ):
        refused("not_vouched", act)
    assert place.store.person("bob").version == 0


def test_row_25_a_stolen_slack_session_alone_enrols_nobody() -> None:
    """Attack row 25: there is no page to vouch for before the address was opened."""
    place = Place()
    token = place.invite()
    ticket = tickets._id(token)
    refused("ticket_over", lambda: place.own.vouch(ticket, place.who("bob"), True, "tap"))
    refused("ticket_unknown", lambda: place.own.vouch("0" * 64, place.who("bob"), True, "tap"))
    assert tickets.turn_in(place.desk, token).vouched_at == 0


@pytest.mark.parametrize("person", ["alice", "carol"])
def test_row_27_nobody_vouches_for_another(person: str) -> None:
    """Attack row 27: not even the administrator who made the address; S14: the envelope's account decides."""
    place = Place()
    ticket = place.opened()
    refused("ticket_of_another", lambda: place.own.vouch(ticket, place.who(person), True, "tap"))
    refused("not_vouched", lambda: place.page.show(ticket))
    assert ("ticket:refused", "ticket_of_another") in place.events


def test_s14_an_account_that_is_not_active_vouches_for_nobody() -> None:
    """S14."""
    place = Place()
    ticket = place.opened()
    place.messenger.away.add("bob")
    refused("inactive_account", lambda: place.own.vouch(ticket, place.who("bob"), True, "tap"))


def test_no_ends_the_ticket_and_ops_are_told() -> None:
    """Somebody else has the address: it opens nothing more, and a later Yes changes nothing."""
    place = Place()
    ticket = place.opened()
    place.own.vouch(ticket, place.who("bob"), False, "tap")
    assert place.page.stage(ticket) is Stage.OVER
    refused("ticket_over", lambda: place.page.show(ticket))
    refused("ticket_over", lambda: place.own.vouch(ticket, place.who("bob"), True, "tap 2"))
    assert ("enrol_denied", "") in place.alerts


def test_s3_a_key_is_shown_once() -> None:
    """S3: who comes second, with the same page, sees nothing."""
    place = Place()
    ticket = place.vouched()
    seed = place.page.show(ticket)
    refused("shown_before", lambda: place.page.show(ticket))
    stored = place.store.ticket(ticket)
    assert isinstance(stored, TicketRecord)
    assert seed not in str(stored)
    assert not any(seed.encode() in linked.raw for linked in place.store.trail)


def test_two_code_apps_are_enough() -> None:
    """More would be more codes that fit at one moment; a key is another matter."""
    place = Place()
    for _ in range(2):
        ticket = place.vouched()
        place.page.prove(ticket, place.code(place.page.show(ticket)))
    ticket = place.vouched()
    refused("enrolled_already", lambda: place.page.show(ticket))
    place.register(ticket, SecurityKey())
    assert place.usable() == [Factor.TOTP, Factor.TOTP, Factor.WEBAUTHN]


def test_wrong_codes_end_the_ticket() -> None:
    """Counted before they are told; what is no code at all costs nothing."""
    place = Place()
    ticket = place.vouched()
    refused("not_shown", lambda: place.page.prove(ticket, "123456"))
    seed = place.page.show(ticket)
    far = place.code(seed, 40)
    refused("code_malformed", lambda: place.page.prove(ticket, "12"))
    for _ in range(TRIES):
        refused("code_wrong", lambda: place.page.prove(ticket, far))
    refused("ticket_over", lambda: place.page.prove(ticket, place.code(seed)))
    assert place.usable() == []


def test_a_page_ends_ten_minutes_after_it_was_opened_and_an_address_after_a_day() -> None:
    """SP 800-63B-4, 4.1.2.2: what is bound is bound within ten minutes of the opening."""
    place = Place()
    token, late = place.invite(), place.invite()
    place.clock.move(seconds=86_399)
    ticket = tickets.turn_in(place.desk, token).id
    place.own.vouch(ticket, place.who("bob"), True, "tap")
    seed = place.page.show(ticket)
    place.clock.move(seconds=599)
    refused("ticket_over", lambda: tickets.turn_in(place.desk, late))
    assert place.page.stage(ticket) is Stage.SHOWN
    place.clock.move(seconds=1)
    refused("ticket_over", lambda: place.page.prove(ticket, place.code(seed)))


def test_a_loss_or_a_departure_ends_an_enrolment_that_is_under_way() -> None:
    """`/mfa lost` ends open tickets; a new one afterwards works."""
    place = Place()
    token, ticket = place.invite(), place.vouched()
    loss.lose(place.desk, "bob", "bob")
    refused("ticket_over", lambda: place.page.show(ticket))
    refused("ticket_over", lambda: tickets.turn_in(place.desk, token))
    place.clock.move(seconds=1)
    again = place.vouched()
    seed = place.page.show(again)
    place.page.prove(again, place.code(seed))
    assert not place.store.person("bob").locked_out


def test_a_security_key_is_enrolled_and_named_by_its_digest() -> None:
    """Attack row 45: the enrolment ties the public key to the person."""
    place = Place()
    ticket = place.vouched()
    made = place.register(ticket, SecurityKey())
    assert (made.kind, made.label, place.usable()) == (Factor.WEBAUTHN, "blue key", [Factor.WEBAUTHN])
    assert place.store.trail[-1].entry.details["key_sha256"] == key_sha256(credentials.of(place.desk, "bob", made).spki)
    refused("ticket_over", lambda: place.page.begin_key(ticket))


@pytest.mark.parametrize("person", ["bob", "alice"])
def test_row_45_the_trail_of_an_enrolment_and_an_answer_is_examined(person: str) -> None:
    """From the address to the answer, with one key: all that an auditor needs stands in the trail."""
    place, key = Place(rules=KEYED), SecurityKey()
    made = place.register(place.vouched("bob"), key)
    place.open()
    answers, who = KeyAnswers(place.desk, place.page.keys), Who("web", "203.0.113.9", "bob")
    asked = answers.begin(place.gate.jti, who, Decision.APPROVE, made.id, 10**15, asks(place.gate))
    body = json.dumps(key.sign(asked.options, PARTY.origin)).encode()
    answers.approve(Given(asked.gate.jti, asked.nonce, Decision.APPROVE, body), who)
    entries = [(one.seq, one.entry) for one in place.store.trail]
    for _, entry in entries:
        if entry.event == "authenticator:enrolled":
            entry.details["person"] = person
    assert [one.why for one in examine(entries, PARTY)] == ["" if person == "bob" else "owner"]


class _SameKey(WebAuthnKeys):
    """A device that gives out one credential id again and again."""

    made: Registration | None = None

    def register(self, body: bytes, binding: ActBinding, now: int) -> Registration:
        self.made = self.made or super().register(body, binding, now)
        return self.made


@pytest.mark.parametrize("second", ["carol", "bob"])
def test_row_21_a_key_is_enrolled_once_for_one_person(second: str) -> None:
    """Attack row 21: not for another person, and not again for the same one."""
    place = Place()
    place.page = Enrolment(place.desk, _SameKey(PARTY, "jenkins-mfa"))
    place.register(place.vouched("bob"), SecurityKey())
    ticket = place.vouched(second)
    refused("key_taken", lambda: place.register(ticket, SecurityKey()))
    assert (place.usable("bob"), place.usable("carol")) == ([Factor.WEBAUTHN], [])


def test_an_answer_of_a_key_is_judged_once() -> None:
    """S7: the question is used up before the answer is judged, whatever it is worth."""
    place = Place()
    ticket = place.vouched()
    options = place.page.begin_key(ticket)
    body = json.dumps(SecurityKey().register(options, PARTY.origin)).encode()
    refused("key_unfit", lambda: place.page.finish_key(ticket, b"{}", ""))
    refused("question_over", lambda: place.page.finish_key(ticket, body, ""))
    assert place.usable() == []


def test_row_28_who_invites_does_not_confirm_beside_the_invited() -> None:
    """Attack row 28: `enrol_delay` after somebody set up another's authenticator."""
    place = Place(rules=policy(rule(factor=Factor.PUSH, quorum=2)))
    place.enrol("carol")
    ticket = place.vouched("bob", "alice")
    place.page.prove(ticket, place.code(place.page.show(ticket)))
    place.open()
    place.tap("alice")
    refused("not_apart", lambda: place.tap("bob"))


def test_row_38_a_seed_put_on_another_ticket_does_not_open() -> None:
    """Attack row 38: sealed for one person and authenticator."""
    place = Place()
    mine, theirs = place.vouched("bob"), place.vouched("carol")
    seed = place.page.show(mine)
    place.page.show(theirs)
    held, other = place.store.ticket(mine), place.store.ticket(theirs)
    assert held is not None
    assert other is not None
    place.store.put(replace(other, sealed=held.sealed, authenticator=held.authenticator))
    refused("authenticator_damaged", lambda: place.page.prove(theirs, place.code(seed)))


def test_wrong_numbers_from_before_forgive_no_wrong_codes_afterwards() -> None:
    """S4: an enrolment ends the whole lock-out; what would be left of it is as many guesses at the new codes."""
    place = Place(rules=policy(rule(factor=Factor.PUSH_NUMBER)))
    place.store.put(replace(place.store.person("bob"), failures=4, number_failures=4))
    ticket = place.vouched()
    place.page.prove(ticket, place.code(place.page.show(ticket)))
    place.store.put(replace(place.store.person("bob"), failures=4))
    place.open()
    place.number("bob", "493817")
    assert place.store.person("bob").failures == 4


def test_addresses_that_are_used_side_by_side_give_no_third_code_app() -> None:
    """The limit holds when the app begins to count, not only when its key is shown: each app is one more to guess."""
    place = Place()
    ids = [place.vouched() for _ in range(3)]
    seeds = [place.page.show(one) for one in ids]
    for ticket, seed in zip(ids[:2], seeds[:2], strict=True):
        place.page.prove(ticket, place.code(seed))
    refused("enrolled_already", lambda: place.page.prove(ids[2], place.code(seeds[2])))
    assert place.usable() == [Factor.TOTP] * 2


@pytest.mark.parametrize("by", ["alice", "operator:root"])
def test_an_invitation_at_the_terminal_is_told_to_its_person_and_to_ops(by: str) -> None:
    """As one in Slack is: who did not expect it can say so before anything is opened. Oneself may be invited there."""
    place = Place()
    token, ticket = invite.at_terminal(place.desk, "alice", by)
    assert place.alerts == [("invited", ""), ("invited", "alice")]
    assert [event for event, _ in place.events] == ["ticket:made"]
    assert tickets.turn_in(place.desk, token).id == ticket.id
