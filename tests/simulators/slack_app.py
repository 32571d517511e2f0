"""A small real Bolt app in Socket Mode for the tests of the Slack simulator, and a world to run it in."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode.websocket_client import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from jenkins_mfa.simulators.slack import SlackSimulator

ALICE, BOB, GUEST, DEPLOYS = "U01ALICE", "U02BOB", "U03GUEST", "C01DEPLOYS"


class Clock:
    """A clock that tests move, in seconds since 1970."""

    def __init__(self) -> None:
        self.seconds = 1_764_000_000.0

    def __call__(self) -> float:
        return self.seconds


def populate(slack: SlackSimulator) -> None:
    """Alice, Bob and a guest, and the channel of the deploys with all but the guest in it."""
    slack.add_user(ALICE, "Alice Wu")
    slack.add_user(BOB, "Bob Ray")
    slack.add_user(GUEST, "Gil", guest=True)
    slack.add_channel(DEPLOYS, "deploys", members=[ALICE, BOB])


def client(slack: SlackSimulator, token: str | None = None, **more: Any) -> WebClient:
    """The real client with the bot's token."""
    return WebClient(token or slack.bot_token, base_url=slack.base_url, **more)


def refused(call: Callable[..., Any], **args: Any) -> dict[str, Any]:
    """The answer of a call that Slack refuses."""
    with pytest.raises(SlackApiError) as caught:
        call(**args)
    data: dict[str, Any] = caught.value.response.data
    return data


def words(text: str) -> dict[str, Any]:
    """A plain_text object."""
    return {"type": "plain_text", "text": text, "emoji": False}


def buttons(*, confirm: bool = False) -> list[dict[str, Any]]:
    """A header and an Approve button, with or without a confirm dialog."""
    approve: dict[str, Any] = {
        "type": "button",
        "action_id": "approve",
        "text": words("Approve"),
        "value": "g1",
    }
    if confirm:
        approve["confirm"] = {
            "title": words("Sure?"),
            "text": words("Really"),
            "confirm": words("Yes"),
            "deny": words("Back"),
        }
    return [{"type": "header", "text": words("Deploy")}, {"type": "actions", "elements": [approve]}]


def post(slack: SlackSimulator, blocks: list[dict[str, Any]] | None = None) -> str:
    """Post a message with buttons to the deploys; returns its ts."""
    return client(slack).chat_postMessage(channel=DEPLOYS, text="Deploy", blocks=blocks or buttons())["ts"]


def form(**more: Any) -> dict[str, Any]:
    """A modal that asks for six digits."""
    element = {"type": "plain_text_input", "action_id": "code", "min_length": 6, "max_length": 8}
    blocks = [{"type": "input", "block_id": "code", "label": words("Code"), "element": element}]
    view = {"type": "modal", "callback_id": "totp", "title": words("Approve"), "submit": words("Approve")}
    return view | {"blocks": blocks} | more


@contextmanager
def connected(slack: SlackSimulator, app: App, **more: Any) -> Iterator[SocketModeHandler]:
    """Run the app's Socket Mode until the end of the block."""
    opener = WebClient(slack.app_token, base_url=slack.base_url)
    handler = SocketModeHandler(app, slack.app_token, web_client=opener, **more)
    before, opened = slack.connections, threading.Event()
    handler.client.on_open_listeners.append(lambda _: opened.set())
    with handler.client.connect_operation_lock:  # or its monitor opens one more, and what comes with the first is lost
        handler.connect()
        opened.wait(5)
    try:
        slack.wait_for(lambda s: s.connections > before)
        yield handler
    finally:
        # Its own close() takes this client up to 10 s: it waits in select on a socket that it has closed.
        handler.client.auto_reconnect_enabled = False
        slack.reset_sockets()
        slack.wait_for(lambda s: s.connections <= before)
        handler.client.closed = True
        handler.client.message_queue.put(None)  # it looks whether it was closed when something comes, or once a second
        handler.close()


def new_app(slack: SlackSimulator) -> App:
    """A Bolt app without listeners, quiet about what tests break on purpose."""
    logger = logging.getLogger("bolt-under-test")
    logger.setLevel(logging.CRITICAL)
    return App(client=client(slack), logger=logger, listener_executor=ThreadPoolExecutor(16))
