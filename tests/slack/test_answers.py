"""Taps, codes and denials: people press and type in the simulated Slack, over real sockets."""

from __future__ import annotations

import pytest
from samples import ALICE, BOB, BOTH, CAROL, DEPLOYS, GATE_ID, GUEST, MINUTE, OPENED, STATES, TEAM, gate, requirement
from world import World

from jenkins_mfa.core.model import Factor, Message, ToldRecord
from jenkins_mfa.errors import MessengerUnavailableError, StoreUnavailableError, StoreUncertainError
from jenkins_mfa.simulators.slack import plain
from jenkins_mfa.usecases.answer import NeedsCode
from jenkins_mfa.usecases.decisions import Counted
from jenkins_mfa.usecases.desk import Who

JTI = f"{GATE_ID}.1"
TAP = gate(requirement=requirement(Factor.PUSH, 1))


def code_form(world: World, user: str = ALICE) -> str:
    """Tap Approve, and get the form that asks for a code; returns the message's ts."""
    ts = world.post()
    world.answers.given = NeedsCode(gate(), "c_0123456789abcdef", OPENED + 19 * MINUTE)
    world.slack.press(user, DEPLOYS, ts, "gate_approve").wait("modal")
    return ts


def test_a_tap_counts_and_says_so(world: World) -> None:
    """A tap after Slack's own dialog reaches the use case as the envelope's account, and is answered privately."""
    ts = world.post(TAP)
    world.answers.given = Counted(gate(confirmations=BOTH), 0)
    seen = world.slack.press(ALICE, DEPLOYS, ts, "gate_approve", confirm=True).wait("ephemeral")
    assert seen.text == "Your confirmation counts: 2 of 2. Jenkins gets the answer now.\n[Take it back]"
    name, jti, who, cause = world.answers.calls[0]
    assert (name, jti, who) == ("tap", JTI, Who(f"slack:{TEAM}", ALICE))
    assert cause.startswith(f"slack:{TEAM}:{ALICE}:")


def test_a_code_form_repeats_what_is_approved(world: World) -> None:
    """The form names the build and holds the pipeline's words whole."""
    code_form(world)
    (form,) = world.slack.views(ALICE)
    shown = str(form["blocks"])
    assert "team one/deploy" in shown
    assert "message: Deploy 1.4" in shown
    assert form["callback_id"] == "gate_totp"


def test_a_right_code_closes_the_form(world: World) -> None:
    """A code that matches closes the form; a private answer says how it stands."""
    code_form(world)
    world.answers.given = Counted(gate(confirmations=BOTH[:1]), 1)
    outcome = world.slack.submit(ALICE, world.slack.views(ALICE)[-1], {"code": "123456"})
    assert outcome.closed
    text = outcome.wait("ephemeral").text
    counts = "Your confirmation counts: 1 of 2. Still open: 1 of release with a code, 11 min left."
    assert text == f"{counts}\n[Take it back]"
    assert world.answers.calls[-1][:5] == ("code", JTI, "c_0123456789abcdef", Who(f"slack:{TEAM}", ALICE), "123456")


@pytest.mark.parametrize(
    ("code", "values", "sentence"),
    [
        ("code_malformed", {}, "Use 6 digits, 0 to 9. Spaces and dashes are fine."),
        ("code_wrong", {"left": "3"}, "That code does not match. 3 tries left."),
        ("code_wrong", {"left": "1"}, "That code does not match. 1 try left, then a wait."),
        (
            "code_used",
            {"left": "3"},
            "That code was used already. Wait for the next one, at most 30 seconds. 3 tries left.",
        ),
        ("code_clock", {"left": "2"}, "That code fits another time. Set the phone's clock to automatic. 2 tries left."),
        ("challenge_over", {}, "This form has ended. Tap Back, then Approve again."),
        (
            "throttled",
            {"wait_until": str(OPENED + 13 * MINUTE)},
            "Too many answers did not match. Next try in 4 min, at 16:13 UTC. Deny works at any time.",
        ),
    ],
)
def test_what_is_wrong_with_a_code_stands_at_its_field(
    world: World, code: str, values: dict[str, str], sentence: str
) -> None:
    """The form stays, with the sentence at the field and the tries left."""
    code_form(world)
    world.refuse(code, **values)
    outcome = world.slack.submit(ALICE, world.slack.views(ALICE)[-1], {"code": "123456"})
    assert outcome.errors == {"code": sentence}
    assert not outcome.closed


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (StoreUnavailableError("gone"), "Not recorded: the store cannot be reached. Try again with the next code."),
        (
            StoreUncertainError("lost"),
            (
                "Not known whether it was recorded. Tap Back and look at the message; if it still asks you, "
                "approve with the next code. You count once."
            ),
        ),
        (
            MessengerUnavailableError("down"),
            "Not recorded: Slack did not say whether your account may answer. Try again in a minute.",
        ),
        (
            RuntimeError("a defect"),
            (
                "Not known whether it was recorded. Tap Back and look at the message; if it still asks you, "
                "approve with the next code. You count once."
            ),
        ),
    ],
)
def test_a_form_says_whether_it_was_recorded(world: World, error: Exception, sentence: str) -> None:
    """Recorded, not recorded, not known: whatever fails, the form says which."""
    code_form(world)
    world.answers.given = error
    outcome = world.slack.submit(ALICE, world.slack.views(ALICE)[-1], {"code": "123456"})
    assert outcome.errors == {"code": sentence}


