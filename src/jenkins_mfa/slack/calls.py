"""Web API calls, with Slack's failures turned into ours: by its error codes, never by the text of a message."""

from __future__ import annotations

import re
from collections.abc import Callable
from http.client import HTTPException
from typing import Any, TypeVar

from slack_sdk.errors import SlackApiError, SlackClientError

from jenkins_mfa.errors import MessageGoneError, MessageRefusedError, MessengerUnavailableError
from jenkins_mfa.failures import why

T = TypeVar("T")

NO_ANSWER = "no readable answer"

#: What the library raises for an answer that is none: cut, in another alphabet than it says, nested, or of another
#: shape. It lets the errors of what it is made of through.
_UNREADABLE = (SlackClientError, HTTPException, OSError, ValueError, LookupError, RecursionError, AttributeError)

#: Names of scopes as Slack writes them: users:read.email,chat:write.
_SCOPES = re.compile(r"[a-z.:_-]{1,60}(,[a-z.:_-]{1,60}){0,9}")

#: The message, its channel, the user group or App Home is not there (any more), or not for us.
GONE = frozenset(
    {
        "cant_update_message",
        "channel_not_found",
        "edit_window_closed",
        "ekm_access_denied",
        "is_archived",
        "is_inactive",
        "not_enabled",
        "message_not_found",
        "no_such_subteam",
        "not_in_channel",
        "restricted_action",
        "restricted_action_read_only_channel",
        "thread_not_found",
        "user_not_found",
        "users_not_found",
        "user_not_visible",
        "cannot_dm_bot",
        "user_disabled",
    }
)
#: Of these, the message alone: its channel is still there.
MESSAGE_GONE = frozenset({"cant_update_message", "edit_window_closed", "message_not_found", "thread_not_found"})
#: The payload will never be taken.
REFUSED = frozenset(
    {
        "invalid_arguments",
        "invalid_array_arg",
        "invalid_blocks",
        "invalid_blocks_format",
        "metadata_too_large",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "too_many_attachments",
        "view_too_large",
    }
)


class MessageLostError(MessageGoneError):
    """Only the message is gone: it can be posted anew in its channel."""


def call(method: Callable[..., Any], **arguments: Any) -> Any:
    """Call once. Raises MessengerUnavailableError (retry), MessageGoneError, MessageRefusedError.

    What is not in the tables is retried: a revoked token or a missing scope is mended by the operator, and then
    everything that waits is told.
    """
    try:
        answer = method(**arguments)
    except SlackApiError as error:
        raise _ours(error) from None
    except _UNREADABLE as error:
        raise MessengerUnavailableError(f"Slack does not answer: {why(error)}") from None
    if isinstance(getattr(answer, "data", None), bytes):  # what the library takes for a file
        raise MessengerUnavailableError(f"Slack: {NO_ANSWER}")
    return answer


def told(answer: Any, name: str, kind: type[T]) -> T:
    """A member of an answer. Raises MessengerUnavailableError where it is not there, or of another kind."""
    found = answer.get(name)
    if not isinstance(found, kind):
        raise MessengerUnavailableError(f"Slack: {NO_ANSWER}")
    return found


def _ours(error: SlackApiError) -> Exception:
    """The response's body stays out of the text: it may repeat what was sent."""
    data = getattr(error.response, "data", None)
    code = str(data.get("error", "unknown"))[:100] if isinstance(data, dict) else NO_ANSWER
    if code in MESSAGE_GONE:
        return MessageLostError(f"Slack: {code}")
    if code in GONE:
        return MessageGoneError(f"Slack: {code}")
    if code in REFUSED:
        return MessageRefusedError(f"Slack: {code}")
    wait = _seconds(getattr(error.response, "headers", None))
    return MessengerUnavailableError(f"Slack: {code}{_needed(data)}", wait)


def _needed(data: Any) -> str:
    """The scopes that a token lacks, as Slack names them beside `missing_scope`; empty for everything else."""
    needed = str(data.get("needed", "")) if isinstance(data, dict) else ""
    return f": the app needs {needed}" if _SCOPES.fullmatch(needed) else ""


def _seconds(headers: Any) -> float | None:
    """Retry-After, if there is a sensible one."""
    for name, value in dict(headers or {}).items():
        text = value[0] if isinstance(value, list) and value else value
        if name.lower() == "retry-after" and str(text).isascii() and str(text).isdigit():
            return min(float(text), 3_600.0)
    return None
