"""What became of the rules of a gate, in one short text for the trail."""

from __future__ import annotations

from collections.abc import Iterable

from jenkins_mfa.core.model import Reason

ROOM = 3_900  #: characters; the trail takes 4,000 in one text


def effects(reasons: Reason) -> str:
    """As in `production applies, drops applies by claim, nights exempted by migration`; rules that match only."""
    return listed(_effect(node) for node in reasons.children if node.code == "rule" and node.holds)


def listed(items: Iterable[str]) -> str:
    """The items with commas; those that there is no room for are counted, since the trail refuses longer texts."""
    found = list(items)
    kept: list[str] = []
    room = ROOM
    for item in found:
        room -= len(item) + 2
        if room < 0:
            break
        kept.append(item)
    more = len(found) - len(kept)
    return ", ".join(kept) + (f" and {more} more" if more else "")


def _effect(node: Reason) -> str:
    values = node.values
    said = f"{values['rule']} {values['effect']}"
    if values.get("exemption"):
        return f"{said} by {values['exemption']}"
    return f"{said} by claim" if values.get("on") == "claim" else said