def test_a_form_of_a_decided_gate_says_how_it_was_decided(world: World) -> None:
    """A code that comes too late ends the form with who decided."""
    code_form(world)
    world.gates.gates = [STATES["denied, aborted"]]
    world.refuse("aborted")
    outcome = world.slack.submit(ALICE, world.slack.views(ALICE)[-1], {"code": "123456"})
    assert outcome.view is not None
    assert outcome.view["title"]["text"] == "Not recorded"
    assert "Already decided: denied by Bob Ray at 16:12 UTC." in outcome.wait("modal_update").text


@pytest.mark.parametrize(
    ("code", "values", "sentence"),
    [
        (
            "not_eligible",
            {},
            "Not counted: this gate asks people of release, and you are not one. Bob Ray and Carol Diaz can answer.",
        ),
        ("requester", {}, "Not counted: you started this build, so others decide. Bob Ray and Carol Diaz can."),
        (
            "not_in_roster",
            {},
            "Not counted: this Slack account is not in the roster. Ask ops to add U01ALICE of team T01EXAMPLE.",
        ),
        ("inactive_account", {}, "Not counted: guests and people of other workspaces cannot answer."),
        ("deadline", {}, "Not counted: the time ended at 16:20 UTC. A new build asks again."),
        (
            "confirmed_before",
            {"at": str(OPENED + 5 * MINUTE)},
            (
                "You have confirmed this already, at 16:05 UTC. Still open: 2 of release with a code; "
                "it must be another person."
            ),
        ),
        (
            "no_authenticator",
            {},
            (
                "This gate needs a code, and you have no authenticator yet. An administrator enrols you: "
                "jenkins-mfa enroll local alice. Meanwhile: Bob Ray and Carol Diaz can answer."
            ),
        ),
        (
            "no_authenticator",
            {"pages": "there are"},
            (
                "This gate needs a code, and you have no authenticator yet. An administrator gives you a one-time "
                "address: jenkins-mfa enroll ticket alice. Meanwhile: Bob Ray and Carol Diaz can answer."
            ),
        ),
        (
            "not_apart",
            {"person": "bob"},
            (
                "Not counted: one of you two has just set up the other's authenticator, and Bob Ray confirmed. "
                "Bob Ray and Carol Diaz can answer."
            ),
        ),
        ("unknown_gate", {}, "jenkins-mfa does not know this button. Nothing changed."),
    ],
)
def test_a_tap_that_does_not_count_gets_its_reason(
    world: World, code: str, values: dict[str, str], sentence: str
) -> None:
    """A private, friendly sentence: the reason, and who else can answer."""
    ts = world.post()
    world.refuse(code, **values)
    assert world.slack.press(ALICE, DEPLOYS, ts, "gate_approve").wait("ephemeral").text == sentence


def test_a_tap_on_a_stale_copy_puts_that_copy_right(world: World) -> None:
    """A button that cannot count any more goes away with the tap (traps: buttons that live on)."""
    ts = world.post()
    world.gates.gates = [STATES["resumed"]]
    world.refuse("resumed")
    outcome = world.slack.press(BOB, DEPLOYS, ts, "gate_approve")
    text = outcome.wait("ephemeral").text
    assert text == "Already approved by Alice Wu and Bob Ray; the build went on at 16:09 UTC."
    assert outcome.wait("edit").text.startswith("Approved, resumed: “team one/deploy” #17")
    assert "[Approve" not in plain(world.slack.messages(DEPLOYS)[0])


