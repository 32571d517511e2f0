"""Answers on the console: by the rules of Slack, with the same factors; over real sockets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from console_kit import Desktop, Visitor, console

from builders import policy, rule
from fakes import code_of
from jenkins_mfa.core.model import Factor, Gate, State
from jenkins_mfa.errors import MessengerUnavailableError
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.usecases import deliver
from jenkins_mfa.usecases.key_answers import asks
from key_world import KeyWorld, enrol_key


@contextmanager
def asked(factor: Factor, **values: Any) -> Iterator[tuple[KeyWorld, Desktop]]:
    """A gate that asks for this, and the console; alice and bob have a code app."""
    world = KeyWorld(rules=policy(rule(factor=factor, **values), available=tuple(Factor)))
    world.enrol("alice", "bob")
    world.open()
    with console(world.desk) as desktop:
        yield world, desktop


def approve(visitor: Visitor, gate: Gate, way: str, **given: str) -> requests.Response:
    """What the page's button sends."""
    body = {"way": way, "asks": asks(gate), "code": "", "number": "", "reason": "", "report": False}
    return visitor.post(f"/console/gates/{gate.jti}/approve", body | given)


def deny(
    visitor: Visitor, gate: Gate, way: str, code: str = "", reason: str = "not on staging yet"
) -> requests.Response:
    body = {"way": way, "asks": asks(gate), "code": code, "reason": reason, "report": True}
    return visitor.post(f"/console/gates/{gate.jti}/deny", body)


def with_key(desktop: Desktop, world: KeyWorld, person: str) -> tuple[Visitor, SecurityKey]:
    """Somebody who has signed in with a passkey."""
    key, visitor = SecurityKey(), desktop.visitor
    enrol_key(world.desk, desktop.place.settings.party, person, key)
    assert visitor.sign_in_with(key).status_code == 200
    return visitor, key


def says(answer: requests.Response) -> str:
    return str(answer.json()["says"])


def test_a_tap_of_who_signed_in_with_slack() -> None:
    """It is a tap of that account, for the trail and for whoever looks at accounts later."""
    with asked(Factor.PUSH) as (world, desktop):
        answer = approve(desktop.signed_in(), world.gate, "tap")
        assert says(answer) == "Your confirmation counts: 1 of 1. Jenkins gets the answer now."
        (given,) = world.gate.confirmations
        assert (given.factor, given.via, world.gate.state) == (Factor.PUSH, "chat:T1/UALICE", State.APPROVED)


def test_a_tap_of_who_did_not_is_refused() -> None:
    """A visit that was begun otherwise holds no account at the messenger: it takes a code or a key."""
    with asked(Factor.PUSH) as (world, desktop):
        visitor, _ = with_key(desktop, world, "alice")
        answer = approve(visitor, world.gate, "tap")
        assert (answer.status_code, "a tap here is one of your Slack account" in says(answer)) == (409, True)
        assert deny(visitor, world.gate, "tap").status_code == 409
        assert (world.gate.confirmations, world.gate.state) == ((), State.PENDING)
        assert approve(visitor, world.gate, "code", code=code_of("alice", world.clock)).ok
        assert world.gate.confirmations[0].factor is Factor.TOTP


@pytest.mark.parametrize("factor", [Factor.PUSH_NUMBER, Factor.TOTP, Factor.WEBAUTHN])
def test_a_tap_is_no_more_than_a_tap(factor: Factor) -> None:
    """Where more is asked for, the sign-in with Slack is not enough, and nothing is stored."""
    with asked(factor) as (world, desktop):
        answer = approve(desktop.signed_in(), world.gate, "tap")
        assert (answer.status_code, "more is asked of you" in says(answer)) == (409, True)
        assert world.gate.confirmations == ()


def test_the_number() -> None:
    """That of the build counts; another one is counted against its person, as everywhere."""
    with asked(Factor.PUSH_NUMBER) as (world, desktop):
        visitor = desktop.signed_in()
        assert "That is not the number" in says(approve(visitor, world.gate, "number", number="111111"))
        assert world.store.person("alice").failures == 1
        assert approve(visitor, world.gate, "number", number="493817").ok
        assert world.gate.confirmations[0].factor is Factor.PUSH_NUMBER


def test_a_code_once() -> None:
    """It counts, is burnt, and a second person cannot use it again for the same."""
    with asked(Factor.TOTP, quorum=2) as (world, desktop):
        code = code_of("alice", world.clock)
        assert approve(desktop.signed_in(), world.gate, "code", code=code).ok
        assert says(approve(desktop.signed_in(), world.gate, "code", code=code)).startswith("You have confirmed this")
        assert "does not match" in says(approve(desktop.signed_in("UBOB"), world.gate, "code", code=code))
        assert [one.person for one in world.gate.confirmations] == ["alice"]


