"""Which events of the trail somebody looks for."""

from __future__ import annotations

from dataclasses import dataclass

from jenkins_mfa.core.model import Entry
from jenkins_mfa.core.policy.globs import Globs

#: Details that name a person, or several.
PEOPLE = ("person", "people", "by", "target")


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that is asked must hold; what is empty asks nothing. `person` acted, or it was about them; `outcome` is an
    event's name or its second half; `gate` how a gate's id begins. Moments are ms UTC: from `since` on, before `until`.
    """

    person: str = ""
    pipelines: Globs | None = None
    outcome: str = ""
    gate: str = ""
    since: int = 0
    until: int | None = None

    def matches(self, entry: Entry) -> bool:
        """Whether this event is one of them."""
        return (
            entry.at >= self.since
            and (self.until is None or entry.at < self.until)
            and self.outcome in {"", entry.event, entry.event.partition(":")[2]}
            and entry.gate.removeprefix("g_").startswith(self.gate.removeprefix("g_"))
            and (self.pipelines is None or (bool(entry.run) and self.pipelines.match(pipeline_of(entry))))
            and (not self.person or self.person in _people(entry))
        )


def pipeline_of(entry: Entry) -> str:
    """The pipeline of the run that an event is about; empty where it is about none."""
    return entry.run.removeprefix(f"{entry.source}:").rpartition(":")[0].rpartition(":")[0]


def _people(entry: Entry) -> set[str]:
    named = {name for key in PEOPLE for name in str(entry.details.get(key, "")).split(", ")}
    return {entry.actor, entry.actor.removeprefix("operator:"), *named}
