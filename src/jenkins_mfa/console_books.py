"""Reports and the policy's text for the console: the reports are counted anew once in a while, not for each look."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from jenkins_mfa.core.units import DAY
from jenkins_mfa.reporting import page
from jenkins_mfa.reporting.counting import count
from jenkins_mfa.reporting.model import Scope
from jenkins_mfa.reporting.tally import Tally
from jenkins_mfa.toml_table import MAX_BYTES
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.web.console.books import Books
from jenkins_mfa.words.html import Html

ANEW = 300_000  #: ms after which a report is counted anew: it reads every gate


class Reports:
    """Drawn reports, by the number of their days; one is counted at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turn = threading.Lock()
        self._made: dict[int, tuple[Html, int]] = {}

    def last(self, days: int) -> tuple[Html, int]:
        """The last so many days, and when that was counted. Raises StoreError."""
        with self._turn:
            now = self._desk.store.now()
            made = self._made.get(days)
            if made is None or now - made[1] >= ANEW:
                made = self._made[days] = self._count(days, now), now
            return made

    def _count(self, days: int, now: int) -> Html:
        tally = Tally(Scope(max(0, now - days * DAY), now + 1, "", ""))
        count(self._desk.store.all_gates(), tally)
        return page.overview(tally.report(None, trail=False), self._desk.roster)


def books(desk: Desk, policy: Path) -> Books:
    """All of it; `policy` is the file of the policy."""

    def text(sha256: str) -> str:
        try:
            with policy.open("rb") as file:
                raw = file.read(MAX_BYTES)
        except OSError:
            return ""
        return raw.decode(errors="replace") if hashlib.sha256(raw).hexdigest() == sha256 else ""

    return Books(Reports(desk).last, page.style(), text)
