"""Envelopes that do not have the shape they must have, or come from elsewhere: answered, logged, without effect."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from samples import ALICE, DEPLOYS, GATE_ID, MINUTE, OPENED, TEAM, gate
from world import World

from jenkins_mfa.usecases.answer import NeedsCode
from jenkins_mfa.usecases.decisions import Counted
from waiting import until

UNKNOWN = "jenkins-mfa does not know this button. Nothing changed."


@pytest.mark.parametrize(
    "extra",
    [
        {"actions": []},
        {"actions": None},
        {"actions": [{}]},
        {"actions": ["gate_approve"]},
        {"actions": [{"action_id": "gate_approve", "type": "button", "value": f"{GATE_ID}.1"}]},
        {"actions": [{"action_id": "gate_approve", "type": "button", "value": "1", "action_ts": "1.1"}]},
        {"actions": [{"action_id": "gate_approve", "type": "button", "value": None, "action_ts": "1.1"}]},
        {"actions": [{"action_id": "gate_approve", "type": "button", "value": f"{GATE_ID}.1\n", "action_ts": "1.1"}]},
        {"actions": [{"action_id": "gate_approve", "type": "button", "value": "g_" + "0" * 9_999, "action_ts": "1.1"}]},
        {"user": {}},
        {"user": None},
        {"user": {"id": ["U01ALICE"], "team_id": "T01EXAMPLE"}},
        {"container": {}},
        {"trigger_id": 7},
    ],
)
def test_a_tap_of_another_shape_changes_nothing(world: World, extra: dict[str, Any]) -> None:
    """Missing members, wrong types, foreign values: no use case is called, the person is not left in silence."""
    ts = world.post()
    world.answers.given = Counted(gate(), 1)
    outcome = world.slack.press(ALICE, DEPLOYS, ts, "gate_approve", stale=True, extra=extra)
    assert outcome.wait("ephemeral").text == UNKNOWN
    assert outcome.error is None
    assert world.answers.calls == []


@pytest.mark.parametrize("action", ["gate_of_tomorrow", "", "gate_approve2"])
def test_an_unknown_button_is_answered(world: World, action: str) -> None:
    """A button of another version says so, and does nothing."""
    ts = world.post()
    extra = {"actions": [{"action_id": action, "type": "button", "value": f"{GATE_ID}.1", "action_ts": "1.1"}]}
    outcome = world.slack.press(ALICE, DEPLOYS, ts, "gate_approve", stale=True, extra=extra)
    assert outcome.wait("ephemeral").text == UNKNOWN
    assert world.answers.calls == []


@pytest.mark.parametrize(
    "extra",
    [
        {"user": {"id": ALICE, "team_id": "T99OTHER"}},
        {"team": {"id": "T99OTHER"}},
        {"team": None},
    ],
)
def test_s14_another_workspace_cannot_answer(world: World, extra: dict[str, Any]) -> None:
    """The acting team is the envelope's, and must be ours (S14)."""
    ts = world.post()
    world.answers.given = Counted(gate(), 1)
    outcome = world.slack.press(ALICE, DEPLOYS, ts, "gate_approve", stale=True, extra=extra)
    expected = "Not counted: guests and people of other workspaces cannot answer."
    text = outcome.wait("ephemeral").text
    assert text == (expected if extra.get("team", 1) is not None else UNKNOWN)
    assert world.answers.calls == []


def test_s14_who_acts_is_the_envelope_s_user_alone(world: World) -> None:
    """A user named anywhere else in the payload does not act (S14)."""
    ts = world.post()
    world.answers.given = Counted(gate(), 1)
    button = {"action_id": "gate_approve", "type": "button", "value": f"{GATE_ID}.1", "action_ts": "1.1"}
    extra = {
        "actions": [button | {"user": "U02BOB", "selected_user": "U02BOB"}],
        "user_id": "U02BOB",
        "authorizations": [{"user_id": "U02BOB"}],
    }
    world.slack.press(ALICE, DEPLOYS, ts, "gate_approve", stale=True, extra=extra).wait("ephemeral")
    assert world.answers.calls[0][2].subject == ALICE


def _open_form(world: World) -> dict[str, Any]:
    ts = world.post()
    world.answers.given = NeedsCode(gate(), "c_0123456789abcdef", OPENED + 19 * MINUTE)
    world.slack.press(ALICE, DEPLOYS, ts, "gate_approve").wait("modal")
    world.answers.calls.clear()
    return world.slack.views(ALICE)[-1]


@pytest.mark.parametrize(
    "metadata",
    ["", "x", f"{GATE_ID}.1", f"{GATE_ID}.1 c_1 C1 C2", f"{GATE_ID}.1  C01DEPLOYS", "ü" * 3_000],
)
def test_a_form_whose_metadata_is_not_ours_ends(world: World, metadata: str) -> None:
    """What the form is about must be what we wrote."""
    form = _open_form(world)
    form_on_server = next(v for v in world.slack.workspace.modals[ALICE] if v["id"] == form["id"])
    form_on_server["private_metadata"] = metadata
    outcome = world.slack.submit(ALICE, form["id"], {"code": "123456"})
    assert outcome.view is not None
    assert UNKNOWN in outcome.wait("modal_update").text
    assert world.answers.calls == []


