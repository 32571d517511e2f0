"""A simulated Slack on real sockets, as strict as the real one: Web API, Socket Mode, and the people in it.

    with SlackSimulator() as slack:
        slack.add_user("U01ALICE", "Alice Wu")
        slack.add_channel("C01DEPLOYS", "deploys", members=["U01ALICE"])   # the bot is in it, too
        client = WebClient(slack.bot_token, base_url=slack.base_url)
        opener = WebClient(slack.app_token, base_url=slack.base_url)
        SocketModeHandler(app, slack.app_token, web_client=opener).connect()
        slack.wait_for(lambda s: s.connections)             # the app's socket is open

        message = slack.messages("C01DEPLOYS")[-1]
        outcome = slack.press("U01ALICE", "C01DEPLOYS", message.ts, "gate_approve")   # confirm=True: dialog
        outcome.wait("modal")                               # what Alice sees next; outcome.seen: all of it
        outcome = slack.submit("U01ALICE", slack.views("U01ALICE")[-1], {"code": "123456"})
        outcome.errors, outcome.closed, outcome.view        # at the fields; form gone; form updated
        slack.slash("U01ALICE", "/mfa", "pending", "C01DEPLOYS").wait("ephemeral").text

World (slack_world): `add_user`, `add_channel`, `set_user`, `set_group`, `archive`, `delete_message`, `messages`,
`ephemerals`, `views`, `home`, `channels_of`, `im`, `sights`, `revision`, `wait_for`; `plain` flattens a message.
People (slack_people): `press`, `submit`, `back`, `open_home`, `press_home`, `slash`, `say`; sights: slack_model.Kind.
Here: `connections`, `calls`; faults `fail_next`, `revoke`, `outage`/`recover`, `refresh_sockets` and
`close_old_sockets`, `reset_sockets`, `ack_seconds`, `pace`, `send_envelope`, `send_event`.
Stricter than Slack: a message needs a `text`, and what slack_rules names. `chat.update` without `blocks`
keeps the old ones, as Slack does: send `blocks=[]` to take them away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from jenkins_mfa.simulators.slack_http import CallRecord, Fault, SlackHttp
from jenkins_mfa.simulators.slack_model import ImpossibleActionError, Message, Sight, Token
from jenkins_mfa.simulators.slack_openid import OpenId
from jenkins_mfa.simulators.slack_outcome import Outcome
from jenkins_mfa.simulators.slack_payloads import event as event_payload
from jenkins_mfa.simulators.slack_people import People
from jenkins_mfa.simulators.slack_socket import SlackSocket
from jenkins_mfa.simulators.slack_state import Workspace
from jenkins_mfa.simulators.slack_text import plain

__all__ = ["ImpossibleActionError", "Message", "Outcome", "Sight", "SlackSimulator", "plain"]

#: The scopes of the bot token that the app manifest asks for.
BOT_SCOPES = ("chat:write", "commands", "im:write", "users:read", "channels:read", "groups:read", "usergroups:read")


class SlackSimulator(People):
    """One workspace with the app installed. `now` gives s since 1970 for ts, triggers, response_urls."""

    bot_token = "xoxb-simulated-bot-token"
    app_token = "xapp-simulated-app-token"

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        socket_port: int = 0,
        team: str = "T01EXAMPLE",
        team_name: str = "Example",
        scopes: Iterable[str] = BOT_SCOPES,
        app_scopes: Iterable[str] = ("connections:write",),
        now: Callable[[], float] = time.time,
    ) -> None:
        workspace = Workspace(team, team_name, now)
        workspace.tokens[self.bot_token] = Token("bot", tuple(scopes))
        workspace.tokens[self.app_token] = Token("app", tuple(app_scopes))
        self._http = SlackHttp(workspace, host, port)
        super().__init__(workspace, SlackSocket(workspace, host, socket_port))
        self.response_base = self._http.url
        self.base_url = f"{self._http.url}/api/"
        self._up = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all connections and threads."""
        if self._up:
            self.outage()

    @property
    def openid(self) -> OpenId:
        """Sign in with Slack."""
        return self._http.openid

    @property
    def connections(self) -> int:
        """How many sockets of the app get envelopes."""
        return len(self.socket.live)

    def calls(self, method: str | None = None) -> list[CallRecord]:
        """The Web API calls so far, of one method or all; response_url is a method here, too."""
        with self.workspace.changed:
            return [call for call in self._http.calls if method in {None, call.method}]

    def fail_next(self, method: str, how: str, times: int = 1, retry_after: int = 1) -> None:
        """Let the next calls of a method go wrong.

        `how`: ratelimited (429, Retry-After), 500, echo (500 with the request's headers and arguments), hang (no
        answer until an outage or close), lost (done, but the answer never arrives), or any error code of Slack.
        """
        with self.workspace.changed:
            self._http.faults[method].extend([Fault(how, retry_after)] * times)

    def pace(self, per_second: float | None = 1.0, burst: int = 1) -> None:
        """Take only so many messages a second and channel, as Slack does; None (the start): any number."""
        self.workspace.posts_per_second, self.workspace.burst = per_second, burst

    def revoke(self, token: str, revoked: bool = True) -> None:
        """Revoke a token, or bring it back."""
        self.workspace.tokens[token].revoked = revoked

    def outage(self) -> None:
        """Refuse all connections and cut those there are, until `recover`."""
        self._up = False
        self.socket.stop()
        self._http.stop()

    def recover(self) -> None:
        """Be back after an outage, on the same ports, with everything as it was."""
        self._http.start()
        self.socket.start()
        self._up = True

    def refresh_sockets(self, close_after: float | None = 0.0) -> None:
        """Send `disconnect` (refresh_requested); the old sockets close after so many s, at None never."""
        self.socket.disconnect(close_after)

    def close_old_sockets(self) -> None:
        """Close the sockets that `refresh_sockets(None)` left open."""
        self.socket.close_retiring()

    def reset_sockets(self) -> None:
        """Cut the app's sockets with a TCP reset."""
        self.socket.reset()

    @property
    def ack_seconds(self) -> float:
        """Real seconds in which the app must answer an envelope."""
        return self.socket.ack_seconds

    @ack_seconds.setter
    def ack_seconds(self, seconds: float) -> None:
        self.socket.ack_seconds = seconds

    def send_envelope(self, envelope: dict[str, Any]) -> bool:
        """Send any JSON to one of the app's sockets, bad or doubled as it may be; False if there is none."""
        return self.socket.send(envelope)

    def send_event(self, body: dict[str, Any], waits: Iterable[float] = (0.0, 60.0, 300.0)) -> int:
        """Send an event, and again after each of `waits` (s) until it is answered; returns how often."""
        payload = event_payload(self.workspace, body)
        ack = self.socket.deliver("events_api", payload, accepts=False, retry_attempt=0, retry_reason="")
        sent = 1
        for wait in waits:
            if ack.status == "acked" or self._http.stopping.wait(wait):
                break
            retry = {"retry_attempt": sent, "retry_reason": "timeout"}
            ack = self.socket.deliver("events_api", payload, accepts=False, **retry)
            sent += 1
        return sent
