"""A process that dies: at the n-th call of a port, before or after its effect, everything in memory is gone."""

from __future__ import annotations

from typing import Any

#: Port calls that change something outside the process.
WRITES = frozenset(
    {"commit", "claim_lane", "settle_lane", "retry_lane", "park_lane", "answer", "note", "tell", "alert_ops"}
)


class Killed(BaseException):
    """kill -9: no handler may catch it."""


class Fuse:
    """Dies at write number `at` (from 1), `after` its effect or before; 0 never."""

    def __init__(self, at: int = 0, *, after: bool = False) -> None:
        self.at = at
        self.after = after
        self.seen = 0
        self.names: list[str] = []

    def around(self, name: str, call: Any) -> Any:
        """Make one write, or die."""
        self.seen += 1
        self.names.append(name)
        dies = self.seen == self.at
        if dies and not self.after:
            raise Killed(name)
        result = call()
        if dies:
            raise Killed(name)
        return result


class Fused:
    """A port with a fuse on its writes."""

    def __init__(self, port: Any, fuse: Fuse) -> None:
        self._port = port
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        if name not in WRITES:
            return value
        return lambda *args, **kwargs: self._fuse.around(name, lambda: value(*args, **kwargs))
