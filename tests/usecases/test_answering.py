"""What people answer: what counts, what does not and why, and that every guess is counted."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from builders import ROSTER, facts, policy, rule
from desk_world import TAP, World
from fakes import FakeSource, code_of, request_text
from jenkins_mfa.core import challenge
from jenkins_mfa.core.model import Factor, Starter, State, Trigger
from jenkins_mfa.core.policy import Policy, Roster
from jenkins_mfa.errors import MessengerUnavailableError, Refusal
from jenkins_mfa.usecases import loss
from jenkins_mfa.usecases.answer import Answers, NeedsCode
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.rules import Rules

CODES = policy(rule(factor=Factor.TOTP))
PAIR = policy(rule(factor=Factor.PUSH, quorum=2))


def waiting(rules: Policy = TAP, **values: object) -> World:
    world = World(rules=rules, **values)  # type: ignore[arg-type]
    world.enrol("alice", "bob", "carol")
    world.open()
    return world


def refused(code: str, act) -> Refusal:  # type: ignore[no-untyped-def]
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code
    return caught.value


def test_one_tap_approves_where_a_tap_is_enough() -> None:
    """And it is in the trail before it is told."""
    world = waiting()
    counted = world.tap("alice")
    assert counted.gate.state is State.APPROVED
    events = [entry.event for entry in world.store.entries(world.gate.jti)]
    assert events == ["gate:opened", "gate:confirmed", "gate:approved"]


def test_the_same_tap_delivered_twice_counts_once() -> None:
    """Slack may deliver an envelope again; trap: double clicks executed twice."""
    world = waiting(PAIR)
    assert world.tap("alice", "same").open == 1
    assert world.tap("alice", "same").open == 1
    assert len(world.gate.confirmations) == 1


def test_a_second_tap_of_one_person_does_not_count() -> None:
    """Quorum counts distinct people."""
    world = waiting(PAIR)
    world.tap("alice")
    refused("confirmed_before", lambda: world.tap("alice"))
    assert world.gate.state is State.PENDING


@pytest.mark.parametrize(
    ("person", "code"), [("eve", "not_eligible"), ("dan", "requester"), ("nobody", "not_in_roster")]
)
def test_s9_who_may_not_answer_is_told_why_and_it_is_in_the_trail(person: str, code: str) -> None:
    """S9, S14: outsiders, the requester, and accounts that the roster does not know."""
    world = waiting()
    refused(code, lambda: world.tap(person))
    assert world.gate.state is State.PENDING
    last = world.store.entries(world.gate.jti)[-1]
    assert (last.event, last.details["reason"]) == ("answer:refused", code)


def test_requesters_who_are_approvers_may_not_confirm_either() -> None:
    """Trap: administrators exempt from the ban on self-approval; no exemption exists."""
    known = facts(starters=(Starter(Trigger.PERSON, "alice", "alice"), Starter(Trigger.REPLAY, "bob", "bob")))
    world = waiting(source=FakeSource(known=known))
    for person in ("alice", "bob"):
        refused("requester", lambda p=person: world.tap(p))
    world.tap("carol")
    assert world.gate.state is State.APPROVED


def test_s14_an_account_of_another_workspace_is_nobody() -> None:
    """S14: identities are (issuer, subject), never the subject alone."""
    world = waiting()
    refused("not_in_roster", lambda: world.answers.tap(world.gate.jti, Who("chat:T2", "UALICE"), "x"))


def test_a_deactivated_account_does_not_count() -> None:
    """Roster, group and account are looked at when the answer comes."""
    world = waiting()
    world.messenger.away = {"alice"}
    refused("inactive_account", lambda: world.tap("alice"))


def test_accounts_that_cannot_be_looked_at_are_not_assumed_active() -> None:
    """Fail closed: Slack down means that nothing counts."""
    world = waiting()
    world.messenger.error = MessengerUnavailableError("away")
    with pytest.raises(MessengerUnavailableError):
        world.tap("alice")
    assert world.gate.confirmations == ()


def test_a_leaver_can_no_longer_answer() -> None:
    """Trap: approver list frozen at the start."""
    world = waiting()
    people = {name: p for name, p in ROSTER.people.items() if name != "alice"}
    gone = Answers(replace(world.desk, rules=Rules(world.rules, Roster(people))))
    refused("not_in_roster", lambda: gone.tap(world.gate.jti, world.who("alice"), "x"))
    moved = {**ROSTER.people, "alice": replace(ROSTER.people["alice"], groups=())}
    other = Answers(replace(world.desk, rules=Rules(world.rules, Roster(moved))))
    refused("not_eligible", lambda: other.tap(world.gate.jti, world.who("alice"), "x"))


def test_a_late_tap_changes_nothing() -> None:
    """Traps: buttons that live on after the deadline; time to live enforced only by a collector."""
    world = waiting()
    world.clock.move(seconds=1800)
    refused("deadline", lambda: world.tap("alice"))
    assert world.gate.confirmations == ()


@pytest.mark.parametrize("jti", ["", "g_none.1", "nonsense", "g_.1"])
def test_an_unknown_button_is_refused(jti: str) -> None:
    """Stale and foreign values change nothing."""
    world = waiting()
    refused("unknown_gate", lambda: world.answers.tap(jti, world.who("alice"), "x"))


def test_a_button_of_an_older_generation_is_stale() -> None:
    """A confirmation is for one generation of one gate."""
    world = waiting()
    refused("stale", lambda: world.answers.tap(f"{world.gate.id}.2", world.who("alice"), "x"))


# -- codes ------------------------------------------------------------------------------------------------------------


def test_a_code_approves() -> None:
    """With spaces and dashes, as people type them."""
    world = waiting(CODES)
    code = code_of("alice", world.clock)
    assert world.code("alice", f" {code[:3]}-{code[3:]} ").gate.state is State.APPROVED
    assert world.gate.confirmations[0].factor is Factor.TOTP


def test_s1_a_used_code_is_refused_on_every_other_gate() -> None:
    """S1 (RFC 6238, 5.2): a time step is accepted once for that authenticator, also after N+1, on any gate."""
    world = waiting(CODES)
    used = code_of("alice", world.clock)
    world.code("alice", used)
    world.source.pauses["ref-2"] = "Mfa-" + "1" * 32
    world.watch.poll()
    second = world.store.gate_of("main", "ref-2")
    assert second is not None
    asked = world.answers.tap(second.jti, world.who("alice"), "tap-second")
    assert isinstance(asked, NeedsCode)
    for number, code in enumerate((used, code_of("alice", world.clock, -1))):
        act = lambda c=code, n=number: world.answers.code(  # noqa: E731
            second.jti, asked.challenge_id, world.who("alice"), c, f"again-{n}"
        )
        refused("code_used", act)
    assert world.store.gate(second.id).confirmations == ()  # type: ignore[union-attr]


@pytest.mark.parametrize("code", ["１２３４５６", "12345", "abcdef", "", "1234567", "12345\u0667"])
def test_what_is_no_code_is_no_guess(code: str) -> None:
    """Factors 3: ASCII digits first; it costs no try."""
    world = waiting(CODES)
    assert refused("code_malformed", lambda: world.code("alice", code)).values["left"] == "5"
    assert world.store.person("alice").failures == 0


def test_s4_wrong_codes_are_counted_across_challenges_and_gates() -> None:
    """S4: the throttle is the person's; a new form gives no fresh guesses."""
    world = waiting(CODES)
    for number in range(4):
        left = refused("code_wrong", lambda: world.code("alice", "000000")).values["left"]
        assert left == "4"
        assert world.store.person("alice").failures == number + 1
    refused("code_wrong", lambda: world.code("alice", "000000"))
    refused("throttled", lambda: world.code("alice"))
    world.clock.move(seconds=31)
    assert world.code("alice").gate.state is State.APPROVED
    assert world.store.person("alice").failures == 0


