"""What Slack's envelopes say, read strictly: who acts is whom the envelope reports, never a payload's free field (S14).

Everything here raises UntrustedInputError for what does not have the shape it must have, and Refusal for accounts of
other workspaces.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jenkins_mfa.errors import Refusal, UntrustedInputError
from jenkins_mfa.slack import views
from jenkins_mfa.usecases.desk import Who

Body = Mapping[str, Any]

_ID = re.compile(r"[A-Z0-9]{2,32}")
_JTI = re.compile(r"g_[0-9a-f]{32}\.[0-9]{1,9}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")
MAX_COMMAND = 400  #: characters of a command: a gate's id and a reason fit

_MENTION = re.compile(r"<@([A-Z0-9]{2,32})(?:\|[^<>|]*)?>")
_MARKED = re.compile(r"<([^<>|]+)(?:\|([^<>|]*))?>")
_SIGNS = {"@": "@", "#": "#"}
_ANY = re.compile(r"[\x21-\x7e]{1,400}")


@dataclass(frozen=True, slots=True)
class Press:
    """A button was pressed: by whom, which gate's, on which message; `trigger` opens one form within 3 s. `private` is
    a message that only they see; on their own page the channel is `views.HOME`.
    """

    who: Who
    jti: str
    channel: str
    ts: str
    cause: str
    trigger: str
    private: bool

    @property
    def home(self) -> bool:
        """Whether it was on their own page, where no message stands that could be answered or put right."""
        return self.channel == views.HOME


@dataclass(frozen=True, slots=True)
class Form:
    """A form was sent: by whom, what it is about, and its view as sent (which may hold a code: never logged)."""

    who: Who
    about: views.About
    cause: str
    view: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Typed:
    """A slash command was typed: by whom, the words after it with single spaces between them, and where; `trigger`
    opens one form within 3 s.
    """

    who: Who
    text: str
    cause: str
    channel: str
    trigger: str


def matchable(body: Body) -> bool:
    """Whether a payload of buttons names its action at all."""
    if body.get("type") != "block_actions":
        return True
    actions = body.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else None
    return isinstance(first, dict) and isinstance(first.get("action_id"), str)


def press(body: Body, team: str) -> Press:
    """Read a pressed button, on a message or on its reader's own page, which has neither channel nor time."""
    who = _who(body, team)
    action = _first(body.get("actions"))
    container = _mapping(body.get("container"))
    home = container.get("type") == "view" and _mapping(body.get("view")).get("type") == "home"
    stamp = _text(action.get("action_ts"), _TS, "action_ts")
    return Press(
        who,
        _text(action.get("value"), _JTI, "value"),
        views.HOME if home else _text(container.get("channel_id"), _ID, "channel"),
        "" if home else _text(container.get("message_ts"), _TS, "message"),
        f"slack:{team}:{who.subject}:{stamp}",
        _text(body.get("trigger_id"), _ANY, "trigger_id"),
        container.get("is_ephemeral") is True,
    )


def about_themselves(body: Body, team: str) -> tuple[Who, str]:
    """Read a pressed button that is about whoever pressed it: who, and the trigger that opens one form within 3 s."""
    return _who(body, team), _text(body.get("trigger_id"), _ANY, "trigger_id")


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody opened their App Home."""

    who: Who
    cause: str


def opened(body: Body, team: str) -> Opened | None:
    """Read that somebody opened the app; None where it was its other tab, the messages."""
    if _text(body.get("team_id"), _ID, "team") != team:
        raise Refusal("other_workspace")
    event = _mapping(body.get("event"))
    if event.get("tab") != "home":
        return None
    who = Who(f"slack:{team}", _text(event.get("user"), _ID, "user"))
    return Opened(who, f"slack:{team}:{_text(body.get('event_id'), _ANY, 'event_id')}")


@dataclass(frozen=True, slots=True)
class Vouch:
    """A button below the question of an enrolment was pressed: by whom, for which ticket (its digest), where."""

    who: Who
    ticket: str
    cause: str
    channel: str
    ts: str


def vouch(body: Body, team: str) -> Vouch:
    """Read such a press."""
    who, action, container = _who(body, team), _first(body.get("actions")), _mapping(body.get("container"))
    stamp = _text(action.get("action_ts"), _TS, "action_ts")
    return Vouch(
        who,
        _text(action.get("value"), _DIGEST, "value"),
        f"slack:{team}:{who.subject}:{stamp}",
        _text(container.get("channel_id"), _ID, "channel"),
        _text(container.get("message_ts"), _TS, "message"),
    )


def form(body: Body, team: str) -> Form:
    """Read a submitted form. Each submission has a trigger of its own, so that it can be told from a doubled one."""
    who = _who(body, team)
    view = _mapping(body.get("view"))
    trigger = _text(body.get("trigger_id"), _ANY, "trigger_id")
    cause = f"slack:{_text(view.get('id'), _ANY, 'view')}:{_digest(trigger)}"
    return Form(who, views.read_about(view.get("private_metadata")), cause, view)


def command(body: Body, team: str) -> Typed:
    """Read a slash command; after it stand at most MAX_COMMAND characters."""
    if _text(body.get("team_id"), _ID, "team") != team:
        raise Refusal("other_workspace")
    words = body.get("text") or ""
    if not isinstance(words, str) or len(words) > MAX_COMMAND:
        raise UntrustedInputError("a command's text is not short text")
    who = Who(f"slack:{team}", _text(body.get("user_id"), _ID, "user"))
    trigger = _text(body.get("trigger_id"), _ANY, "trigger_id")
    cause = f"slack:{team}:{who.subject}:command:{_digest(trigger)}"
    return Typed(who, " ".join(words.split()), cause, _text(body.get("channel_id"), _ID, "channel"), trigger)


def mentioned(word: str) -> str:
    """The account that a command's word mentions as `<@U012AB3CD|name>`; empty for any other word.

    Slack writes it so for a command with `should_escape`; a bare `@name` names nobody for sure.
    """
    found = _MENTION.fullmatch(word)
    return found[1] if found else ""


def readable(text: str) -> str:
    """A command's text as it was typed: mentions, channels and links without Slack's own marks."""
    return html.unescape(_MARKED.sub(lambda found: f"{_SIGNS.get(found[1][:1], '')}{found[2] or found[1]}", text))


def _digest(trigger: str) -> str:
    return hashlib.sha256(trigger.encode()).hexdigest()[:16]


def _who(body: Body, team: str) -> Who:
    user = _mapping(body.get("user"))
    installed = _mapping(body.get("team"))
    subject = _text(user.get("id"), _ID, "user")
    if _text(user.get("team_id"), _ID, "user's team") != team or installed.get("id") != team:
        raise Refusal("other_workspace")
    return Who(f"slack:{team}", subject)


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UntrustedInputError("a payload lacks a member that it must have")
    return value


def _first(value: object) -> Mapping[str, Any]:
    if not isinstance(value, list) or len(value) != 1:
        raise UntrustedInputError("a payload has not exactly one action")
    return _mapping(value[0])


def _text(value: object, pattern: re.Pattern[str], what: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise UntrustedInputError(f"a payload's {what} is not what it must be")
    return value
