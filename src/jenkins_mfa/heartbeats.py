"""What an agent says of itself and of what it does, for health, `check` and people who look."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from jenkins_mfa.core import beats
from jenkins_mfa.core.units import DAY
from jenkins_mfa.errors import StoreError
from jenkins_mfa.usecases.ports import Store

log = structlog.get_logger()

FORGOTTEN = DAY  #: ms after which the heartbeat of a replica that was killed is forgotten


@dataclass(frozen=True)
class Heartbeats:
    """Those of one agent; `replica` tells it from others on the same store. One that is not kept stops nothing."""

    store: Store
    replica: str

    def beat(self, name: str, value: dict[str, object]) -> None:
        """Keep it, with the moment."""
        try:
            self.store.beat(name, {**value, "at": self.store.now()})
        except StoreError:
            log.debug("no heartbeat", name=name)

    def failed(self, name: str, value: dict[str, object]) -> None:
        """A heartbeat of what does not go well, with when it last did."""
        try:
            good = beats.good(self.store.beats().get(name, {}))
        except StoreError:
            return  # which is away for the heartbeat, too
        self.beat(name, {"ok": False, **value} | ({} if good is None else {"good": good}))

    def forget(self) -> None:
        """Let go of its own, and those of replicas that were killed a day ago or earlier."""
        try:
            old = self.store.now() - FORGOTTEN
            for name, beat in self.store.beats().items():
                at, ours = beat.get("at"), beats.kind_of(name) in beats.KEEPERS | {"agent", "home"}
                if ours and (name.endswith(f":{self.replica}") or (isinstance(at, int) and at < old)):
                    self.store.forget_beat(name)
        except StoreError as error:
            log.debug("heartbeats stay", problem=str(error))
