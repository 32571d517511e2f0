"""Socket Mode of the simulated Slack: with the real Bolt client, and with bare WebSockets."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from slack_app import ALICE, DEPLOYS, buttons, client, connected, new_app, populate
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from jenkins_mfa.simulators.slack import SlackSimulator


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    with SlackSimulator() as running:
        populate(running)
        yield running


def address(slack: SlackSimulator) -> str:
    """A fresh WebSocket address, as apps.connections.open gives it."""
    answer = client(slack, slack.app_token).apps_connections_open(app_token=slack.app_token)
    return str(answer["url"])


Dial = Callable[..., ClientConnection]


@pytest.fixture
def dial(slack: SlackSimulator) -> Iterator[Dial]:
    """Opens bare WebSockets, to a fresh address or a given one, and closes them after the test."""
    with ExitStack() as stack:

        def opened(url: str | None = None, *, hello: bool = True) -> ClientConnection:
            bare = stack.enter_context(connect(url or address(slack)))
            if hello:
                assert json.loads(bare.recv(timeout=5))["type"] == "hello"
            return bare

        yield opened


def in_background(work: Any) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def press(slack: SlackSimulator) -> Any:
    ts = client(slack).chat_postMessage(channel=DEPLOYS, text="Deploy", blocks=buttons())["ts"]
    return slack.press(ALICE, DEPLOYS, ts, "approve")


def test_hello_and_envelope(slack: SlackSimulator, dial: Dial) -> None:
    """hello counts the connections; an envelope has an id, a type and says whether a payload may come back."""
    bare = dial(hello=False)
    hello = json.loads(bare.recv(timeout=5))
    assert (hello["num_connections"], hello["connection_info"]) == (1, {"app_id": "A0MFA"})
    outcomes: list[Any] = []
    thread = in_background(lambda: outcomes.append(press(slack)))
    envelope = json.loads(bare.recv(timeout=5))
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("interactive", False)
    assert envelope["payload"]["type"] == "block_actions"
    bare.send(json.dumps({"envelope_id": envelope["envelope_id"]}))
    thread.join()
    assert outcomes[0].error is None
    assert 0 < outcomes[0].seconds < 3


def test_an_address_works_once(slack: SlackSimulator, dial: Dial) -> None:
    """The ticket in an address opens one connection."""
    url = address(slack)
    dial(url)
    for used in (url, url.replace("ticket=", "ticket=0")):
        with pytest.raises(InvalidStatus):
            dial(used)


def test_ten_connections_and_no_more(slack: SlackSimulator, dial: Dial) -> None:
    """The eleventh connection is told too_many_websockets and closed."""
    for _ in range(10):
        dial()
    eleventh = dial(hello=False)
    assert json.loads(eleventh.recv(timeout=5))["reason"] == "too_many_websockets"
    with pytest.raises(ConnectionClosed):
        eleventh.recv(timeout=5)
    assert slack.connections == 10


def test_each_envelope_goes_to_one_connection(slack: SlackSimulator, dial: Dial) -> None:
    """With two connections every envelope reaches exactly one, and both get some."""
    bares = [dial(), dial()]
    seen: list[list[str]] = [[], []]
    slack.ack_seconds = 0.05
    for _ in range(6):
        press(slack)
    for bare, triggers in zip(bares, seen, strict=True):
        with suppress(TimeoutError):
            while True:
                triggers.append(json.loads(bare.recv(timeout=0.2))["payload"]["trigger_id"])
    assert [len(triggers) for triggers in seen] == [3, 3]
    assert len({*seen[0], *seen[1]}) == 6


def test_events_are_sent_again_until_answered(slack: SlackSimulator, dial: Dial) -> None:
    """An event that nobody answers comes again with its event_id, the attempt and the reason."""
    bare = dial()
    slack.ack_seconds = 0.1
    sent: list[int] = []
    thread = in_background(lambda: sent.append(slack.send_event({"type": "app_mention"}, waits=(0, 0, 0))))
    envelopes = [json.loads(bare.recv(timeout=5)) for _ in range(2)]
    bare.send(json.dumps({"envelope_id": envelopes[1]["envelope_id"]}))
    thread.join()
    assert sent == [2]
    assert [envelope["retry_attempt"] for envelope in envelopes] == [0, 1]
    assert envelopes[1]["retry_reason"] == "timeout"
    assert len({envelope["payload"]["event_id"] for envelope in envelopes}) == 1


def test_presses_are_not_sent_again(slack: SlackSimulator, dial: Dial) -> None:
    """A press that nobody answers is an error to the person, and does not come again."""
    bare = dial()
    slack.ack_seconds = 0.1
    assert press(slack).error == "operation_timeout"
    bare.recv(timeout=5)
    with pytest.raises(TimeoutError):
        bare.recv(timeout=0.2)


def test_disconnect_frames(slack: SlackSimulator, dial: Dial) -> None:
    """After `disconnect` a connection gets no envelopes; the old socket closes when the test says so."""
    bare = dial()
    slack.refresh_sockets(close_after=None)
    frame = json.loads(bare.recv(timeout=5))
    assert (frame["type"], frame["reason"], slack.connections) == ("disconnect", "refresh_requested", 0)
    assert press(slack).error == "dispatch_failed"
    slack.close_old_sockets()
    with pytest.raises(ConnectionClosed) as closed:
        bare.recv(timeout=5)
    assert closed.value.rcvd is not None


def test_disconnect_that_closes_later(slack: SlackSimulator, dial: Dial) -> None:
    """The old socket closes by itself after the time that was chosen."""
    bare = dial()
    slack.refresh_sockets(close_after=0.05)
    bare.recv(timeout=5)
    with pytest.raises(ConnectionClosed):
        bare.recv(timeout=5)


def test_a_tcp_reset(slack: SlackSimulator, dial: Dial) -> None:
    """A reset is no orderly end: no close frame arrives, the operating system reports a reset."""
    bare = dial()
    slack.reset_sockets()
    with pytest.raises(ConnectionClosed) as closed:
        bare.recv(timeout=5)
    assert closed.value.rcvd is None
    assert isinstance(closed.value.__cause__, ConnectionResetError)
    slack.wait_for(lambda s: s.connections == 0)


@pytest.mark.parametrize("cut", ["refresh_sockets", "reset_sockets"])
def test_the_real_client_comes_back(slack: SlackSimulator, cut: str) -> None:
    """Bolt's client finds its way back after a disconnect frame and after a reset."""
    app = new_app(slack)
    app.action("approve")(lambda ack: ack())
    with connected(slack, app):
        old = slack.socket.live[0]
        getattr(slack, cut)()
        slack.wait_for(lambda s: s.socket.live and s.socket.live[-1] is not old, timeout=20)
        assert press(slack).error is None


