"""What the gate step says in the log and in the description (the library for Pipelines says the same)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from jenkins_mfa.core import characters, receipt, request

_LONGEST = 60  #: characters of a foreign text in a sentence of ours


def announcement(asked: request.Request, answer: int, wait: int, *, in_node: bool) -> list[str]:
    """What the log says before the build pauses: how long approvers have and the build waits at most, in seconds."""
    time = f"The approvers have {minutes(answer)} at most, less if the policy says so."
    held = "This step stands inside node { }, so an executor is held while it waits. Move it outside."
    return [
        f"Paused for approval in Slack: {summary(asked)}",
        f"If Slack asks for a number: {spaced(asked)}",
        f"{time} Jenkins itself ends the wait after {minutes(wait)}.",
        *([held] if in_node else []),
    ]


def unanswered(answer: int, wait: int) -> str:
    """What the log says when the build's own wait has ended."""
    late = f"which had to end it after {minutes(answer)}: it may be down. Ask its operator: jenkins-mfa check"
    return f"No answer within {minutes(wait)}, not even from jenkins-mfa, {late}"


def minutes(seconds: int) -> str:
    """Seconds for people: 90 as "2 min"."""
    return f"{-(-seconds // 60)} min"


def summary(asked: request.Request) -> str:
    """What is asked, in one line."""
    return f'{asked.action}, {asked.environment}. "{asked.message}"'


def spaced(asked: request.Request) -> str:
    """The number as a person reads it: 493 817."""
    return f"{asked.number[:3]} {asked.number[3:]}"


def clock(seconds: int) -> str:
    """Unix seconds as 16:05:00 UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S} UTC"


def told_of_receipt(verified: receipt.Receipt) -> str:
    """What a verified receipt says: who approved by what, which rule, and where the trail has it."""
    people = ", ".join(f"{a.id} ({a.factor}, {clock(a.at)})" for a in verified.approvers)
    who = f"Approved: {people}" if people else "Passed by the policy without a confirmation"
    how = "; break-glass" if verified.break_glass else ""
    trail = f"Receipt {verified.jti}, trail {verified.audit_seq} {verified.audit_head}"
    return f"{who}{how}; rule {', '.join(verified.rules)}. {trail}"


def behind(verified: receipt.Receipt, known: Collection[str]) -> list[str]:
    """That the library does not know the agent's newest key, as a verified receipt says."""
    if not verified.newest_kid or verified.newest_kid in known:
        return []
    mend = "the administrator of the library runs jenkins-mfa keys public --library DIR, and sets the new tag."
    return [f"This library does not know the newest key of jenkins-mfa, {verified.newest_kid}: {mend}"]


def outcome(verified: receipt.Receipt) -> str:
    """The same for the build's description, without times."""
    people = ", ".join(f"{a.id} ({a.factor})" for a in verified.approvers)
    return f"approved by {people}" if people else "passed by the policy"


def described(value: object) -> str:
    """A foreign value in a sentence: "20" in quotes, 1.5, null, a list, a map, a closure."""
    if isinstance(value, str):
        return f'"{visible(value)}"'
    if isinstance(value, Mapping):
        return "a map with a name that is empty, too long or no text" if "" in value else "a map"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return "a closure" if callable(value) else "a list" if isinstance(value, list) else str(value)


def visible(text: str, most: int = _LONGEST) -> str:
    """A foreign text in a sentence: one line, nothing invisible, at most `most` characters."""
    shown = "".join(f"\\u{ord(c):04x}" if characters.fault(c) else c for c in text[:most])
    return f"{shown}…" if len(text) > most else shown


def nearest(name: str, names: Sequence[str]) -> str:
    """The one of `names` that needs the fewest changes to become `name` (Levenshtein)."""
    return min(names, key=lambda known: _changes(name[:_LONGEST], known))


def _changes(name: str, known: str) -> int:
    row = list(range(len(known) + 1))
    for at, letter in enumerate(name, 1):
        before, row[0] = row[0], at
        for column, other in enumerate(known, 1):
            before, row[column] = row[column], min(before + (letter != other), row[column] + 1, row[column - 1] + 1)
    return row[-1]