def test_an_unknown_form_ends(world: World) -> None:
    """A form of another version is ended with a sentence."""
    form = _open_form(world)
    next(v for v in world.slack.workspace.modals[ALICE] if v["id"] == form["id"])["callback_id"] = "gate_number"
    outcome = world.slack.submit(ALICE, form["id"], {"code": "123456"})
    assert outcome.view is not None
    assert world.answers.calls == []


@pytest.mark.parametrize(
    "envelope",
    [
        {},
        {"envelope_id": "e1"},
        {"envelope_id": "e2", "type": "interactive"},
        {"envelope_id": "e3", "type": "interactive", "payload": {}},
        {"envelope_id": "e4", "type": "interactive", "payload": {"type": "view_submission"}},
        {"envelope_id": "e5", "type": "interactive", "payload": {"type": "view_submission", "view": {}}},
        {"envelope_id": "e6", "type": "slash_commands", "payload": {"command": "/mfa"}},
        {"envelope_id": "e7", "type": "events_api", "payload": {"event": {"type": "message", "text": "123456"}}},
        {"envelope_id": "e8", "type": "of_tomorrow", "payload": {"a": [1]}},
    ],
)
def test_no_envelope_stops_the_app(world: World, envelope: dict[str, Any]) -> None:
    """Whatever comes over the socket, the next tap is taken."""
    ts = world.post()
    for _ in range(2):
        world.slack.send_envelope(envelope)
    world.answers.given = Counted(gate(), 1)
    assert world.slack.press(ALICE, DEPLOYS, ts, "gate_approve").wait("ephemeral").text.startswith("Your confirmation")
    assert [call[0] for call in world.answers.calls] == ["tap"]


def test_one_envelope_delivered_twice_has_one_cause(world: World) -> None:
    """Both deliveries name the same cause, by which the use case counts once."""
    world.answers.given = Counted(gate(), 1)
    payload = {
        "type": "block_actions",
        "user": {"id": ALICE, "team_id": TEAM},
        "team": {"id": TEAM},
        "trigger_id": "1.2.abc",
        "container": {"channel_id": DEPLOYS, "message_ts": "1.1"},
        "actions": [{"action_id": "gate_approve", "type": "button", "value": f"{GATE_ID}.1", "action_ts": "1.1"}],
    }
    for _ in range(2):
        world.slack.send_envelope({"envelope_id": "e1", "type": "interactive", "payload": payload})
    first, second = (world.answers.heard.get(timeout=5) for _ in range(2))
    assert first == second


def test_nothing_of_a_form_reaches_a_log(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever goes wrong with a code, no log of ours, Bolt's or the SDK's repeats it (no secret in logs)."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        form = _open_form(world)
        for given in (RuntimeError("914243"), Counted(gate(), 1)):
            world.answers.given = given
            world.slack.submit(ALICE, form["id"], {"code": "914243"})
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    printed = capsys.readouterr()
    assert "914243" not in stream.getvalue() + printed.out + printed.err


def test_a_form_that_does_not_open_is_said(world: World) -> None:
    """Slack's three seconds are over: the person reads that nothing changed."""
    ts = world.post()
    world.answers.given = NeedsCode(gate(), "c_0123456789abcdef", OPENED + 19 * MINUTE)
    world.slack.fail_next("views.open", "expired_trigger_id")
    outcome = world.slack.press(ALICE, DEPLOYS, ts, "gate_approve")
    assert outcome.wait("ephemeral").text == "The form did not open in time. Nothing changed; tap again."


@pytest.mark.parametrize("close_after", [None, 0.0])
def test_renewed_connections_are_back_at_once(
    world: World, close_after: float | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Slack renews connections; whenever it closes the old ones, new ones take the next tap within seconds.

    That is normal life, so nothing warns of it.
    """
    ts = world.post()
    world.answers.given = Counted(gate(), 1)
    before = len(world.slack.calls("apps.connections.open"))
    world.slack.refresh_sockets(close_after)
    world.slack.wait_for(lambda s: s.connections == 2 and len(s.calls("apps.connections.open")) >= before + 2)
    assert world.slack.press(ALICE, DEPLOYS, ts, "gate_approve").error is None
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_cut_connections_come_back(world: World) -> None:
    """After a TCP reset both connections open again."""
    before = len(world.slack.calls("apps.connections.open"))
    world.slack.reset_sockets()
    world.slack.wait_for(lambda s: s.connections == 2 and len(s.calls("apps.connections.open")) >= before + 2)
    world.answers.given, ts = Counted(gate(), 1), world.post()
    # The client's reader and its monitor both notice: what one of them has opened the other may cut off once more.
    until(lambda: world.slack.press(ALICE, DEPLOYS, ts, "gate_approve").error is None)