def test_a_tap_leaves_the_gates_own_message_to_its_lane(world: World) -> None:
    """The last confirmation's tap would else write “on its way” over whatever the lane has told meanwhile."""
    ts = world.post()
    world.gates.record = ToldRecord(gate().id, 1, 3, (Message(DEPLOYS, ts),))
    world.gates.gates = [STATES["approved"]]
    world.refuse("approved")
    world.slack.press(BOB, DEPLOYS, ts, "gate_approve").wait("ephemeral")
    assert (world.gates.noted, world.slack.calls("chat.update")) == ([], [])


def test_a_copy_that_nobody_remembers_is_the_lanes_from_its_first_tap_on(world: World) -> None:
    """Its posting was never confirmed. Were it put right once only, “on its way” would stand there for good."""
    ts = world.post()
    world.gates.record = ToldRecord(gate().id, 1, 3, (Message(DEPLOYS, ts),))
    copy = world.post()
    for state in ("approved", "resumed"):
        world.gates.gates = [STATES[state]]
        world.refuse(state)
        world.slack.press(BOB, DEPLOYS, copy, "gate_approve", stale=True).wait("ephemeral")
        world.slack.wait_for(lambda _: world.gates.noted)
        world.gates.record = world.messenger.tell(STATES[state], world.gates.record, 0)
        first, second = (plain(message) for message in world.slack.messages(DEPLOYS) if not message.thread_ts)
        assert first == second
    assert first.startswith("Approved, resumed")
    assert world.gates.record.copies == (Message(DEPLOYS, copy),)


def test_a_tap_puts_the_gates_own_message_right_once_no_lane_will(world: World) -> None:
    """The lane that would have told the end was given up, as when the channel was archived then (buttons that lie)."""
    ts = world.post()
    world.gates.record = ToldRecord(gate().id, 1, 3, (Message(DEPLOYS, ts),))
    world.gates.gates = [STATES["resumed"]]
    world.refuse("resumed")
    outcome = world.slack.press(BOB, DEPLOYS, ts, "gate_approve")
    assert outcome.wait("edit").text.startswith("Approved, resumed")


def test_a_denial_asks_for_its_reason_and_is_told(world: World) -> None:
    """Deny opens a form; the reason and the report reach the use case; the answer says who is told."""
    ts = world.post()
    world.answers.given = gate()
    world.slack.press(CAROL, DEPLOYS, ts, "gate_deny").wait("modal")
    values = {"reason": " not  on staging ", "report": ["report"]}
    outcome = world.slack.submit(CAROL, world.slack.views(CAROL)[-1], values)
    assert outcome.closed
    assert outcome.wait("ephemeral").text == "Denied. The build is being aborted, and Dan Fox is told."
    assert [call[0] for call in world.answers.calls] == ["may_deny", "deny"]
    assert world.answers.calls[-1][1:5] == (JTI, Who(f"slack:{TEAM}", CAROL), "not on staging", True)


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("no", "Say why in 3 to 250 characters."),
        ("x" * 251, "Say why in 3 to 250 characters."),
        ("a     ", "Say why in 3 to 250 characters."),
        ("&" * 100, "Too long to show whole by 200; & < > take more room."),
        pytest.param("\u202e" * 100, "Too long to show whole by 400; & < > take more room.", id="hidden"),
    ],
)
def test_a_reason_that_cannot_be_shown_whole_is_refused_at_its_field(world: World, reason: str, sentence: str) -> None:
    """Nothing is denied with half a reason, even past Slack's own checks."""
    ts = world.post()
    world.answers.given = gate()
    world.slack.press(CAROL, DEPLOYS, ts, "gate_deny").wait("modal")
    outcome = world.slack.submit(CAROL, world.slack.views(CAROL)[-1], {"reason": reason}, unchecked=True)
    assert outcome.errors == {"reason": sentence}
    assert [call[0] for call in world.answers.calls] == ["may_deny"]


def test_who_may_not_deny_gets_no_form(world: World) -> None:
    """The refusal comes before anything is typed."""
    ts = world.post()
    world.refuse("requester_deny")
    outcome = world.slack.press(GUEST, DEPLOYS, ts, "gate_deny")
    assert outcome.wait("ephemeral").text == "To stop your own build, abort it in Jenkins."
    assert not world.slack.views(GUEST)