def test_an_outage_and_back(slack: SlackSimulator) -> None:
    """After an outage the real client connects again to the same address."""
    app = new_app(slack)
    app.action("approve")(lambda ack: ack())
    with connected(slack, app):
        slack.outage()
        assert slack.connections == 0
        slack.recover()
        slack.wait_for(lambda s: s.connections, timeout=20)
        assert press(slack).error is None


def test_bad_frames_from_the_app(slack: SlackSimulator, dial: Dial) -> None:
    """Frames that answer nothing are kept for the test to see, and disturb nobody."""
    bare = dial()
    for frame in ("not json", "[]", '{"payload": 1}'):
        bare.send(frame)
    bare.send('{"envelope_id": "never-sent"}')
    slack.wait_for(lambda s: s.socket.stray_acks)
    assert slack.socket.bad_frames == ["not json", "[]", '{"payload": 1}']
    assert slack.socket.stray_acks == ["never-sent"]


def test_raw_envelopes(slack: SlackSimulator, dial: Dial) -> None:
    """Any JSON can be sent to the app, the same envelope twice as well."""
    assert not slack.send_envelope({"type": "interactive"})
    bare = dial()
    for _ in range(2):
        assert slack.send_envelope({"envelope_id": "e1", "type": "interactive", "payload": {}})
    assert [json.loads(bare.recv(timeout=5))["envelope_id"] for _ in range(2)] == ["e1", "e1"]


def test_fifty_people_press_at_once(slack: SlackSimulator) -> None:
    """Fifty presses at one moment are all delivered and answered."""
    app = new_app(slack)
    app.action("approve")(lambda ack: ack())
    for number in range(50):
        slack.add_user(f"U{number:04d}", f"Person {number}")
    ts = client(slack).chat_postMessage(channel=DEPLOYS, text="Deploy", blocks=buttons())["ts"]
    outcomes: list[Any] = []
    with connected(slack, app, concurrency=64):
        presses = [
            in_background(lambda user=f"U{n:04d}": outcomes.append(slack.press(user, DEPLOYS, ts, "approve")))
            for n in range(50)
        ]
        for one in presses:
            one.join()
    assert [outcome.error for outcome in outcomes] == [None] * 50
