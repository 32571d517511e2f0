"""A clock that tests move by hand."""

from __future__ import annotations

START = 1_764_000_000_000  #: where it stands at first, ms UTC


class Clock:
    """Stands still until it is moved. `offset` is what it was moved by, for clocks that run on their own."""

    def __init__(self) -> None:
        self.offset = 0

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return START + self.offset

    def move(self, *, seconds: float = 0, ms: int = 0) -> None:
        """Let time pass."""
        self.offset += round(seconds * 1000) + ms
