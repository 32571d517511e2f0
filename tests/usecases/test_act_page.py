"""An administrator's act on its page: one ticket, one act, one target; by key or code, once (S5, S7, attack row 27)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from builders import ROSTER, policy, rule
from desk_world import World
from fakes import code_of
from jenkins_mfa.core import audit, challenge, evidence
from jenkins_mfa.core.audit_evidence import examine
from jenkins_mfa.core.binding import ActBinding, Purpose
from jenkins_mfa.core.credential import key_sha256
from jenkins_mfa.core.model import Act, Entry, Factor
from jenkins_mfa.errors import Refusal
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.simulators.security_key import HONEST, Lies, SecurityKey
from jenkins_mfa.usecases import credentials, loss, tickets
from jenkins_mfa.usecases.act_page import ActPage
from jenkins_mfa.usecases.acts import Acts, NeedsPage
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.enrolment import Enrolment, OwnActs
from jenkins_mfa.usecases.enrolment_stage import Stage
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.usecases.tickets import For
from jenkins_mfa.wiring import SystemRandomness
from jenkins_mfa.words import history, render
from key_world import PARTY, enrol_key

UV = 0x04  #: the flag of user verification
RULES = replace(policy(rule(factor=Factor.TOTP), available=tuple(Factor)), administrators=("carol",))
UNLOCK, INVITE = Act("unlock", "bob"), Act("invite", "bob")


class Place(World):
    """Carol is administrator with a code app and a key; the codes of bob are switched off."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.desk = replace(self.desk, randomness=SystemRandomness(), rules=Rules(RULES, ROSTER))
        self.enrol("alice", "bob", "carol")
        self.open()
        self.lock("bob")
        self.key = SecurityKey()
        self.own = enrol_key(self.desk, PARTY, "carol", self.key)
        self.page = ActPage(self.desk, WebAuthnKeys(PARTY, "jenkins-mfa"))

    def lock(self, person: str) -> None:
        record = self.store.person(person)
        self.store.put(replace(record, failures=challenge.DISABLED_AT, version=record.version + 1))

    def session(self, person: str = "carol") -> Who:
        return Who("web", "203.0.113.9", person)

    def opened(self, act: Act = UNLOCK, who: str = "carol") -> str:
        """The command, and its page standing open; the ticket's id."""
        self.numbers += 1
        asked = Acts(self.desk, PARTY.origin).begin(act, self.who(who), f"command-{self.numbers}")
        assert isinstance(asked, NeedsPage)
        return tickets.turn_in(self.desk, asked.address.rpartition("#")[2]).id

    def ask(self, ticket: str) -> dict[str, Any]:
        return self.page.begin(ticket, self.session(), self.own.id)

    def signed(self, options: dict[str, Any], lies: Lies = HONEST) -> bytes:
        return json.dumps(self.key.sign(options, PARTY.origin, lies)).encode()

    def sign(self, ticket: str, body: bytes) -> str:
        return self.page.sign(ticket, self.session(), body).token

    def typed(self, ticket: str, code: str | None = None) -> str:
        given = code_of("carol", self.clock) if code is None else code
        return self.page.code(ticket, self.session(), given).token

    @property
    def locked(self) -> bool:
        return self.store.person("bob").failures == challenge.DISABLED_AT

    @property
    def last(self) -> audit.AuditEvent:
        return audit.decode(self.store.trail[-1].raw)


@pytest.fixture
def place() -> Place:
    return Place()


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code


def test_an_act_that_a_key_signed_takes_effect_once(place: Place) -> None:
    """One commit: the effect, the key's count, the ticket's end; the trail says who, by which key, from where."""
    ticket = place.opened()
    body = place.signed(place.ask(ticket))
    place.sign(ticket, body)
    assert not place.locked
    assert (place.last.name, place.last.actor) == ("authenticator:unlocked", "carol")
    details = {"factor": "webauthn", "proof": place.own.id, "via": "web/203.0.113.9", "person": "bob"}
    assert details.items() <= place.last.details.items()
    place.lock("bob")
    for again in (
        lambda: place.sign(ticket, body),
        lambda: place.ask(ticket),
        lambda: place.typed(ticket),
        lambda: place.page.look(ticket, place.session()),
    ):
        refused("page_over", again)
    assert place.locked


