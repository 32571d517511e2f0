"""What the gate step says in the log and in the description (the library for Pipelines says the same)."""

from __future__ import annotations

from datetime import UTC, datetime

from jenkins_mfa.core import receipt, request


def announcement(asked: request.Request, seconds: int, *, in_node: bool) -> list[str]:
    """What the log says before the build pauses; `seconds` is how long it waits at most."""
    held = "This step stands inside node { }, so an executor is held while it waits. Move it outside."
    return [
        f"Paused for approval in Slack: {summary(asked)}",
        f"If Slack asks for a number: {spaced(asked)}",
        f"Ends by itself after {-(-seconds // 60)} min at the latest.",
        *([held] if in_node else []),
    ]


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


def outcome(verified: receipt.Receipt) -> str:
    """The same for the build's description, without times."""
    people = ", ".join(f"{a.id} ({a.factor})" for a in verified.approvers)
    return f"approved by {people}" if people else "passed by the policy"