def test_one_form_takes_five_tries() -> None:
    """Five wrong answers end the challenge and start a wait."""
    world = waiting(CODES)
    asked = world.tap("alice")
    assert isinstance(asked, NeedsCode)
    for _ in range(challenge.TRIES - 1):
        refused("code_wrong", lambda: world.type("alice", asked.challenge_id, "000000"))
    refused("no_tries", lambda: world.type("alice", asked.challenge_id, "000000"))
    refused("no_tries", lambda: world.type("alice", asked.challenge_id, code_of("alice", world.clock)))
    assert world.gate.confirmations == ()


def test_the_same_submission_sent_again_is_counted_again() -> None:
    """An attacker cannot get free guesses by repeating the identifiers of one submission."""
    world = waiting(CODES)
    asked = world.tap("alice")
    assert isinstance(asked, NeedsCode)
    for _ in range(3):
        refused("code_wrong", lambda: world.type("alice", asked.challenge_id, "000000", "same"))
    assert world.store.person("alice").failures == 3


def test_s4_codes_are_switched_off_after_fifty_misses() -> None:
    """S4: disabled below 100 consecutive failures."""
    world = waiting(CODES)
    for _ in range(challenge.DISABLED_AT):
        with pytest.raises(Refusal):
            world.code("alice", "000000")
        world.clock.move(seconds=3601)
        world.source.pauses = {"ref-1": "x"}
        later = replace(world.gate, deadline=world.clock.now() + 10_000_000)
        world.store.put(later)
    refused("disabled", lambda: world.code("alice"))
    world.deliver(200)
    assert [(alert.code, alert.to) for alert in world.messenger.alerts] == [("locked", ""), ("locked", "alice")]
    assert {alert.values["person"] for alert in world.messenger.alerts} == {"alice"}


def test_enrolling_anew_at_the_terminal_ends_a_lock_out() -> None:
    """Slack says that a new enrolment helps; the operator's terminal is the root of trust."""
    world = waiting(CODES)
    record = world.store.person("alice")
    world.store.put(replace(record, failures=challenge.DISABLED_AT))
    refused("disabled", lambda: world.code("alice"))
    loss.revoke(world.desk, "alice", record.authenticators[0].id, "operator")
    world.enrol("alice")
    assert world.code("alice").gate.state is State.APPROVED


