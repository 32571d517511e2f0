"""What people do in the simulated Slack, answered by a real Bolt app in Socket Mode."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from slack_app import (
    ALICE,
    BOB,
    DEPLOYS,
    GUEST,
    buttons,
    client,
    connected,
    form,
    new_app,
    populate,
    post,
    words,
)
from slack_bolt import App

from jenkins_mfa.simulators.slack import ImpossibleActionError, SlackSimulator


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    with SlackSimulator() as running:
        populate(running)
        yield running


@pytest.fixture
def app(slack: SlackSimulator) -> Iterator[App]:
    bolt = new_app(slack)
    with connected(slack, bolt):
        yield bolt


def test_a_press_arrives_with_all_that_slack_tells(slack: SlackSimulator, app: App) -> None:
    """A press reaches the app with user, team, container, message, value, trigger and response_url."""
    bodies: list[dict[str, Any]] = []
    app.action("approve")(lambda ack, body: (ack(), bodies.append(body)))
    ts = post(slack)
    outcome = slack.press(ALICE, DEPLOYS, ts, "approve")
    assert outcome.error is None
    slack.wait_for(lambda _: bodies)
    body = bodies[0]
    assert body["user"] == {"id": ALICE, "username": "alice.wu", "name": "alice.wu", "team_id": "T01EXAMPLE"}
    assert body["team"] == {"id": "T01EXAMPLE", "domain": "example"}
    assert body["enterprise"] is None
    assert body["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": DEPLOYS,
        "is_ephemeral": False,
    }
    assert body["message"]["blocks"] == slack.messages(DEPLOYS)[0].blocks
    assert [action["value"] for action in body["actions"]] == ["g1"]
    assert float(body["actions"][0]["action_ts"]) > float(ts)
    assert body["response_url"].startswith("http://127.0.0.1:")


def test_a_modal_with_errors_then_closed(slack: SlackSimulator, app: App) -> None:
    """A wrong code is an error at its field and the form stays; the right one closes it."""

    def judge(ack: Any, view: dict[str, Any]) -> None:
        code = view["state"]["values"]["code"]["code"]["value"]
        if code == "111111":
            ack()
        else:
            ack(response_action="errors", errors={"code": "That code does not match."})

    app.action("approve")(
        lambda ack, body, client: (ack(), client.views_open(trigger_id=body["trigger_id"], view=form()))
    )
    app.view("totp")(judge)
    sight = slack.press(ALICE, DEPLOYS, post(slack), "approve").wait("modal")
    assert sight.body["title"]["text"] == "Approve"
    wrong = slack.submit(ALICE, slack.views(ALICE)[-1], {"code": "222222"})
    assert (wrong.errors, wrong.closed) == ({"code": "That code does not match."}, False)
    right = slack.submit(ALICE, slack.views(ALICE)[-1], {"code": "111111"})
    assert (right.errors, right.closed, slack.views(ALICE)) == ({}, True, [])
    assert [sight.kind for sight in right.seen] == ["modal_close"]


def test_slack_checks_the_form_first(slack: SlackSimulator, app: App) -> None:
    """Required fields and lengths are refused by Slack itself, and the app hears nothing."""
    slack.workspace.open_view(ALICE, form())
    short = slack.submit(ALICE, slack.views(ALICE)[-1], {"code": "1"})
    empty = slack.submit(ALICE, slack.views(ALICE)[-1], {})
    assert (short.sent, list(short.errors)) == (False, ["code"])
    assert (empty.sent, list(empty.errors)) == (False, ["code"])


def test_a_form_answered_with_an_update(slack: SlackSimulator, app: App) -> None:
    """response_action update shows another content in the same modal."""
    told = {"type": "modal", "title": words("Not recorded"), "close": words("Close"), "blocks": buttons()[:1]}
    app.view("totp")(lambda ack: ack(response_action="update", view=told))
    slack.workspace.open_view(ALICE, form())
    outcome = slack.submit(ALICE, slack.views(ALICE)[-1], {"code": "111111"})
    assert outcome.view is not None
    assert outcome.view["title"]["text"] == "Not recorded"
    assert slack.views(ALICE)[-1]["id"] == outcome.view["id"]
    assert slack.back(ALICE).closed


@pytest.mark.parametrize("errors", [{"nowhere": "x"}, {}, {"code": ""}])
def test_errors_at_fields_that_do_not_exist(slack: SlackSimulator, app: App, errors: dict[str, str]) -> None:
    """Errors keyed by anything but an input's block_id are the app's mistake, and the user sees that."""
    app.view("totp")(lambda ack: ack({"response_action": "errors", "errors": errors}))
    slack.workspace.open_view(ALICE, form())
    assert slack.submit(ALICE, slack.views(ALICE)[-1], {"code": "111111"}).error == "invalid_field_errors"


def test_a_slash_command_answered_in_the_ack(slack: SlackSimulator, app: App) -> None:
    """A slash command's ack is a private answer."""
    app.command("/mfa")(lambda ack, command: ack(text=f"You said {command['text']} as {command['user_name']}"))
    outcome = slack.slash(BOB, "/mfa", "pending", DEPLOYS)
    assert [sight.text for sight in outcome.seen] == ["You said pending as bob.ray"]
    assert [message.text for message in slack.ephemerals(BOB)] == ["You said pending as bob.ray"]
    assert slack.ephemerals(ALICE) == []
    assert slack.messages(DEPLOYS) == []