def test_s4_codes_are_throttled() -> None:
    """S4: the sixth guess waits, whatever page or visit it comes from."""
    with asked(Factor.TOTP) as (world, desktop):
        for _ in range(5):
            approve(desktop.signed_in(), world.gate, "code", code="000000")
        assert says(approve(desktop.signed_in(), world.gate, "code", code=code_of("alice", world.clock))).startswith(
            "Too many answers did not match."
        )
        assert world.gate.confirmations == ()


def test_a_code_where_a_key_is_asked() -> None:
    """Weaker does not count for stronger."""
    with asked(Factor.WEBAUTHN) as (world, desktop):
        assert approve(desktop.signed_in(), world.gate, "code", code=code_of("alice", world.clock)).status_code == 409
        assert world.gate.confirmations == ()


@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_a_key(decision: str) -> None:
    """What it signs is this gate, request, requirement and decision, as on the page that Slack opens."""
    with asked(Factor.WEBAUTHN) as (world, desktop):
        visitor, key = with_key(desktop, world, "alice")
        path, own = f"/console/gates/{world.gate.jti}", world.store.person("alice").authenticators[-1]
        chosen = {"decision": decision, "key": own.id, "asks": asks(world.gate)}
        begun = visitor.post(f"{path}/begin", chosen).json()
        signed = json.dumps(key.sign(begun["options"], visitor.url))
        sent = chosen | {"nonce": begun["nonce"], "answer": signed, "reason": "not now", "report": False}
        elsewhere = desktop.signed_in("UALICE")
        assert elsewhere.post(f"{path}/finish", sent).status_code == 409  # another visit has asked nothing
        assert visitor.post(f"{path}/finish", sent).ok
        assert world.gate.state is (State.APPROVED if decision == "approve" else State.DENIED)


def test_denying_by_tap_and_by_code() -> None:
    """With a reason; a code for it is burnt, and a wrong one denies nothing."""
    with asked(Factor.TOTP) as (world, desktop):
        visitor = desktop.signed_in()
        assert "Say why" in says(deny(visitor, world.gate, "tap", reason="x"))
        assert "does not match" in says(deny(visitor, world.gate, "code", "000000"))
        assert world.gate.state is State.PENDING
        assert says(deny(visitor, world.gate, "code", code_of("alice", world.clock))).startswith("Denied.")
        denial = world.gate.denial
        assert denial is not None
        assert (denial.person, denial.report, denial.via[:8]) == ("alice", True, "console/")
        told = [one.details for one in world.store.entries(world.gate.jti) if one.event == "gate:denied"]
        assert [one["factor"] for one in told] == ["totp"]
    with asked(Factor.TOTP) as (world, desktop):
        assert deny(desktop.signed_in("UBOB"), world.gate, "tap").ok
        assert world.gate.denial is not None
        assert world.gate.denial.via == "chat:T1/UBOB"


def test_taking_it_back() -> None:
    """As with the button in Slack."""
    with asked(Factor.PUSH, quorum=2) as (world, desktop):
        visitor, path = desktop.signed_in(), f"/console/gates/{world.gate.jti}"
        approve(visitor, world.gate, "tap")
        assert "Take it back" in visitor.get(path).text
        assert says(visitor.post(f"{path}/retract")).startswith("Taken back")
        assert world.gate.confirmations == ()


def test_a_slack_outage_does_not_stop_releases() -> None:
    """Slack is down for sockets and for accounts: a code given on the console gets its receipt to Jenkins."""
    with asked(Factor.TOTP) as (world, desktop):
        visitor = desktop.signed_in()
        desktop.slack.outage()
        world.messenger.error = MessengerUnavailableError("down")
        assert approve(visitor, world.gate, "code", code=code_of("alice", world.clock)).ok
        assert world.gate.state is State.APPROVED
        for _ in range(20):
            due = world.store.claim_lane(deliver.LEASE)
            if due is not None:
                deliver.deliver(world.desk, due)
        (receipt,) = world.source.receipts
        assert world.verified(receipt).approvers[0].id == "alice"


def test_in_an_outage_a_tap_waits_for_slack() -> None:
    """Nobody vouches for the account then: nothing is stored, and a sentence says why."""
    with asked(Factor.PUSH) as (world, desktop):
        visitor = desktop.signed_in()
        world.messenger.error = MessengerUnavailableError("down")
        answer = approve(visitor, world.gate, "tap")
        assert (answer.status_code, "Slack did not say" in says(answer)) == (503, True)
        assert world.gate.confirmations == ()