def test_s5_a_challenge_is_bound_to_one_gate_and_person() -> None:
    """S5: neither another person nor another gate can use it."""
    world = waiting(CODES)
    asked = world.tap("alice")
    assert isinstance(asked, NeedsCode)
    refused("challenge_over", lambda: world.type("bob", asked.challenge_id, code_of("bob", world.clock)))
    world.source.pauses["ref-2"] = "Mfa-" + "1" * 32
    world.watch.poll()
    second = world.store.gate_of("main", "ref-2")
    assert second is not None
    code = code_of("alice", world.clock)
    refused(
        "challenge_over",
        lambda: world.answers.code(second.jti, asked.challenge_id, world.who("alice"), code, "x"),
    )


def test_s5_a_challenge_lives_ten_minutes_at_most() -> None:
    """S5: never longer, and never past the gate's deadline."""
    world = waiting(CODES)
    asked = world.tap("alice")
    assert isinstance(asked, NeedsCode)
    world.clock.move(seconds=600)
    refused("challenge_over", lambda: world.type("alice", asked.challenge_id, code_of("alice", world.clock)))
    late = world.tap("alice")
    assert isinstance(late, NeedsCode)
    world.clock.move(seconds=600)
    last = world.tap("alice")
    assert isinstance(last, NeedsCode)
    assert last.expires == world.gate.deadline


def test_s5_a_challenge_counts_once() -> None:
    """Single use: the form that approved cannot be sent again for another answer."""
    world = waiting(policy(rule(factor=Factor.TOTP, quorum=2)))
    asked = world.tap("alice")
    assert isinstance(asked, NeedsCode)
    world.type("alice", asked.challenge_id, code_of("alice", world.clock))
    assert world.store.person("alice").challenges == ()


def test_a_code_for_a_tap_gate_is_not_asked() -> None:
    """And a tap alone never stands in for a code."""
    world = waiting(CODES)
    assert isinstance(world.tap("alice"), NeedsCode)
    assert world.gate.confirmations == ()


def test_a_person_without_an_authenticator_is_told_at_the_tap() -> None:
    """No form opens; the gate waits on."""
    world = World(rules=CODES)
    world.open()
    refused("no_authenticator", lambda: world.tap("alice"))


def test_the_pipeline_can_ask_for_a_code_where_a_tap_would_do() -> None:
    """What the Jenkinsfile claims can only tighten."""
    world = waiting(source=FakeSource(text=request_text(ask={"factor": "totp"})))
    assert isinstance(world.tap("alice"), NeedsCode)


# -- denials ----------------------------------------------------------------------------------------------------------


def test_a_denial_ends_all_gates_of_the_run_in_one_step() -> None:
    """Sticky: pending and approved gates of the run are denied in the same commit."""
    world = waiting(source=FakeSource(pauses={"ref-1": "Mfa-" + "0" * 32, "ref-2": "Mfa-" + "1" * 32}))
    before = len(world.store.trail)
    world.deny("bob")
    states = {gate.state for gate in world.store.open_gates()}
    assert states == {State.DENIED}
    assert len(world.store.trail) == before + 2


def test_a_denial_s_own_event_names_what_was_given() -> None:
    """A tap, as for an approval; the run's other gates end by the same answer, which is counted once."""
    world = waiting(source=FakeSource(pauses={"ref-1": "Mfa-" + "0" * 32, "ref-2": "Mfa-" + "1" * 32}))
    world.deny("bob")
    denied = [one.entry.details for one in world.store.trail if one.entry.event == "gate:denied"]
    assert [one.get("factor") for one in denied] == ["push", None]


def test_a_reported_denial_alerts_ops() -> None:
    """The form's checkbox does what it says."""
    world = waiting()
    world.answers.deny(world.gate.jti, world.who("bob"), "I did not start this", True, "deny")
    world.deliver()
    assert [(alert.code, alert.values) for alert in world.messenger.alerts] == [("reported", {"person": "bob"})]


def test_a_requester_may_not_deny_but_is_told_how_to_stop() -> None:
    """They can abort their own build in Jenkins."""
    refused("requester_deny", lambda: waiting().deny("dan"))


def test_an_approval_can_be_denied_until_it_is_on_its_way() -> None:
    """Anyone eligible may deny until a proceed is claimed."""
    world = waiting()
    world.tap("alice")
    assert world.deny("bob").state is State.DENIED
    world.deliver()
    assert world.gate.state is State.ABORTED
    assert world.source.receipts == []


# -- races ------------------------------------------------------------------------------------------------------------


def test_fifty_taps_at_once_count_each_person_once() -> None:
    """Real threads on one gate: three people, fifty taps, two are needed."""
    world = waiting(PAIR)
    gate, barrier, outcomes = world.gate, threading.Barrier(51), []

    def act(number: int) -> None:
        person = ("alice", "bob", "carol")[number % 3]
        barrier.wait()
        try:
            world.answers.tap(gate.jti, world.who(person), f"race-{number}")
            outcomes.append("counted")
        except Refusal as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    barrier.wait()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 50
    assert outcomes.count("counted") == 2
    assert world.gate.state is State.APPROVED
    assert len({c.person for c in world.gate.confirmations}) == 2
