"""Whoever is asked for a key gets one button that opens the page: privately, and the token is nowhere else."""

from __future__ import annotations

from samples import ALICE, DEPLOYS, MINUTE, OPENED, gate
from world import World

from jenkins_mfa.slack import blocks
from jenkins_mfa.usecases.answer import NeedsKey

ADDRESS = "https://mfa.example.com/open#" + "t" * 43


def test_a_tap_by_somebody_who_is_asked_for_a_key(world: World) -> None:
    """ux: "Confirm with your security key. …" and "Open the confirmation page"; only this person sees it."""
    ts = world.post()
    world.answers.given = NeedsKey(gate(), ADDRESS, OPENED + 10 * MINUTE)
    seen = world.slack.press(ALICE, DEPLOYS, ts, "gate_approve").wait("ephemeral")
    assert seen.text.startswith("Confirm with your security key. The page opens once, for you only, until ")
    assert "[Open the confirmation page]" in seen.text
    (call,) = [call for call in world.slack.calls("response_url") if "actions" in str(call.args)]
    (button,) = call.args["blocks"][-1]["elements"]
    assert (button["url"], button["action_id"]) == (ADDRESS, blocks.LINK)
    assert ADDRESS not in call.args["text"]
    assert call.args["response_type"] == "ephemeral"


def test_following_the_link_is_acknowledged_and_says_nothing(world: World) -> None:
    """Slack tells the app about every button, links too: without an answer it shows a warning sign."""
    ts = world.post()
    world.answers.given = NeedsKey(gate(), ADDRESS, OPENED + 10 * MINUTE)
    private = world.slack.press(ALICE, DEPLOYS, ts, "gate_approve").wait("ephemeral")
    before = len(world.slack.calls("response_url"))
    followed = world.slack.press(ALICE, DEPLOYS, private.ts, blocks.LINK)
    assert (followed.sent, followed.error) == (True, None)
    world.slack.press(ALICE, DEPLOYS, ts, "gate_approve").wait("ephemeral")
    assert len(world.slack.calls("response_url")) == before + 1
    assert [call[0] for call in world.answers.calls] == ["tap", "tap"]


def test_row_44_the_token_is_in_no_log_or_repr() -> None:
    """Attack row 44."""
    assert ADDRESS not in repr(NeedsKey(gate(), ADDRESS, OPENED))
