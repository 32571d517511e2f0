"""What must hold at any time, where a gate ends after which fault, and the table that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fault_causes import FAULTS, Fault
from fault_phases import PHASES, Phase
from fault_signals import SIGNALS, SOCKETS, Signal
from fault_stage import Stage

FINAL = "Approved, resumed"


@dataclass(frozen=True)
class End:
    """`mark` stands in the table and `says` below it; `act` is what a person must do; `resumed`: the body runs."""

    mark: str
    says: str
    act: Callable[[Stage], None] = lambda _: None
    resumed: bool = True


RESUMED = End("resumed", "the body ran once, on one proceed; every message shows the end")
TAPPED = End(
    "resumed ¹",
    "as before; one copy of the message had to be tapped to show the end: its posting was never confirmed, or its "
    "channel was away when the end was told",
    Stage.tap_stale,
)
REFUSED = End(
    "refused ²",
    "the clock jumped when the receipt was under way: the body does not run and the build ends ABORTED. A clock that "
    "differs earlier holds the answer back until it is right",
    resumed=False,
)
ENDS = (RESUMED, TAPPED, REFUSED)

_ALL = tuple(phase.name for phase in PHASES)
_OTHERS: dict[str, tuple[End, tuple[str, ...]]] = {
    **{signal.name: (TAPPED, ("announcing",)) for signal in SIGNALS if signal.shows_twice},
    "agent: kill -9, its request has had its effect": (TAPPED, ("announcing",)),
    "the store: cut": (TAPPED, ("announcing",)),
    "the store: certificate expired": (TAPPED, ("announcing",)),
    "the store: black hole": (TAPPED, ("announcing",)),
    "store: kill -9, before the request arrives": (TAPPED, ("announcing",)),
    "store: kill -9, after the effect": (TAPPED, ("announcing",)),
    "store: disk full, `always`: the server ends": (TAPPED, ("announcing",)),
    "store: fail-over by Sentinel": (TAPPED, ("announcing",)),
    "store: memory full (OOM)": (TAPPED, ("announcing",)),
    "store: disk full, `everysec`: MISCONF": (TAPPED, ("announcing",)),
    "Slack: answers take 30 s": (TAPPED, ("opening", "announcing")),
    "Slack: answers lost after the effect": (TAPPED, ("opening", "announcing")),
    "Slack: channel archived": (TAPPED, _ALL[_ALL.index("waiting") :]),
    "Jenkins: clock one hour ahead": (REFUSED, ("delivering",)),
    "Jenkins: clock one hour behind": (REFUSED, ("delivering",)),
}


def end_of(fault: Fault | Signal, phase: Phase) -> End:
    """Where a gate ends that meets this fault in this phase."""
    end, phases = _OTHERS.get(fault.name, (RESUMED, ()))
    return end if phase.name in phases else RESUMED


def ended(stage: Stage, end: End) -> bool:
    """Whether the gate has come to this end."""
    end.act(stage)
    shown, done = stage.shown(), not stage.build.building
    ran = (stage.build.result, len(stage.bodies)) == (("SUCCESS", 1) if end.resumed else ("ABORTED", 0))
    return done and ran and stage.proceeds == 1 and bool(shown) and all(line.startswith(FINAL) for line in shown)


def holds(stage: Stage, *, trail: bool = True) -> None:
    """No body without a stored decision, and none twice; nothing proceeds while that is unknown. Without the `trail`
    only what Jenkins knows is looked at.
    """
    assert len(stage.bodies) <= 1, "the body ran twice"
    assert stage.proceeds <= 1, "the build was resumed twice"
    if not trail:
        return
    events = stage.events()
    for event in ("gate:opened", "gate:approved", "gate:claimed", "gate:resumed"):
        assert events.count(event) <= 1, f"{event} stands twice in the trail"
    if stage.proceeds:
        stored = [events.index(event) for event in ("gate:opened", "gate:confirmed", "gate:approved", "gate:claimed")]
        assert stored == sorted(stored), "it went on before a decision was stored"


def table() -> Iterator[str]:
    """The matrix in Markdown, line by line."""
    yield "| fault | " + " | ".join(_ALL) + " |"
    yield "|---|" + "---|" * len(_ALL)
    for fault in (*SIGNALS, *FAULTS):
        name = fault.name[:1].upper() + fault.name[1:]
        yield f"| {name} | " + " | ".join(end_of(fault, phase).mark for phase in PHASES) + " |"
    for name in SOCKETS:
        yield f"| {name} | " + " | ".join(RESUMED.mark for _ in PHASES) + " |"
    yield ""
    for end in ENDS:
        yield f"- **{end.mark}**: {end.says}."
