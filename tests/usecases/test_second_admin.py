"""With `second_admin` one administrator alone gives nobody an authenticator that counts (attack row 27)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from builders import ROSTER, policy, rule
from desk_world import World
from enrol_world import PARTY, Place, refused
from fakes import code_of, seed_of
from jenkins_mfa.core import challenge
from jenkins_mfa.core.audit_evidence import examine
from jenkins_mfa.core.model import Act, Authenticator, Factor, PersonRecord, State
from jenkins_mfa.errors import DamagedError
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.usecases import enroll, loss, seals, second_admin, tickets
from jenkins_mfa.usecases.act_page import ActPage
from jenkins_mfa.usecases.acts import Acts, NeedsCode, NeedsPage
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.enrolment import Enrolment
from jenkins_mfa.usecases.own_authenticators import OwnAuthenticators
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.usecases.sign_in import SignIn

DAY = 86_400
ONE = replace(policy(rule(factor=Factor.TOTP), available=tuple(Factor)), administrators=("alice", "carol"))
TWO = replace(ONE, second_admin=True)
CONFIRM = Act("confirm", "bob")


class Pair(Place):
    """Alice and Carol are administrators, with code apps; the policy wants both."""

    def __init__(self) -> None:
        super().__init__(rules=ONE)
        self.enrol("alice", "carol")
        self.switch(TWO)

    def switch(self, rules) -> None:  # type: ignore[no-untyped-def]
        self.desk = replace(self.desk, rules=Rules(rules, ROSTER))
        self.page = Enrolment(self.desk, self.page.keys)

    def app(self, by: str = "alice") -> tuple[Authenticator, str]:
        """Bob enrols a code app with an address that `by` made; with its seed."""
        ticket = self.vouched("bob", by)
        seed = self.page.show(ticket)
        return self.page.prove(ticket, self.code(seed)), seed

    def key(self, key: SecurityKey) -> Authenticator:
        made = self.register(self.vouched("bob"), key)
        assert isinstance(made, Authenticator)
        return made

    def begin(self, who: str = "carol", pages: str = "") -> NeedsCode | NeedsPage:
        self.numbers += 1
        return Acts(self.desk, pages).begin(CONFIRM, self.who(who), f"begin-{self.numbers}")

    def finish(self, asked: NeedsCode | NeedsPage, who: str = "carol", code: str | None = None) -> None:
        assert isinstance(asked, NeedsCode)
        self.numbers += 1
        typed = code_of(who, self.clock) if code is None else code
        Acts(self.desk).finish(asked.act, asked.challenge_id, self.who(who), typed, f"finish-{self.numbers}")

    def at_terminal(self, target: str, by: str) -> None:
        self.store.commit(second_admin.confirm(self.desk, target, by, by, self.clock.now()))


@pytest.fixture
def pair() -> Pair:
    return Pair()


def damage(world: World, whose: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's record is not what was written."""
    whole = world.store.person

    def person(name: str) -> PersonRecord:
        if name == whose:
            raise DamagedError(f"person:{name}", "its seal does not fit")
        return whole(name)

    monkeypatch.setattr(world.store, "person", person)


def test_second_admin_a_new_code_app_counts_once_another_administrator_has_confirmed_it(pair: Pair) -> None:
    """Told to the person and to ops when it waits and when it counts; in the trail with both names and the factor."""
    made, seed = pair.app()
    assert pair.alerts[-2:] == [("enrol_waits", ""), ("enrol_waits", "bob")]
    assert pair.store.trail[-1].entry.details["state"] == "waits"
    pair.clock.move(seconds=60)
    pair.finish(pair.begin())
    assert pair.alerts[-2:] == [("enrolled", ""), ("enrolled", "bob")]
    last = pair.store.trail[-1].entry
    assert (last.event, last.actor, last.details["by"]) == ("authenticator:confirmed", "carol", "alice")
    assert {"person": "bob", "authenticator": made.id, "factor": "totp"}.items() <= last.details.items()
    found = pair.store.person("bob").authenticators[0]
    assert (found.usable, found.since) == (True, pair.clock.now())  # `enrol_delay` begins now
    pair.open()
    assert World.code(pair, "bob", pair.code(seed)).gate.state is State.APPROVED


def test_second_admin_what_waits_answers_no_gate(pair: Pair) -> None:
    """Neither by a code nor by being looked at: nobody is said to have one."""
    _, seed = pair.app()
    pair.open()
    pair.clock.move(seconds=30)
    refused("authenticator_waits", lambda: World.code(pair, "bob", pair.code(seed)))
    assert pair.gate.confirmations == ()
    assert pair.store.person("bob").usable(Factor.TOTP) is None


def test_second_admin_a_key_that_waits_signs_nobody_in(pair: Pair) -> None:
    """Its person is known, and is told why."""
    key = SecurityKey()
    pair.key(key)
    sign_in = SignIn(pair.desk, pair.page.keys, PARTY)
    asked = sign_in.begin()
    body = json.dumps(key.sign(asked.options, PARTY.origin)).encode()
    refused("authenticator_waits", lambda: sign_in.finish(asked.state, body))