@pytest.mark.parametrize("act", [UNLOCK, INVITE, Act("lost", "bob")])
def test_row_45_an_act_leaves_evidence_that_an_auditor_verifies(place: Place, act: Act) -> None:
    """The signature over act and target stands in the trail with it, and fits what the trail says about it."""
    ticket = place.opened(act)
    place.sign(ticket, place.signed(place.ask(ticket)))
    spki = credentials.of(place.desk, "carol", place.own).spki
    about = {"person": "carol", "authenticator": place.own.id, "kind": "webauthn", "key_sha256": key_sha256(spki)}
    enrolled = Entry("authenticator:enrolled", 0, "carol", details=about)
    entries = [enrolled, *(linked.entry for linked in place.store.trail)]
    (found,) = examine(enumerate(entries), PARTY)
    assert (found.why, found.entry.actor, found.origin) == ("", "carol", PARTY.origin)
    signed = evidence.decode(str(found.entry.details["evidence"])).binding
    assert isinstance(signed, ActBinding)
    assert (signed.purpose, signed.subject) == (Purpose.ADMINISTER, f"{act.name} {act.target}")


def test_a_code_on_the_page_takes_effect_once(place: Place) -> None:
    """Its step is burnt in the act's commit (S1)."""
    ticket = place.opened()
    place.typed(ticket)
    assert not place.locked
    assert place.last.details["factor"] == "totp"
    assert place.store.person("carol").authenticators[0].last_step == place.last.details["step"]
    other = place.opened(INVITE)
    refused("code_used", lambda: place.typed(other))


@pytest.mark.parametrize("other", [Act("unlock", "alice"), Act("lost", "bob"), INVITE])
def test_an_assertion_for_one_act_and_target_serves_no_other(place: Place, other: Act) -> None:
    """S7: the signature covers both; nothing of the other page changes but its question, which is used up."""
    place.lock("alice")
    mine, another = place.opened(), place.opened(other)
    body = place.signed(place.ask(mine))
    place.ask(another)
    refused("key_refused", lambda: place.sign(another, body))
    assert (place.last.name, place.last.details["problem"], place.last.details["act"]) == (
        "answer:refused",
        "challenge",
        other.name,
    )
    assert place.locked
    assert place.store.person("alice").failures == challenge.DISABLED_AT
    refused("question_over", lambda: place.sign(another, body))
    place.sign(mine, body)
    assert not place.locked


def test_what_is_signed_names_act_and_target(place: Place) -> None:
    """Of the same question nothing else fits: the subject alone tells two acts apart."""
    ticket = place.opened()
    body = place.signed(place.ask(ticket))
    stored = place.store.ticket(ticket)
    assert stored is not None
    place.lock("alice")
    place.store.put(replace(stored, act=Act("unlock", "alice"), version=stored.version + 1))
    refused("key_refused", lambda: place.sign(ticket, body))
    assert place.store.person("alice").failures == challenge.DISABLED_AT


def test_a_question_is_used_up_before_its_answer_is_judged(place: Place) -> None:
    """S7: what was refused is not tried a second time."""
    ticket = place.opened()
    options = place.ask(ticket)
    refused("key_refused", lambda: place.sign(ticket, place.signed(options, Lies(flags_off=UV))))
    refused("question_over", lambda: place.sign(ticket, place.signed(options)))
    assert place.locked


def test_misses_on_the_page_count_with_all_others(place: Place) -> None:
    """S4: the same throttle; a wait holds the page's codes, and not its key."""
    ticket = place.opened()
    for _ in range(4):
        refused("code_wrong", lambda: place.typed(ticket, "000000"))
    refused("no_tries", lambda: place.typed(ticket, "000000"))
    refused("throttled", lambda: place.typed(ticket))
    assert place.store.person("carol").failures == 5
    place.sign(ticket, place.signed(place.ask(ticket)))
    assert not place.locked


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_a_page_is_for_its_administrator_alone(place: Place, who: str) -> None:
    """S14: another person's session does nothing with it, and says nothing of it."""
    ticket = place.opened()
    refused("page_over", lambda: place.page.look(ticket, place.session(who)))
    refused("page_over", lambda: place.page.code(ticket, place.session(who), code_of(who, place.clock)))
    refused("page_over", lambda: place.page.begin(ticket, place.session(who), place.own.id))
    assert place.locked


def test_who_is_no_administrator_gets_no_page_and_loses_one(place: Place) -> None:
    """T4: looked at with the command, the question and the answer."""
    refused("not_administrator", lambda: place.opened(who="alice"))
    ticket = place.opened()
    body = place.signed(place.ask(ticket))
    place.desk.rules.now = Rules(replace(RULES, administrators=()), ROSTER).now
    refused("not_administrator", lambda: place.sign(ticket, body))
    refused("not_administrator", lambda: place.typed(ticket))
    found = place.page.look(ticket, place.session()).refusal
    assert found is not None
    assert found.code == "not_administrator"
    assert place.locked


