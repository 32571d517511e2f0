"""Answers at a terminal of the agent's host: always with a code, and without Slack's word where Slack is silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import ROSTER, policy, rule
from desk_world import World
from fakes import code_of
from jenkins_mfa.core.model import Factor, State
from jenkins_mfa.core.policy import Policy, Roster
from jenkins_mfa.errors import MessengerUnavailableError, Refusal
from jenkins_mfa.usecases import terminal
from jenkins_mfa.usecases.answer import Answers
from jenkins_mfa.usecases.decisions import Counted
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.rules import Rules

TAP = policy(rule(factor=Factor.PUSH))
LOGINS = Roster(
    {
        name: replace(one, identities={**one.identities, "operator:local": f"login-{name}"})
        for name, one in ROSTER.people.items()
    },
    ROSTER.groups,
)


def waiting(rules: Policy = TAP, *, slack: bool = False) -> World:
    """A gate waits; Slack is down unless told otherwise."""
    world = World(rules=rules)
    world.desk = replace(world.desk, rules=Rules(rules, LOGINS))
    world.answers = Answers(world.desk)
    world.enrol("alice", "bob", "carol")
    world.open()
    world.deliver()
    if not slack:
        world.messenger.error = MessengerUnavailableError("away")
    return world


def at(person: str) -> Who:
    return Who("operator:local", f"login-{person}")


def approve(world: World, person: str = "alice", code: str | None = None) -> Counted:
    world.numbers += 1
    asked = terminal.ask_code(world.desk, world.gate.jti, at(person), f"ask-{world.numbers}")
    typed = code_of(person, world.clock) if code is None else code
    return world.answers.code(world.gate.jti, asked.challenge_id, at(person), typed, f"typed-{world.numbers}")


def refused(code: str, act) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code


def test_a_gate_is_approved_and_resumed_while_slack_is_down() -> None:
    """DESIGN, 7: the same use case; at the claim, too, its silence stops nothing that did not come through it."""
    world = waiting()
    assert approve(world).gate.state is State.APPROVED
    world.deliver()
    assert world.gate.state is State.RESUMED
    (given,) = world.gate.confirmations
    assert (given.factor, given.via) == (Factor.TOTP, "operator:local/login-alice")
    assert world.verified(world.source.receipts[0]).approvers[0].factor == "totp"


def test_a_login_alone_confirms_nothing() -> None:
    """A tap would be enough in Slack; a login may be shared, so the code is asked all the same."""
    world = waiting()
    refused("code_wrong", lambda: approve(world, code="000000"))
    assert world.gate.confirmations == ()


def test_what_slack_does_say_counts_at_the_terminal_too() -> None:
    """Silence is no word, but "deactivated" is one: at the answer and at the claim."""
    world = waiting(slack=True)
    world.messenger.away = {"alice"}
    refused("inactive_account", lambda: approve(world))
    approve(world, "bob")
    world.messenger.away = {"bob"}
    world.deliver()
    assert (world.gate.state, world.source.sent) == (State.PENDING, [])


def test_who_is_not_in_the_roster_counts_nowhere() -> None:
    """Roster membership is the word that is left: a leaver's login opens nothing, and nothing that they gave counts."""
    world = waiting()
    approve(world)
    left = Roster({name: one for name, one in LOGINS.people.items() if name != "alice"}, LOGINS.groups)
    world.desk.rules.now = replace(world.desk.rules.now, roster=left)
    world.deliver()
    assert (world.gate.state, world.source.sent) == (State.PENDING, [])
    refused("not_in_roster", lambda: approve(world))


def test_an_answer_that_came_through_slack_waits_for_its_word() -> None:
    """One of two was given in Slack: nobody vouches for that account, so no receipt is signed."""
    world = waiting(policy(rule(factor=Factor.PUSH, quorum=2)), slack=True)
    world.tap("bob")
    world.messenger.error = MessengerUnavailableError("away")
    approve(world)
    world.deliver()
    assert (world.gate.state, world.source.sent) == (State.APPROVED, [])
    world.messenger.error = None
    world.clock.move(seconds=61)
    world.deliver()
    assert world.gate.state is State.RESUMED


def test_a_security_key_is_not_replaced_by_a_code() -> None:
    """Weaker does not count for stronger; the sentence says where to go."""
    rules = replace(policy(rule(factor=Factor.WEBAUTHN)), available=tuple(Factor))
    refused("needs_key", lambda: approve(waiting(rules)))


@pytest.mark.parametrize(("person", "code"), [("eve", "not_eligible"), ("dan", "requester"), ("zoe", "not_in_roster")])
def test_the_terminal_knows_no_other_rules(person: str, code: str) -> None:
    """S9: nobody gains a right by a shell; and it is in the trail."""
    world = waiting()
    refused(code, lambda: approve(world, person))
    last = world.store.entries(world.gate.jti)[-1]
    assert (last.event, last.details["reason"]) == ("answer:refused", code)


def test_denied_and_taken_back_while_slack_is_down() -> None:
    """Both let nothing pass, so neither takes a code."""
    world = waiting(policy(rule(factor=Factor.PUSH, quorum=2)))
    approve(world)
    world.answers.retract(world.gate.jti, at("alice"), "back")
    assert world.gate.confirmations == ()
    denied = world.answers.deny(world.gate.jti, at("bob"), "not today", False, "deny")
    assert denied.state is State.DENIED
    assert "factor" not in world.store.entries(world.gate.jti)[-1].details  # a login is enough, and is none
    world.deliver()
    assert world.gate.state is State.ABORTED