def test_second_admin_what_waits_vouches_for_no_other(pair: Pair) -> None:
    """It opens no further enrolment, and proves no removal."""
    pair.app()
    own, who = OwnAuthenticators(pair.desk, pair.page.keys), Who("web", "203.0.113.9", "bob")
    refused("nothing_to_prove", lambda: own.begin(Act("add", "totp"), who, ""))


def test_row_27_the_inviter_does_not_confirm_as_the_second_administrator(pair: Pair) -> None:
    """Attack row 27: the one malicious administrator has made the address."""
    made, _ = pair.app("alice")
    refused("own_invited", lambda: pair.begin("alice"))
    refused("own_invited", lambda: pair.at_terminal(f"bob {made.id}", "alice"))
    assert pair.usable() == []


def test_second_admin_an_operator_cannot_confirm_what_their_login_let_in(pair: Pair) -> None:
    """The login at the terminal is one of the two, not both."""
    made, _ = pair.app("operator:root")
    refused("own_invited", lambda: pair.at_terminal(f"bob {made.id}", "operator:root"))
    pair.at_terminal(f"bob {made.id}", "operator:dan")
    assert pair.usable() == [Factor.TOTP]


def test_second_admin_nobody_confirms_their_own(pair: Pair) -> None:
    """An administrator who enrols anew after a loss is not their own second one."""
    loss.lose(pair.desk, "carol", "carol")
    pair.clock.move(seconds=1)
    ticket = pair.vouched("carol", "alice")
    made = pair.page.prove(ticket, pair.code(pair.page.show(ticket)))
    refused("own_enrolment", lambda: pair.at_terminal(f"carol {made.id}", "carol"))
    assert pair.store.person("carol").locked_out


def test_second_admin_only_administrators_confirm(pair: Pair) -> None:
    """An account in Slack is none."""
    pair.enrol("dan")
    pair.app()
    refused("not_administrator", lambda: pair.begin("dan"))
    refused("not_administrator", lambda: pair.begin("bob"))


def test_second_admin_it_takes_a_factor(pair: Pair) -> None:
    """A stolen Slack session of an administrator confirms nothing (T4)."""
    pair.app()
    asked = pair.begin()
    refused("code_wrong", lambda: pair.finish(asked, code="000000"))
    assert pair.usable() == []


def test_second_admin_the_form_confirms_what_it_named_and_nothing_that_came_after(pair: Pair) -> None:
    """What is shown is what is confirmed: one that took its place meanwhile waits on."""
    made, _ = pair.app()
    asked = pair.begin()
    assert asked.act == Act("confirm", f"bob {made.id}")
    loss.lose(pair.desk, "bob", "alice")
    pair.clock.move(seconds=1)
    pair.app()
    refused("not_awaited", lambda: pair.finish(asked))
    assert pair.usable() == []


def test_second_admin_after_a_loss_it_waits_again(pair: Pair) -> None:
    """And nothing of the person counts until then, not even a tap."""
    pair.app()
    pair.finish(pair.begin())
    loss.lose(pair.desk, "bob", "bob")
    pair.clock.move(seconds=60)
    pair.app()
    assert pair.store.person("bob").locked_out
    pair.finish(pair.begin())
    assert not pair.store.person("bob").locked_out


def test_second_admin_called_lost_while_it_waits_it_cannot_be_confirmed(pair: Pair) -> None:
    """`/mfa lost` ends what waits, too; so does revoking it."""
    (made, _), (other, _) = pair.app(), pair.app()
    asked = pair.begin()
    loss.revoke(pair.desk, "bob", made.id, "operator:root")
    assert loss.lose(pair.desk, "bob", "bob").authenticators == (other.id,)
    revoked, suspended = pair.store.person("bob").authenticators
    assert (revoked.suspended_at, suspended.ended) == (0, True)
    refused("not_awaited", lambda: pair.finish(asked))


def test_second_admin_after_24_hours_it_has_ended(pair: Pair) -> None:
    """Nobody confirms it from that moment; it is suspended, in the trail, and told to the person and to ops."""
    pair.app()
    pair.clock.move(seconds=DAY - 1)
    asked = pair.begin()
    assert loss.unconfirmed(pair.desk) == 0
    pair.clock.move(seconds=1)
    refused("not_awaited", lambda: pair.finish(asked))
    assert (loss.unconfirmed(pair.desk), loss.unconfirmed(pair.desk)) == (1, 0)
    assert ("authenticator:suspended", "unconfirmed") in pair.events
    assert pair.alerts[-2:] == [("suspended", ""), ("suspended", "bob")]
    assert second_admin.waiting(pair.store, ROSTER.people, pair.clock.now()) == []


