"""Number matching in Slack: the form, what stands at its field, and that Slack never has the number."""

from __future__ import annotations

import json

import pytest
from samples import ALICE, BOTH, DEPLOYS, GATE_ID, MINUTE, OPENED, TEAM, gate, requirement
from world import World

from fakes import request_text
from jenkins_mfa.core.model import Factor
from jenkins_mfa.errors import StoreUncertainError
from jenkins_mfa.usecases.answer import NeedsNumber
from jenkins_mfa.usecases.decisions import Counted
from jenkins_mfa.usecases.desk import Who

JTI = f"{GATE_ID}.1"
ASKED = gate(requirement=requirement(Factor.PUSH_NUMBER, 1), request_text=request_text(number="493817").decode())


def form(world: World, user: str = ALICE) -> None:
    """Tap Approve, and get the form that asks for the number."""
    ts = world.post(ASKED)
    world.answers.given = NeedsNumber(ASKED, "c_0123456789abcdef", OPENED + 19 * MINUTE)
    world.slack.press(user, DEPLOYS, ts, "gate_approve").wait("modal")


def test_row_36_the_form_names_job_build_and_environment(world: World) -> None:
    """Gates that look alike can be told apart, and it says where the number is to be read."""
    form(world)
    (shown,) = world.slack.views(ALICE)
    assert (shown["callback_id"], shown["title"]["text"]) == ("gate_number", "Approve with the number")
    text = json.dumps(shown["blocks"], ensure_ascii=False)
    for part in ("team one/deploy", "#17", "environment by the policy: production", "message: Deploy 1.4"):
        assert part in text
    field = shown["blocks"][-1]
    assert field["label"]["text"] == "Number that this build shows in Jenkins"
    assert field["hint"]["text"].endswith("If somebody tells it to you, tap Back, then Deny.")
    assert (field["element"]["min_length"], field["element"]["max_length"]) == (6, 8)


def test_the_message_promises_the_number_and_does_not_show_it(world: World) -> None:
    """Button, text and label say what is needed."""
    world.post(ASKED)
    (message,) = world.slack.messages(DEPLOYS)[:1]
    assert "with a tap and the number" in message.text
    button = message.blocks[-1]["elements"][0]
    assert (button["text"]["text"], button["accessibility_label"]) == (
        "Approve with number",
        "Approve build 17 with the number",
    )


def test_a_right_number_closes_the_form(world: World) -> None:
    """A private answer says how it stands."""
    form(world)
    world.answers.given = Counted(gate(confirmations=BOTH), 0)
    outcome = world.slack.submit(ALICE, world.slack.views(ALICE)[-1], {"number": "493 817"})
    assert outcome.closed
    counts = "Your confirmation counts: 2 of 2. Jenkins gets the answer now."
    assert outcome.wait("ephemeral").text == f"{counts}\n[Take it back]"
    assert world.answers.calls[-1][:5] == ("number", JTI, "c_0123456789abcdef", Who(f"slack:{TEAM}", ALICE), "493 817")


@pytest.mark.parametrize(
    ("code", "values", "sentence"),
    [
        ("number_malformed", {}, "Use 6 digits, 0 to 9. Spaces and dashes are fine."),
        ("number_wrong", {"left": "2"}, "That is not the number of this build. 2 tries left."),
        ("number_wrong", {"left": "1"}, "That is not the number of this build. 1 try left."),
        (
            "no_number_tries",
            {},
            "No tries left for this gate. Others can still answer: Bob Ray and Carol Diaz.",
        ),
        ("challenge_over", {}, "This form has ended. Tap Back, then Approve again."),
        (
            "throttled",
            {"wait_until": str(OPENED + 13 * MINUTE)},
            "Too many answers did not match. Next try in 4 min, at 16:13 UTC. Deny works at any time.",
        ),
    ],
)
def test_what_is_wrong_with_a_number_stands_at_its_field(
    world: World, code: str, values: dict[str, str], sentence: str
) -> None:
    """The form stays, and never says which digit."""
    form(world)
    world.refuse(code, **values)
    outcome = world.slack.submit(ALICE, world.slack.views(ALICE)[-1], {"number": "111111"})
    assert outcome.errors == {"number": sentence}


def test_a_lost_answer_of_the_store_is_told_as_such(world: World) -> None:
    """Tapping again is what helps, and it counts once."""
    form(world)
    world.answers.given = StoreUncertainError("away")
    outcome = world.slack.submit(ALICE, world.slack.views(ALICE)[-1], {"number": "493817"})
    assert outcome.errors == {
        "number": "Not known whether this was recorded: the store went away. Tap again in a minute; you count once."
    }


def test_s12_nothing_that_slack_is_sent_holds_the_number(world: World) -> None:
    """Messages, forms and their metadata; nor the request's digest, by which it could be found."""
    form(world)
    sent = json.dumps([*world.slack.views(ALICE), *(m.blocks for m in world.slack.messages(DEPLOYS))])
    sent += "".join(message.text for message in world.slack.messages(DEPLOYS))
    for secret in ("493817", "493 817", ASKED.request_sha256):
        assert secret not in sent
