"""How the app comes and goes: one connection each, and no tap lost at either end."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from samples import BOB, DEPLOYS
from slack_sdk.socket_mode.websocket_client import SocketModeClient
from websocket import WebSocket
from world import FakeAnswers, FakeGates, World, messenger

from jenkins_mfa.simulators.slack import SlackSimulator
from jenkins_mfa.slack.app import CONNECTIONS, SlackApp
from jenkins_mfa.slack.handlers import Handlers


def joined(slack: SlackSimulator) -> tuple[SlackApp, World]:
    """The app, connected; whoever calls closes it."""
    talker = messenger(slack)
    world = World(slack, talker, FakeAnswers(), FakeGates())
    app = SlackApp(talker.client, slack.app_token, slack.base_url)
    Handlers(world.answers, world.gates, talker, world.answers, world.answers, world.answers).register(app.bolt)
    app.connect()
    return app, world


def test_each_connection_is_opened_once(slack: SlackSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's monitor looks at its connection as soon as it is asked for; it used to open another one then, and
    the first was cut off with whatever Slack had sent there.
    """
    looked, look = threading.Semaphore(0), SocketModeClient._monitor_current_session

    def counted(client: SocketModeClient) -> None:
        look(client)
        looked.release()

    monkeypatch.setattr(SocketModeClient, "_monitor_current_session", counted)
    app, _ = joined(slack)
    assert all(looked.acquire(timeout=10) for _ in range(CONNECTIONS))
    slack.wait_for(lambda s: s.connections == CONNECTIONS)
    assert len(slack.calls("apps.connections.open")) == app.connected == CONNECTIONS
    app.close()


def test_a_tap_that_comes_with_the_goodbye_is_taken(slack: SlackSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rolling restart loses none: what Slack has sent before it hears that a connection ends has its effect."""
    app, world = joined(slack)
    ts = world.post()
    goodbye: Callable[..., None] = WebSocket.send_close
    arrived, pressed = threading.Event(), []
    for handler in app._handlers:
        handler.client.on_message_listeners.append(lambda *_: arrived.set())

    def late(socket: WebSocket, *more: object) -> None:
        if not pressed:
            pressed.append(threading.Thread(target=slack.press, args=(BOB, DEPLOYS, ts, "gate_approve")))
            pressed[0].start()
            assert arrived.wait(10)
        goodbye(socket, *more)

    monkeypatch.setattr(WebSocket, "send_close", late)
    app.close()
    pressed[0].join()
    assert [call[0] for call in world.answers.calls] == ["tap"]