def test_second_admin_the_end_spares_what_was_confirmed(pair: Pair) -> None:
    """Only what waits ends with its time."""
    pair.app()
    pair.finish(pair.begin())
    pair.clock.move(seconds=DAY)
    assert loss.unconfirmed(pair.desk) == 0
    assert pair.usable() == [Factor.TOTP]


def test_second_admin_a_lock_out_ends_only_with_the_confirmation(pair: Pair) -> None:
    """S4: one administrator alone forgives nobody's wrong codes."""
    pair.store.put(replace(pair.store.person("bob"), failures=challenge.DISABLED_AT))
    pair.app()
    assert pair.store.person("bob").failures == challenge.DISABLED_AT
    pair.finish(pair.begin())
    assert pair.store.person("bob").failures == 0


def test_second_admin_a_further_one_that_its_person_has_proved_counts_at_once(pair: Pair) -> None:
    """No administrator has let it in."""
    held = pair.store.person("carol").authenticators[0].id
    ticket, _ = tickets.proved(pair.desk, "carol", Factor.TOTP, held, pair.clock.now())
    pair.store.put(ticket)
    made = pair.page.prove(ticket.id, pair.code(pair.page.show(ticket.id)))
    assert (made.usable, pair.usable("carol")) == (True, [Factor.TOTP] * 2)


def test_second_admin_the_very_first_administrator_is_the_root_of_trust() -> None:
    """At the operator's terminal; the second one waits, and so does everybody else."""
    world = World(rules=TWO)

    def local(person: str) -> Authenticator:
        code = code_of(person, world.clock)
        return enroll.enroll(world.desk, person, seed_of(person), code, "operator:root")

    assert local("bob").waits  # no administrator
    assert local("alice").usable
    assert local("carol").waits
    loss.lose(world.desk, "alice", "operator:root")
    assert local("alice").waits  # not the first any more


def test_second_admin_a_damaged_record_makes_nobody_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may tell of an authenticator."""
    world = World(rules=TWO)
    assert second_admin.first(world.desk, "alice")
    damage(world, "carol", monkeypatch)
    assert not second_admin.first(world.desk, "alice")


def test_without_second_admin_nothing_waits() -> None:
    """The policy's default; and what waits when it is switched off waits on."""
    pair = Pair()
    made, _ = pair.app()
    pair.switch(ONE)
    assert pair.app("carol")[0].usable
    assert [one.authenticator.id for one in second_admin.waiting(pair.store, ROSTER.people, pair.clock.now())] == [
        made.id
    ]
    pair.finish(pair.begin())
    assert pair.usable() == [Factor.TOTP] * 2


def test_second_admin_two_that_wait_are_confirmed_one_by_one(pair: Pair) -> None:
    """Oldest first, of those that whoever asks may confirm; they count as enrolled for the limit."""
    first, _ = pair.app("carol")
    second, _ = pair.app("alice")
    refused("enrolled_already", lambda: pair.app("alice"))
    assert pair.begin("carol").act.target == f"bob {second.id}"
    assert pair.begin("alice").act.target == f"bob {first.id}"


def test_second_admin_what_waits_is_sealed_anew_with_the_rest(pair: Pair) -> None:
    """Else it could not be opened once its key is gone."""
    pair.app()
    assert "bob" in {person for people in seals.in_use(pair.store).values() for person in people}


def test_second_admin_what_cannot_be_read_is_passed_over(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged record is told elsewhere; what others have waiting is shown and ends all the same."""
    pair.app()
    damage(pair, "alice", monkeypatch)
    assert [one.person for one in second_admin.waiting(pair.store, ROSTER.people, pair.clock.now())] == ["bob"]
    pair.clock.move(seconds=DAY)
    assert loss.unconfirmed(pair.desk) == 1


def test_second_admin_a_key_confirms_on_the_page_and_its_signature_is_kept(pair: Pair) -> None:
    """It signs the very authenticator; whoever doubts the agent verifies that again."""
    key = SecurityKey()
    own = pair.register(pair.vouched("carol", "dan"), key)
    pair.at_terminal(f"carol {own.id}", "alice")
    made, _ = pair.app()
    asked = pair.begin(pages=PARTY.origin)
    assert isinstance(asked, NeedsPage)
    ticket = tickets.turn_in(pair.desk, asked.address.rpartition("#")[2]).id
    page, who = ActPage(pair.desk, pair.page.keys), Who("web", "203.0.113.9", "carol")
    assert page.look(ticket, who).act == Act("confirm", f"bob {made.id}")
    body = json.dumps(key.sign(page.begin(ticket, who, own.id), PARTY.origin)).encode()
    page.sign(ticket, who, body)
    assert pair.usable() == [Factor.TOTP]
    entries = [(one.seq, one.entry) for one in pair.store.trail]
    assert [(one.entry.event, one.why) for one in examine(entries, PARTY)] == [("authenticator:confirmed", "")]
    entries[-1][1].details["authenticator"] = "a_0000000000000000"
    assert [one.why for one in examine(entries, PARTY)] != [""]
