"""The Slack pane of the demo's page: what one person sees, and what they do. No HTTP here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jenkins_mfa.demo import files
from jenkins_mfa.demo.web_form import Form
from jenkins_mfa.simulators.slack import Message, Outcome, SlackSimulator
from jenkins_mfa.simulators.slack_model import Channel

Json = dict[str, Any]

COMMAND = "/mfa"
#: What Slack itself shows when the app does not do its part.
_FAILED = {
    "dispatch_failed": "jenkins-mfa is not connected, so Slack could not pass this on. Nothing happened.",
    "operation_timeout": "jenkins-mfa did not answer Slack within 3 seconds. Look at the message before you try again.",
}


def view(slack: SlackSimulator, me: str) -> Json:
    """Channels, messages, private answers and forms, as this person sees them."""
    places = slack.channels_of(me)
    messages = [message for place in places for message in slack.messages(place.id)]
    private = [message for message in slack.ephemerals(me) if message.blocks or message.text]
    return {
        "channels": [_channel(place) for place in places],
        "messages": [_message(message) for message in sorted([*messages, *private], key=lambda found: found.ts)],
        "views": slack.views(me),
        "home": slack.home(me),
        "names": {user.id: user.name for user in slack.workspace.users.values()},
        "connected": slack.connections > 0,
    }


def people() -> list[Json]:
    """The menu "You are"."""
    return [
        {"id": user, "person": person, "name": name, "role": "approver" if "release" in groups else "developer"}
        for person, name, groups, user, _ in files.PEOPLE
    ]


def _channel(place: Channel) -> Json:
    return {"id": place.id, "name": place.name, "kind": place.kind}


def _message(message: Message) -> Json:
    return {
        "channel": message.channel,
        "ts": message.ts,
        "user": message.user,
        "text": message.text,
        "blocks": message.blocks,
        "thread": message.thread_ts,
        "edits": len(message.edits),
        "private": message.only_for is not None,
    }


def press(slack: SlackSimulator, form: Form) -> Json:
    """A button of a message; `confirmed` when its dialog was answered."""
    place, ts, action = form.text("channel"), form.text("ts"), form.text("action")
    confirm, value = form.flag("confirmed"), form.optional("value")
    return _told(slack.press(form.me, place, ts, action, confirm=confirm, value=value))


def open_home(slack: SlackSimulator, form: Form) -> Json:
    """The app is opened at its Home tab."""
    return _told(slack.open_home(form.me))


def press_home(slack: SlackSimulator, form: Form) -> Json:
    """A button of one's own Home tab."""
    return _told(slack.press_home(form.me, form.text("action"), value=form.optional("value")))


def submit(slack: SlackSimulator, form: Form) -> Json:
    """The modal in front is sent; `values` by block id."""
    outcome = slack.submit(form.me, form.text("view"), form.values())
    return {**_told(outcome), "errors": outcome.errors}


def close(slack: SlackSimulator, form: Form) -> Json:
    """The modal in front is closed."""
    return _told(slack.back(form.me))


def slash(slack: SlackSimulator, form: Form) -> Json:
    """A command is typed in a channel."""
    command, _, rest = form.text("text").strip().partition(" ")
    if command != COMMAND:
        return {"error": f"Only {COMMAND} commands can be typed in this demo, for example: {COMMAND} pending"}
    return _told(slack.slash(form.me, COMMAND, rest.strip(), form.text("channel")))


def _told(outcome: Outcome) -> Json:
    if outcome.error is None:
        return {}
    return {"error": _FAILED.get(outcome.error, f"Slack refused the answer of jenkins-mfa: {outcome.error}.")}


ACTIONS: Mapping[str, Callable[[SlackSimulator, Form], Json]] = {
    "press": press,
    "home": open_home,
    "press_home": press_home,
    "submit": submit,
    "close": close,
    "slash": slash,
}
