"""Answers that are typed (`/mfa approve|deny|retract`), and the button that takes a confirmation back."""

from __future__ import annotations

import pytest
from samples import ALICE, BOB, BOTH, DEPLOYS, GATE_ID, MINUTE, OPENED, STATES, TEAM, gate, requirement
from world import World

from jenkins_mfa.core.model import Factor
from jenkins_mfa.errors import Refusal, StoreUnavailableError
from jenkins_mfa.usecases.answer import NeedsCode, NeedsTap
from jenkins_mfa.usecases.decisions import Counted
from jenkins_mfa.usecases.desk import Who

JTI = f"{GATE_ID}.1"
WHO = Who(f"slack:{TEAM}", ALICE)
TAPPED = gate(requirement=requirement(Factor.PUSH), confirmations=BOTH[:1])
TAKEN = "Taken back: your confirmation does not count any more. Still open: 2 of release with a code."


def ask(world: World, text: str, user: str = ALICE) -> str:
    return world.slack.slash(user, "/mfa", text, DEPLOYS).wait("ephemeral").text


def form(world: World, text: str) -> dict[str, object]:
    """The form that a command opens."""
    world.gates.gates = [gate()]
    world.slack.slash(ALICE, "/mfa", text, DEPLOYS).wait("modal")
    return world.slack.views(ALICE)[-1]


def test_a_typed_approve_opens_the_form_of_the_button(world: World) -> None:
    """The same challenge, the same form."""
    world.answers.given = NeedsCode(gate(), "c_0123", OPENED + 19 * MINUTE)
    shown = form(world, "approve 8f2c")
    assert (shown["callback_id"], shown["private_metadata"]) == ("gate_totp", f"{JTI} c_0123 {DEPLOYS}")
    assert world.answers.calls[0][:3] == ("tap", JTI, WHO)


def test_a_typed_approve_shows_what_a_tap_confirms(world: World) -> None:
    """A command must not confirm blindly: build, environment and the pipeline's words stand above the button."""
    world.answers.given = NeedsTap(gate())
    shown = form(world, "APPROVE 8F2C")
    assert shown["callback_id"] == "gate_tap"
    assert world.answers.calls[0][4:] == ("unseen",)
    said = str(shown["blocks"])
    assert all(text in said for text in ("team one/deploy", "production", "message: Deploy 1.4", "REPLICAS: 6"))
    world.answers.given = Counted(TAPPED, 1)
    outcome = world.slack.submit(ALICE, shown["id"], {})  # type: ignore[arg-type]
    assert outcome.closed
    assert outcome.wait("ephemeral").text.startswith("Your confirmation counts: 1 of 2.")
    assert world.answers.calls[1][:3] == ("tap", JTI, WHO)
    assert len(world.answers.calls[1]) == 4


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (NeedsCode(gate(), "c_1", OPENED), "Not counted: more than a tap is asked of you by now. Begin again."),
        (Refusal("not_needed"), "Not counted: what is still open does not ask you."),
        (StoreUnavailableError("gone"), "Not recorded: the store cannot be reached."),
    ],
)
def test_a_form_without_a_field_ends_with_its_sentence(world: World, given: object, sentence: str) -> None:
    """There is no field at which it could stand."""
    world.answers.given = NeedsTap(gate())
    shown = form(world, "approve 8f2c")
    world.answers.given = given
    outcome = world.slack.submit(ALICE, shown["id"], {})  # type: ignore[arg-type]
    if isinstance(given, NeedsCode):
        assert outcome.wait("ephemeral").text == sentence
    else:
        assert sentence in outcome.wait("modal_update").text


def test_a_typed_deny_asks_for_the_reason(world: World) -> None:
    """As the button; whoever may not deny gets no form."""
    world.answers.given = gate()
    assert form(world, "deny 8f2c")["callback_id"] == "gate_reason"
    assert world.answers.calls[0] == ("may_deny", JTI, WHO)
    world.refuse("requester_deny")
    assert ask(world, "deny 8f2c") == "To stop your own build, abort it in Jenkins."


def test_a_typed_retract_takes_the_confirmation_back(world: World) -> None:
    """Without a form: it lets nothing pass."""
    world.gates.gates = [gate(confirmations=BOTH[:1])]
    world.answers.given = gate()
    assert ask(world, "retract 8f2c") == TAKEN
    assert world.answers.calls[0][:3] == ("retract", JTI, WHO)


@pytest.mark.parametrize("word", ["approve", "deny", "retract"])
def test_a_code_is_never_taken_in_a_command(world: World, word: str) -> None:
    """It would stand in the client's history; nothing is done, the code is not looked at."""
    world.gates.gates = [gate()]
    assert ask(world, f"{word} 8f2c 123 456").startswith("Never type a code here.")
    assert ask(world, f"{word} 8f2c and more").startswith(f"/mfa {word} needs 4 characters of a gate's id or more")
    assert world.answers.calls == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Refusal("not_confirmed"), "There is no confirmation of yours to take back."),
        (Refusal("retracted"), "Not counted: you have taken this answer back. To confirm again, tap Approve."),
    ],
)
def test_what_cannot_be_taken_back_is_told(world: World, error: Refusal, sentence: str) -> None:
    """One sentence for each."""
    world.gates.gates = [gate()]
    world.answers.given = error
    assert ask(world, "retract 8f2c") == sentence


def private(world: World) -> str:
    """Alice's private answer to a tap: its ts."""
    world.answers.given = Counted(TAPPED, 1)
    ts = world.post(gate(requirement=requirement(Factor.PUSH)))
    world.slack.press(ALICE, DEPLOYS, ts, "gate_approve", confirm=True).wait("ephemeral")
    return world.slack.ephemerals(ALICE)[-1].ts


def test_the_private_answer_has_a_button_that_takes_it_back(world: World) -> None:
    """The answer is replaced, so that the button goes away; the message in the channel is left to its lane."""
    ts = private(world)
    world.answers.given = gate()
    world.slack.press(ALICE, DEPLOYS, ts, "gate_retract")
    world.slack.wait_for(lambda s: s.ephemerals(ALICE)[0].text == TAKEN)
    assert "gate_retract" not in str(world.slack.ephemerals(ALICE)[0].blocks)
    assert world.answers.calls[-1][:3] == ("retract", JTI, WHO)


def test_what_was_not_taken_back_keeps_its_button(world: World) -> None:
    """A store that is away is no reason to lose the way back."""
    ts = private(world)
    world.answers.given = StoreUnavailableError("gone")
    told = world.slack.press(ALICE, DEPLOYS, ts, "gate_retract").wait("ephemeral").text
    assert told.startswith("Not recorded: the store cannot be reached.")
    assert "gate_retract" in str(world.slack.ephemerals(ALICE)[0].blocks)


def test_nobody_else_sees_the_button(world: World) -> None:
    """It stands in the private answer alone."""
    private(world)
    assert world.slack.ephemerals(BOB) == []
    assert "gate_retract" not in str([message.blocks for message in world.slack.messages(DEPLOYS)])


def test_an_answer_on_its_way_is_not_offered_back(world: World) -> None:
    """The button is there only as long as it does something."""
    world.answers.given = Counted(STATES["resumed"], 0)
    ts = world.post(gate(requirement=requirement(Factor.PUSH)))
    world.slack.press(ALICE, DEPLOYS, ts, "gate_approve", confirm=True).wait("ephemeral")
    assert "gate_retract" not in str(world.slack.ephemerals(ALICE)[-1].blocks)
