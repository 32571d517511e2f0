"""What `/livez` and `/readyz` say of each part: nothing that a stranger is not to read."""

from __future__ import annotations

THREAD = "a thread has ended"
CLOCK = "deadlines have not been looked at for a minute"
STORE = "the store cannot be reached"
TRAIL = "the store is not the one that is known: nothing proceeds"
KEYS = "no receipt key signs now"
SLACK = "there is no connection to Slack"


def sources(unread: int, all_of_them: int) -> str:
    """How many controllers are not read; their names are nobody's business here."""
    return f"{unread} of {all_of_them} sources cannot be read"


def files(count: int) -> str:
    """How many changed files are not taken over."""
    return f"{count} changed files were not taken over"
