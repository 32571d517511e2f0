"""The Socket Mode set-up: no inbound port. One Bolt app on two connections, so that a refresh loses no tap.

Slack delivers each envelope to any one connection and does not send taps again. A renewed connection is away for half
a second, which the other one covers.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from slack_bolt import App
from slack_bolt.adapter.socket_mode.websocket_client import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode.websocket_client import SocketModeClient
from websocket import WebSocketApp, WebSocketException

from jenkins_mfa.errors import MessengerError, MessengerUnavailableError
from jenkins_mfa.slack.calls import call

API_URL = "https://slack.com/api/"
THREADS = 64  #: listeners at once; with Bolt's 5, a tap during a slow store waits for seconds
CONNECTIONS = 2  #: of the ten that Slack allows one app
OPENING = 4  #: seconds for a connection to open before the client's own monitor looks after it; that waits for 5
GOODBYE = 2  #: seconds for Slack to answer that a connection ends
TIMEOUT = 10  #: seconds for one Web API call


class _NoBodies(logging.Filter):
    """Lets a library's own words through, and what it formats into them only if that is no payload."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Cut everything after the first line, and whatever follows a parenthesis or brace.

        `on_error` comes with every renewed connection; one that cannot be renewed is reported by another line.
        """
        text = record.getMessage().split("\n")[0]
        if text.startswith("on_error invoked"):
            return False
        record.msg = text.split("{")[0].split("(")[0][:200]
        record.args = ()
        record.exc_info = None
        record.exc_text = None
        return True


def quiet_logger() -> logging.Logger:
    """For Bolt and the SDK: warnings only, and never a payload, since a form's payload holds what was typed."""
    logger = logging.getLogger("jenkins_mfa.slack.library")
    logger.setLevel(logging.WARNING)
    if not logger.filters:
        logger.addFilter(_NoBodies())
    for name in ("slack_bolt", "slack_sdk"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # The client above it says the same once more.
    # Its level would not last: the SDK sets it anew with every connection.
    logging.getLogger("websocket").disabled = True
    return logger


def _silent() -> logging.Logger:
    """For a connection that we end: websocket-client calls that an error."""
    logger = logging.getLogger("jenkins_mfa.slack.leaving")
    logger.disabled = True
    return logger


def web_client(token: str, api_url: str = API_URL) -> WebClient:
    """A Web API client that tries once: what to do about a failure is decided by who knows the lane."""
    return WebClient(token, base_url=api_url, timeout=TIMEOUT, retry_handlers=[], logger=quiet_logger())


class SlackApp:
    """Bolt on its connections: `connect`, then `close`. Listeners are registered on `bolt`."""

    def __init__(self, client: WebClient, app_token: str, api_url: str = API_URL) -> None:
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="slack-listener")
        self.bolt = App(
            client=client,
            logger=quiet_logger(),
            listener_executor=self._executor,
            token_verification_enabled=False,
        )
        opener = web_client(app_token, api_url)
        self._handlers = [
            SocketModeHandler(self.bolt, app_token, web_client=opener, concurrency=THREADS, logger=quiet_logger())
            for _ in range(CONNECTIONS)
        ]
        for handler in self._handlers:
            handler.client.on_message_listeners.append(_let_go)

    @property
    def connected(self) -> int:
        """How many connections are open."""
        return sum(handler.client.is_connected() for handler in self._handlers)

    def connect(self) -> None:
        """Open the connections; they reopen by themselves. Raises MessengerError when Slack refuses the token."""
        opened = [_opened(handler.client) for handler in self._handlers]
        with ExitStack() as held:
            for handler in self._handlers:
                # The client's monitor looks at once, finds nothing open yet, and would open another connection, whose
                # coming cuts this one off: a tap that Slack had just sent there was lost.
                held.enter_context(handler.client.connect_operation_lock)
                try:
                    call(handler.client.connect)
                except MessengerError as error:
                    says = f"the app-level token opens no Socket Mode connection: {error}"
                    raise MessengerUnavailableError(f"{says}; mend: jenkins-mfa check") from None
            for one in opened:
                one.wait(OPENING)

    @property
    def app_token(self) -> str:
        """The token that connections are opened with."""
        return self._handlers[0].client.app_token

    def renew(self, app_token: str) -> None:
        """Open connections with this token from now on; those that are open stay."""
        for handler in self._handlers:
            handler.client.app_token = app_token

    def renew_bot(self, bot_token: str) -> None:
        """Bolt makes a client of its own for each tap, with the token of its start."""
        self.bolt._token = bot_token  # noqa: SLF001 - it has no other way

    def close(self) -> None:
        """Take nothing new, then let running listeners end."""
        for handler in self._handlers:
            _leave(handler.client)
        self._executor.shutdown(wait=True)


def _opened(client: SocketModeClient) -> threading.Event:
    """Is set when a connection has opened."""
    found = threading.Event()
    client.on_open_listeners.append(lambda _: found.set())
    return found


def _let_go(session: WebSocketApp, message: str) -> None:
    """Answer a `disconnect` frame by closing as the protocol has it.

    The client alone takes the socket away from under its reader, which then notices after ten seconds, and only then
    does the new connection begin.
    """
    if '"disconnect"' in message[:200] and session.sock is not None:
        with contextlib.suppress(OSError, WebSocketException):
            session.sock.send_close()


def _leave(client: SocketModeClient) -> None:
    """Close one connection as the protocol has it, and take what Slack has sent before it heard of that.

    The client's own `close` takes the socket away from under its reader, which then notices after ten seconds only;
    what is in its queue then is lost, and that is looked at once a second.
    """
    ended = threading.Event()
    client.logger = _silent()
    client.on_close_listeners.append(lambda _: ended.set())
    client.auto_reconnect_enabled = False
    socket = client.current_session.sock if client.current_session else None
    if socket is not None:
        with contextlib.suppress(OSError, WebSocketException):
            socket.send_close()
            ended.wait(GOODBYE)
    limit, pause = time.monotonic() + GOODBYE, threading.Event()
    while not client.message_queue.empty() and time.monotonic() < limit:
        pause.wait(0.001)
    client.closed = True
    client.message_queue.put(None)
    client.close()
