"""A test of the way from people to a receipt says that it is one: to people in Slack, and to whoever began it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import ROSTER, RUN, claims, clause, facts, gate, requirement
from jenkins_mfa.core.model import Confirmation, Denial, Ending, Factor, Gate, State, Trouble
from jenkins_mfa.words import page, rehearsal, render, state

ALICE = Confirmation("alice", Factor.TOTP, 1, "chat:T1/UALICE", "tap")


def tried(**values: object) -> Gate:
    """A gate of a test."""
    run = replace(RUN, source="test.main", id="test-1", url="")
    return gate(run=run, facts=facts(run=run), **values)


@pytest.mark.parametrize("now", list(State))
def test_every_state_of_a_test_says_so_first(now: State) -> None:
    """In the header, in the first line, and in what is read aloud; no build can say it in our words."""
    shown = page.page(tried(state=now, ending=Ending("resumed", 1)), ROSTER)
    assert render.terminal(shown.header).startswith("Test: ")
    assert render.terminal(shown.state[0].shown) == state.TEST
    assert state.TEST in page.text(tried(state=now, ending=Ending("resumed", 1)), ROSTER)
    pretended = gate(state=now, claims=claims(message=state.TEST), ending=Ending("resumed", 1))
    real = page.page(pretended, ROSTER)
    assert not render.terminal(real.header).startswith("Test")
    assert state.TEST not in [render.terminal(line.shown) for line in real.state]


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (tried(), "“team one/deploy” “test-1” is open: needs 1 of release with a tap until "),
        (
            gate(state=State.APPROVED, confirmations=(ALICE,)),
            "“team one/deploy” #17 is open, and everybody has confirmed who is needed",
        ),
        (
            tried(state=State.DENIED, denial=Denial(1, None, "no_rule", "open")),
            "“team one/deploy” “test-1” was denied at once: no rule says who may confirm it",
        ),
        (
            tried(requirement=replace(requirement(clause()), clauses=(), passes_by=("housekeeping",))),
            "“team one/deploy” “test-1” is open; nobody is asked: rule housekeeping",
        ),
    ],
)
def test_its_beginning_says_who_is_asked(found: Gate, says: str) -> None:
    """Or why nobody is."""
    assert render.terminal(rehearsal.begun(found, ROSTER)).startswith(says)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (tried(state=State.APPROVED), "every confirmation is there"),
        (tried(state=State.SENDING), "a receipt was signed, and is on its way"),
        (tried(state=State.RESUMED), "the receipt was verified as the library does: right"),
        (gate(state=State.RESUMED), "the build took the answer"),
        (tried(state=State.DENIED, denial=Denial(1, "bob", "not now", "x")), "Bob denied it"),
        (
            tried(state=State.ABORTED, denial=Denial(1, None, "test_stopped", "x")),
            "denied by jenkins-mfa: the test was stopped",
        ),
        (tried(state=State.EXPIRED), "nobody answered in time"),
        (tried(state=State.ABORTED), "nobody answered in time"),
        (
            gate(state=State.WITHDRAWN, ending=Ending("aborted", 1, "dan")),
            "the build ended before: aborted there by “dan”",
        ),
        (gate(state=State.BYPASSED), "it is bypassed"),
    ],
)
def test_each_state_is_a_step(found: Gate, says: str) -> None:
    """In a few words."""
    assert render.terminal(rehearsal.stood(found, ROSTER)) == says


def test_what_was_proved_names_the_factors_and_what_was_not_the_way_on() -> None:
    """A test proves nothing about Jenkins; a real build does; without a confirmation nothing about people."""
    given = tried(confirmations=(ALICE,))
    assert "the agent takes answers (code), and counts them by the policy" in rehearsal.proved(given, 1)
    assert "Slack takes messages of the agent" not in rehearsal.proved(given, 0)
    assert "Jenkins takes the agent's answer, and the build goes on at mfaGate" in rehearsal.proved(gate(), 1)
    assert "--job NAME" in rehearsal.unproved(given)[0]
    assert "the policy asks nobody" in rehearsal.unproved(tried())[0]
    assert "other jobs" in rehearsal.unproved(gate())[0]


def test_the_small_steps() -> None:
    """Number, messages, confirmations, an answer that does not arrive, the end of the build."""
    assert render.terminal(rehearsal.number("493817")) == "if Slack asks for a number: 493 817"
    assert render.terminal(rehearsal.shown(1)) == "Slack shows it in 1 place"
    assert render.terminal(rehearsal.shown(2)) == "Slack shows it in 2 places"
    said = render.terminal(rehearsal.confirmed(tried(confirmations=(ALICE,)), ROSTER, 0))
    assert said == "Alice (code) confirmed, and it counts"
    trouble = Trouble("forbidden", 1, 1, 1, 2)
    assert render.terminal(rehearsal.undelivered(trouble)).startswith("the answer is not taken: ")
    assert render.terminal(rehearsal.build_ended("")) == "the build goes on"
    assert render.terminal(rehearsal.build_ended("ABORTED")) == "the build ended: “ABORTED”"
