"""The phases of a gate's life, each known by the first request that the agent sends in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from line import Line, Watched


@dataclass(frozen=True)
class Phase:
    """`system` gets the request, and `part` stands in it; the phases follow one another in the order of `PHASES`."""

    name: str
    system: str
    part: bytes


PHASES = (
    Phase("opening", "store", b"gate:opened"),
    Phase("announcing", "slack", b"/chat.postMessage"),
    Phase("waiting", "jenkins", b"GET /computer/"),
    Phase("answering", "slack", b"/users.info"),
    Phase("deciding", "store", b"gate:confirmed"),
    Phase("claiming", "store", b"gate:claimed"),
    Phase("signing", "jenkins", b"tree=quietingDown"),
    Phase("delivering", "jenkins", b"/proceed HTTP"),
    Phase("confirming", "jenkins", b"GET /job/"),
    Phase("updating", "slack", b"/chat.update"),
)
WAITING = PHASES[2]  #: from then on a person may answer


def arm(lines: Mapping[str, Line], phase: Phase, begin: Callable[[], None], after: Phase | None = None) -> None:
    """Call `begin` when this phase's first request is on its way, after those of all the phases before; with `after`
    only of those that follow it.
    """
    order = list(PHASES[PHASES.index(after) + 1 if after else 0 : PHASES.index(phase) + 1])

    def watch() -> None:
        one = order.pop(0)
        lines[one.system].watched.append(Watched(one.part, watch if order else begin))

    watch()
