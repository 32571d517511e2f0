"""What Jenkins, Slack and the store saw of a soak, and what must be true of it: nothing here asks an agent."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from jenkins_mfa.core.chain import Chain, Linked, verify_chain

#: A gate's last event → what its messages begin with, the build's result, and how often its body ran.
ENDS = {"gate:resumed": ("Approved, resumed", "SUCCESS", 1), "gate:aborted": ("Denied", "ABORTED", 0)}
#: What a gate's events may be followed by: a body needs all of them, in this order.
DECISION = ["gate:opened", "gate:confirmed", "gate:approved", "gate:claimed"]
ONCE = ("gate:opened", "gate:approved", "gate:claimed", "gate:denied", "gate:resumed", "gate:aborted")


@dataclass(frozen=True)
class Ran:
    """A build as Jenkins saw it: `proceeds` were taken, `bodies` ran."""

    result: str | None
    proceeds: int
    bodies: int


@dataclass
class History:
    """Builds by number, first lines of messages by the number of their build, and the trail as it is stored."""

    builds: dict[str, Ran] = field(default_factory=dict)
    messages: dict[str, list[str]] = field(default_factory=dict)
    trail: list[Linked] = field(default_factory=list)


def wrongs(history: History) -> list[str]:
    """Everything that should not have happened, in words; empty if all is right."""
    found = [] if isinstance(verify_chain((x.raw, x.hash) for x in history.trail), Chain) else ["the chain is broken"]
    events: defaultdict[str, list[str]] = defaultdict(list)
    for entry in (linked.entry for linked in history.trail):
        if entry.gate:
            events[entry.run.split(":")[2]].append(entry.event)
    for number, ran in history.builds.items():
        found += [f"#{number}: {wrong}" for wrong in _of_build(events[number], ran, history.messages.get(number, []))]
    return found


def _of_build(events: list[str], ran: Ran, messages: list[str]) -> list[str]:
    counts = Counter(events)
    found = [f"{event} {counts[event]} times" for event in ONCE if counts[event] > 1]
    if ran.proceeds > 1 or ran.bodies > 1:
        found.append(f"{ran.proceeds} proceeds, body ran {ran.bodies} times")
    if ran.proceeds and not _decided(events):
        found.append(f"went on without a stored decision: {events}")
    last = next((event for event in reversed(events) if event in ENDS), "")
    if not last:
        return [*found, f"no decision reached Jenkins: {events}"]
    line, result, bodies = ENDS[last]
    if (ran.result, ran.bodies) != (result, bodies):
        found.append(f"{last}, but the build is {ran.result} and its body ran {ran.bodies} times")
    if not messages or not all(message.startswith(line) for message in messages):
        found.append(f"{last}, but its messages say {messages}")
    return found


def _decided(events: list[str]) -> bool:
    """Whether a claim stands behind an approval, that behind a confirmation, and no denial among them."""
    before = events[: events.index("gate:claimed") + 1] if "gate:claimed" in events else []
    return [event for event in DECISION if event in before] == DECISION and "gate:denied" not in before