def test_nobody_answers(slack: SlackSimulator) -> None:
    """Without a socket Slack says so at once; with one that stays silent, after the time for the ack."""
    ts = post(slack)
    assert slack.press(ALICE, DEPLOYS, ts, "approve").error == "dispatch_failed"
    slack.ack_seconds = 0.1
    with connected(slack, new_app(slack)):
        outcome = slack.press(ALICE, DEPLOYS, ts, "approve")
    assert outcome.error == "operation_timeout"
    assert [sight.kind for sight in outcome.seen] == ["error"]


def test_a_late_answer_counts_for_nothing(slack: SlackSimulator, app: App) -> None:
    """An ack after the limit changes nothing that the user sees."""
    gate = threading.Event()
    app.command("/mfa")(lambda ack: (gate.wait(5), ack(text="too late")))
    slack.ack_seconds = 0.05
    outcome = slack.slash(BOB, "/mfa", "help", DEPLOYS)
    gate.set()
    slack.wait_for(lambda s: s.socket.stray_acks)
    assert outcome.error == "operation_timeout"
    assert slack.ephemerals(BOB) == []


def test_the_confirm_dialog_must_be_known(slack: SlackSimulator, app: App) -> None:
    """A press says whether the button asks first, so that a lost dialog is noticed."""
    app.action("approve")(lambda ack: ack())
    with_dialog, without = post(slack, buttons(confirm=True)), post(slack)
    assert slack.press(ALICE, DEPLOYS, with_dialog, "approve", confirm=True).error is None
    for ts, confirm in ((with_dialog, False), (without, True)):
        with pytest.raises(ImpossibleActionError):
            slack.press(ALICE, DEPLOYS, ts, "approve", confirm=confirm)


def test_a_button_that_is_gone(slack: SlackSimulator, app: App) -> None:
    """Nobody can press what is no longer there, but a stale copy of the message can be pressed."""
    bodies: list[dict[str, Any]] = []
    app.action("approve")(lambda ack, body: (ack(), bodies.append(body)))
    ts = post(slack)
    client(slack).chat_update(channel=DEPLOYS, ts=ts, text="Approved", blocks=buttons()[:1])
    with pytest.raises(ImpossibleActionError):
        slack.press(ALICE, DEPLOYS, ts, "approve")
    assert slack.press(ALICE, DEPLOYS, ts, "approve", stale=True).error is None
    slack.press(ALICE, DEPLOYS, ts, "approve", stale=True, value="forged", extra={"user": {"id": "U9"}})
    slack.wait_for(lambda _: len(bodies) == 2)
    assert [body["actions"][0]["value"] for body in bodies] == ["g1", "forged"]
    assert bodies[1]["user"] == {"id": "U9"}


def test_who_cannot_act(slack: SlackSimulator) -> None:
    """Deactivated people, and guests outside of their channels, can press nothing."""
    ts = post(slack)
    slack.set_user(BOB, deleted=True)
    for user in (BOB, GUEST, "U99"):
        with pytest.raises(ImpossibleActionError):
            slack.press(user, DEPLOYS, ts, "approve")


def test_an_outsider_in_a_shared_channel(slack: SlackSimulator, app: App) -> None:
    """Someone of another workspace can press in a shared channel; the payload names their own team."""
    users: list[dict[str, Any]] = []
    app.action("approve")(lambda ack, body: (ack(), users.append(body["user"])))
    slack.add_user("W04EVE", "Eve", team="T02OTHER")
    slack.add_channel("C05SHARED", "shared", members=["W04EVE"])
    ts = client(slack).chat_postMessage(channel="C05SHARED", text="Deploy", blocks=buttons())["ts"]
    slack.press("W04EVE", "C05SHARED", ts, "approve")
    slack.wait_for(lambda _: users)
    assert users[0]["team_id"] == "T02OTHER"
    with pytest.raises(ImpossibleActionError):
        slack.press("W04EVE", DEPLOYS, post(slack), "approve")


def test_a_button_of_a_private_answer(slack: SlackSimulator, app: App) -> None:
    """A press on an ephemeral says so, carries no message, and only its one reader can do it."""
    bodies: list[dict[str, Any]] = []
    app.action("approve")(lambda ack, body: (ack(), bodies.append(body)))
    web = client(slack)
    ts = web.chat_postEphemeral(channel=DEPLOYS, user=ALICE, text="Yours", blocks=buttons())["message_ts"]
    slack.press(ALICE, DEPLOYS, ts, "approve")
    slack.wait_for(lambda _: bodies)
    assert bodies[0]["container"]["is_ephemeral"]
    assert "message" not in bodies[0]
    with pytest.raises(ImpossibleActionError):
        slack.press(BOB, DEPLOYS, ts, "approve")
