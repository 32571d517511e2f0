"""The part of the store that keeps what is to be delivered (transactional outbox)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from jenkins_mfa.core.model import Backlog, Trouble


@dataclass(frozen=True, slots=True)
class Due:
    """A leased lane: `tries` counts deliveries so far, `want` is the number of notes that this delivery covers."""

    lane: str
    token: str
    tries: int
    want: int


class Lanes(Protocol):
    """Deliveries, each lane in its order; a commit notes them."""

    def claim_lane(self, lease_ms: int, skip: frozenset[str] = frozenset()) -> Due | None:
        """Lease the lane that is due first."""

    def renew_lane(self, due: Due, lease_ms: int) -> None:
        """Keep a lease that is still ours for `lease_ms` from now."""

    def settle_lane(self, due: Due) -> None:
        """Done: the lane goes away unless something was noted meanwhile."""

    def retry_lane(self, due: Due, delay_ms: int, reason: str = "", tell: Sequence[str] = ()) -> None:
        """Try again later. `reason` is kept as the lane's trouble; the lanes `tell` are noted when it is a new one."""

    def trouble(self, lane: str) -> Trouble | None:
        """Why a lane is not delivered; None where nothing failed, or nothing is left to deliver."""

    def park_lane(self, due: Due, reason: str) -> None:
        """Give up for good: kept visible, with an audit event and an alert."""

    def unpark_lane(self, lane: str, by: str, *, again: bool) -> None:
        """Try what was given up `again`, or forget it; `by` is whose word that is."""

    def wait(self, seconds: float) -> None:
        """Return when something was committed by this process, at the latest after `seconds`."""

    def backlog(self) -> Backlog:
        """What is to be delivered, for people who look."""
