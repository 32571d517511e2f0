"""The messenger: where people are asked and told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from jenkins_mfa.core.home import Home
from jenkins_mfa.core.model import Alert, Gate, ToldRecord, Trouble


class Messenger(Protocol):
    """Where people are asked and told. Raises MessengerUnavailableError, MessageGoneError, MessageRefusedError."""

    @property
    def issuer(self) -> str:
        """Under which name the roster knows its accounts."""

    def tell(self, gate: Gate, told: ToldRecord, others: int, trouble: Trouble | None) -> ToldRecord:
        """Show the gate's present state in all its messages; `others` more gates of the run wait too, `trouble` is
        why the run does not get its answer.

        Returns the record (version one higher) to be committed.
        """

    def tell_line(self, requester: str, waiting: Sequence[Gate], most: int, told: ToldRecord) -> ToldRecord:
        """Say in one message that these gates of a requester wait their turn, as `most` are asked at a time.

        Returns the record (version one higher, `shown` how many wait) to be committed.
        """

    def tell_flood(self, pipeline: str, waiting: int, asked: Sequence[Gate], told: ToldRecord) -> ToldRecord:
        """Say in one message, where those of a pipeline that are `asked` stand, how many more of it wait unasked.

        Returns the record (version one higher, `shown` how many wait) to be committed.
        """

    def alert(self, alert: Alert, gate: Gate | None) -> None:
        """Tell ops, or the one person whom it is for."""

    def show_home(self, home: Home) -> None:
        """Show one person their own page; quietly nothing where there is no such place, or nobody to show it to."""

    def cannot_show(self, gate: Gate) -> str:
        """What of the gate cannot be shown whole, in words; empty when all of it can."""

    def inactive(self, people: Iterable[str]) -> frozenset[str]:
        """Those of `people` (roster ids) whose account may not answer now: deactivated, guest, other workspace."""