def test_a_page_ends_with_its_time_and_with_the_loss_of_what_answers(place: Place) -> None:
    """S5, S11."""
    late = place.opened()
    place.clock.move(seconds=600)
    refused("page_over", lambda: place.typed(late))
    ticket = place.opened()
    loss.lose(place.desk, "carol", "carol")
    refused("page_over", lambda: place.page.look(ticket, place.session()))
    assert place.locked


def test_another_purpose_of_a_ticket_opens_no_act(place: Place) -> None:
    """One never serves another."""
    token, _ = tickets.make(place.desk, For.ENROL, "carol", "alice")
    ticket = tickets.turn_in(place.desk, token).id
    refused("page_over", lambda: place.page.look(ticket, place.session()))
    refused("page_over", lambda: place.typed(ticket))


def test_an_invitation_gives_a_ticket_of_its_person_and_tells_them(place: Place) -> None:
    """The token is in no alert and no event; `by` is the administrator."""
    place.store.lanes.clear()
    token = place.typed(place.opened(INVITE))
    assert (place.last.name, place.last.actor) == ("ticket:made", "carol")
    assert {"person": "bob", "use": "enrol", "factor": "totp"}.items() <= place.last.details.items()
    said = render.terminal(history.sentence(place.store.trail[-1].entry, ROSTER))
    assert said.startswith("Carol made a one-time address for Bob")
    made = place.store.ticket(tickets._id(token))
    assert made is not None
    assert (made.purpose, made.person, made.by, made.used_at) == ("enrol", "bob", "carol", 0)
    place.deliver()
    assert [(one.code, one.to) for one in place.messenger.alerts] == [("invited", ""), ("invited", "bob")]
    told = [str(place.messenger.alerts), *(str(audit.decode(linked.raw)) for linked in place.store.trail)]
    assert not any(token in one for one in told)


def test_row_27_a_malicious_administrator_does_not_enrol_himself_as_another(place: Place) -> None:
    """He invites, opens the address himself and taps from his own account: no key is shown, nothing is enrolled, and
    the person and ops have read it.
    """
    before = place.store.person("bob").authenticators
    place.store.lanes.clear()
    ticket = place.opened(INVITE)
    taken = tickets.turn_in(place.desk, place.sign(ticket, place.signed(place.ask(ticket)))).id
    page, own = Enrolment(place.desk, place.page.keys), OwnActs(place.desk)
    refused("ticket_of_another", lambda: own.vouch(taken, place.who("carol"), True, "tap"))
    refused("not_vouched", lambda: page.show(taken))
    refused("not_vouched", lambda: page.begin_key(taken))
    place.deliver()
    told = {(one.code, one.to) for one in place.messenger.alerts}
    assert told == {("invited", ""), ("invited", "bob"), ("enrol_asks", "bob")}
    own.vouch(taken, place.who("bob"), False, "no")
    assert page.stage(taken) is Stage.OVER
    assert place.store.person("bob").authenticators == before
    refused("own_invitation", lambda: place.opened(Act("invite", "carol")))


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("how", ["lost", "left", "damaged"])
def test_an_invitation_ends_with_the_loss_or_the_leaving_of_who_made_it(place: Place, how: str, opened: bool) -> None:
    """S11: a day is long; whoever had carol's phone, or carol once she had to go, invites nobody any more."""
    token = place.typed(place.opened(INVITE))
    if opened:
        ticket = tickets.turn_in(place.desk, token).id
        OwnActs(place.desk).vouch(ticket, place.who("bob"), True, "tap")
    place.clock.move(seconds=60)
    if how == "lost":
        loss.lose(place.desk, "carol", "carol")
    elif how == "left":
        left = {name: person for name, person in ROSTER.people.items() if name != "carol"}
        place.desk.rules.now = Rules(replace(RULES, administrators=("alice",)), replace(ROSTER, people=left)).now
    else:
        place.store._records["auth:carol"] = replace(place.store.person("carol"), failures=9)
    if opened:
        assert Enrolment(place.desk, place.page.keys).stage(ticket) is Stage.OVER
    else:
        refused("ticket_over", lambda: tickets.turn_in(place.desk, token))
    again, _ = tickets.make(place.desk, For.ENROL, "bob", "operator:root")
    assert tickets.turn_in(place.desk, again).person == "bob"


def test_no_invitation_without_pages(place: Place) -> None:
    """And no form that asks for a code, whose address nobody could be shown."""
    refused("no_invitations", lambda: Acts(place.desk).begin(INVITE, place.who("carol"), "command"))
    refused("unknown_person", lambda: place.opened(Act("invite", "zoe")))
    assert place.last.details["reason"] == "unknown_person"
