"""Messages in Slack: posted, rewritten, and opened between the bot and somebody alone."""

from __future__ import annotations

from dataclasses import dataclass

from slack_sdk import WebClient

from jenkins_mfa.core.model import Message
from jenkins_mfa.outbound import TRACEPARENT
from jenkins_mfa.slack.blocks import Payload
from jenkins_mfa.slack.calls import MessageLostError, told
from jenkins_mfa.slack.limits import check_message
from jenkins_mfa.slack.pace import Pace

#: Nothing in a text becomes a link, a preview or a mention that is not ours.
PLAIN = {"unfurl_links": False, "unfurl_media": False, "parse": "none", "link_names": False}


@dataclass(frozen=True)
class Posts:
    """What the bot says in one workspace, at the pace that Slack allows. All verbs raise MessengerError."""

    client: WebClient
    pace: Pace

    def post(self, channel: str, payload: Payload, thread: str | None = None) -> Message:
        """Post once, in a thread if it is named; returns where it stands."""
        check_message(payload.text, payload.blocks)
        more = {"thread_ts": thread} if thread else {}
        shown = {"channel": channel, "text": payload.text, "blocks": payload.blocks}
        answer = self.pace.call(self.client.chat_postMessage, **shown, **PLAIN, **_traced(), **more)
        return Message(told(answer, "channel", str), told(answer, "ts", str))

    def rewrite(self, channel: str, ts: str, payload: Payload) -> None:
        """Let this stand in place of what a message said. Raises MessageLostError where it is not there any more."""
        check_message(payload.text, payload.blocks)
        self.pace.call(self.client.chat_update, channel=channel, ts=ts, text=payload.text, blocks=payload.blocks)

    def put(self, channel: str, known: Message | None, payload: Payload) -> Message:
        """Rewrite the message in a channel; post one where there is none (any more)."""
        if known is not None:
            try:
                self.rewrite(known.channel, known.ts, payload)
            except MessageLostError:
                return self.post(channel, payload)
            return known
        return self.post(channel, payload)

    def direct(self, user: str) -> str:
        """The channel between the bot and somebody alone, by their account here."""
        opened = told(self.pace.call(self.client.conversations_open, users=user), "channel", dict)
        return told(opened, "id", str)


def _traced() -> dict[str, dict[str, object]]:
    """What is posted within a trace says in which, to apps that read metadata: ids, and nothing of the gate."""
    found = TRACEPARENT.get()
    return {"metadata": {"event_type": "jenkins_mfa_trace", "event_payload": {"traceparent": found}}} if found else {}
