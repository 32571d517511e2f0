"""What Jenkins, Slack and the store saw of agents' work, and what must be true of it: nothing here asks an agent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from jenkins_mfa.core.chain import Chain, Linked, verify_chain
from jenkins_mfa.demo import files
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.slack import Message, plain
from jenkins_mfa.store.connect import open_trail
from jenkins_mfa.store.settings import Settings

FINAL = ("Approved, resumed", "Denied")  #: what a message begins with that shows the end
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


def about_builds(world: World) -> list[Message]:
    """All messages in the channel that tell about builds, but for what stands in their threads."""
    found = [message for message in world.slack.messages(files.CHANNEL) if not message.thread_ts]
    return [message for message in found if f"“{STAGING}” #" in plain(message)]


def number_of(message: Message) -> str:
    """Of the build that a message tells about."""
    return plain(message).splitlines()[0].split("#")[1].split()[0]


def seen(world: World, builds: Iterable[Build], bodies: Mapping[str, int]) -> History:
    """The history of these builds; `bodies` says how often each one's body ran."""
    history = History()
    for build in builds:
        name = str(build.number)
        history.builds[name] = Ran(build.result, build.console.count("Approved by "), bodies.get(name, 0))
    for message in about_builds(world):
        history.messages.setdefault(number_of(message), []).append(plain(message).splitlines()[0])
    with open_trail(Settings(world.server.url)) as trail:
        history.trail = list(trail.audit_events())
    return history


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