def test_an_account_that_was_deactivated_since() -> None:
    """The visit goes on to look around for its hours; no answer of it counts."""
    with asked(Factor.TOTP) as (world, desktop):
        visitor = desktop.signed_in()
        world.messenger.away = {"alice"}
        assert approve(visitor, world.gate, "code", code=code_of("alice", world.clock)).status_code == 409
        assert deny(visitor, world.gate, "tap").status_code == 409
        assert (world.gate.confirmations, world.gate.state) == ((), State.PENDING)


@pytest.mark.parametrize("user", ["UDAN", "UEVE"])
def test_who_is_not_asked(user: str) -> None:
    """Who started the build, and who is in no group that is asked: refused, and in the trail."""
    with asked(Factor.PUSH) as (world, desktop):
        visitor = desktop.signed_in(user)
        assert approve(visitor, world.gate, "tap").status_code == 409
        assert deny(visitor, world.gate, "tap").status_code == 409
        assert "answer:refused" in {one.entry.event for one in world.store.audit_events()}
        assert (world.gate.confirmations, world.gate.state) == ((), State.PENDING)


def test_s20_nothing_is_confirmed_unseen() -> None:
    """S20: a page that showed another requirement than the present one approves nothing."""
    with asked(Factor.PUSH) as (world, desktop):
        answer = approve(desktop.signed_in(), world.gate, "tap", asks="0" * 64)
        assert answer.status_code == 409
        answer = approve(desktop.signed_in(), world.gate, "code", asks="0" * 64, code=code_of("alice", world.clock))
        assert answer.status_code == 409
        assert world.gate.confirmations == ()


@pytest.mark.parametrize("act", ["approve", "deny", "begin", "finish", "retract"])
def test_csrf_no_answer_without_the_visits_own_page(act: str) -> None:
    """The cookie alone does nothing, and neither does another visit's mark."""
    with asked(Factor.PUSH) as (world, desktop):
        visitor, path = desktop.signed_in(), f"/console/gates/{world.gate.jti}/{act}"
        body = {"way": "tap", "asks": asks(world.gate), "reason": "not on staging", "report": False}
        for wrong in ({"Mfa_Page": ""}, {"Mfa_Page": "0" * 64}, {"Origin": "https://evil.example.com"}):
            assert visitor.post(path, body, **wrong).status_code in {403, 409}
        assert desktop.visitor.post(path, body).status_code == 409
        assert (world.gate.confirmations, world.gate.state) == ((), State.PENDING)


@pytest.mark.parametrize("way", ["", "session", "key", "none"])
def test_nothing_changes_without_a_factor(way: str) -> None:
    """Being signed in is none."""
    with asked(Factor.TOTP) as (world, desktop):
        visitor = desktop.signed_in()
        assert approve(visitor, world.gate, way).status_code == 400
        assert deny(visitor, world.gate, way).status_code == 400
        assert (world.gate.confirmations, world.gate.state) == ((), State.PENDING)


@pytest.mark.parametrize("jti", ["g_" + "0" * 32 + ".1", "nothing", "g_" + "8f2c" * 8 + ".2"])
def test_a_gate_that_there_is_not(jti: str) -> None:
    """A sentence, and no trace of what was sent."""
    with asked(Factor.PUSH) as (_, desktop):
        visitor = desktop.signed_in()
        body = {"way": "tap", "asks": "", "code": "", "number": ""}
        assert visitor.post(f"/console/gates/{jti}/approve", body).status_code == 409
        assert visitor.get(f"/console/gates/{jti}").status_code == 404


@pytest.mark.parametrize(
    ("factor", "user", "buttons"),
    [
        (Factor.PUSH, "UALICE", {"approve-code", "approve-tap", "deny-code", "deny-tap"}),
        (Factor.PUSH_NUMBER, "UALICE", {"approve-code", "approve-number", "deny-code", "deny-tap"}),
        (Factor.TOTP, "UALICE", {"approve-code", "deny-code", "deny-tap"}),
        (Factor.WEBAUTHN, "UALICE", {"deny-code", "deny-tap"}),
        (Factor.PUSH, "UCAROL", {"approve-tap", "deny-tap"}),
        (Factor.TOTP, "UCAROL", {"deny-tap"}),
        (Factor.PUSH, "UDAN", set()),
    ],
)
def test_the_page_offers_what_can_count(factor: Factor, user: str, buttons: set[str]) -> None:
    """Buttons exist only while they can count; where there are none a sentence says why."""
    with asked(factor) as (world, desktop):
        text = desktop.signed_in(user).get(f"/console/gates/{world.gate.jti}").text
        assert set(re.findall(r'id="((?:approve|deny)-\w+)"', text)) == buttons
